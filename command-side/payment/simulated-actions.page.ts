import type { Action } from './simulated-actions.js';

/** Fits the page, which needs nothing but itself: nothing is loaded, run or framed. */
export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const SAYS: Readonly<Record<Exclude<Action['standing'], 'open'>, string>> = {
  late: 'The time for this is over.',
  approved: 'You approved the payment.',
  refused: 'You approved the payment, and your bank declined it.',
  declined: 'You declined the payment.',
  closed: 'The shop no longer waits for this.',
};

/** What the customer sees where the provider wants them to act. */
export const actionPage = (action: Action): string =>
  page(
    'Confirm your payment',
    `<p class="amount">${escaped(amountOf(action))}</p>
    <p>Order ${escaped(action.orderId)}</p>
    ${action.standing === 'open' ? forms(action) : `<p role="status">${escaped(SAYS[action.standing])}</p>`}`,
  );

export const problemPage = (says: string): string => page('Nothing here', `<p>${escaped(says)}</p>`);

const forms = ({ expiresAt }: Action): string =>
  `<p>Until ${escaped(`${expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`)}</p>
    <form method="post"><button name="decision" value="approve">Approve</button></form>
    <form method="post"><button name="decision" value="decline">Decline</button></form>`;

const page = (title: string, content: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <title>${escaped(title)}</title>
    <style>
      body { font: 1rem/1.5 system-ui, sans-serif; max-width: 30rem; margin: 4rem auto; padding: 0 1rem }
      .amount { font-size: 2rem; margin: 0 }
      form { display: inline }
      button { font: inherit; padding: 0.5rem 1.5rem }
      footer { margin-top: 3rem; color: #666; font-size: 0.8rem }
    </style>
  </head>
  <body>
    <h1>${escaped(title)}</h1>
    ${content}
    <footer>A simulated payment provider: no money moves.</footer>
  </body>
</html>
`;

/** In the currency's own decimals. */
function amountOf({ amount, currency }: Action): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

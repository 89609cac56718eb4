import { signatureOf } from '@orders/command-side/payment/webhook-signature.js';
import { OrderId, paymentIdOf } from '@orders/shared-events/contracts/ids.js';
import { randomUUID } from 'node:crypto';
import { PAYMENT_WEBHOOK_SECRET } from './system.js';

/** What the payment provider tells of the charge of an order: that it succeeded, unless told otherwise. */
export const notification = (orderId: string, change: object = {}) => ({
  id: `evt_${randomUUID()}`,
  key: `${paymentIdOf(OrderId.parse(orderId))}:charge:1`,
  orderId,
  outcome: { kind: 'succeeded', reference: 'ref-1' },
  ...change,
});

/** As the provider would send it, or somebody who would like to be it. Answers with the status. */
export async function notify(
  commands: string,
  told: object,
  { secret = PAYMENT_WEBHOOK_SECRET, at = Date.now() / 1_000 } = {},
): Promise<number> {
  // Not as the command side would write it: what is signed is what is sent.
  const body = JSON.stringify(told, null, 2);
  const headers = {
    'content-type': 'application/json',
    'webhook-signature': signatureOf(body, [secret], at),
  };
  const url = new URL('/webhooks/payments', commands);
  return (await fetch(url, { method: 'POST', headers, body })).status;
}

/** The notifications of the provider that the command side has dealt with since it started. */
export async function notificationsHeard(commands: string): Promise<{
  /** It had not known of it before. */
  readonly recorded: number;
  readonly known: number;
}> {
  const metrics = await (await fetch(new URL('/metrics', commands))).text();
  const counted = (result: string): number =>
    Number(
      new RegExp(`^payment_webhooks_total\\{result="${result}"\\} (\\d+)$`, 'm').exec(metrics)?.[1] ?? 0,
    );
  return { recorded: counted('recorded'), known: counted('known') };
}

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
  const body = JSON.stringify(told);
  const headers = {
    'content-type': 'application/json',
    'webhook-signature': signatureOf(body, [secret], at),
  };
  const url = new URL('/webhooks/payments', commands);
  return (await fetch(url, { method: 'POST', headers, body })).status;
}

/** How many notifications of the provider the command side has dealt with since it started: new ones and known ones. */
export async function notificationsHeard(commands: string): Promise<number> {
  const metrics = await (await fetch(new URL('/metrics', commands))).text();
  const counts = metrics.matchAll(/^payment_webhooks_total\{result="(?:recorded|known)"\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

import { OrderId, paymentIdOf, paymentStream } from '@orders/shared-events/contracts/ids.js';
import { until } from '@orders/shared-events/testing/until.js';
import { ask, askUntilAnswered, get } from './client.js';
import type { System } from './system.js';

export interface PaymentEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const EVENTS = `query ($stream: String!) {
  auditLog(filter: { stream: $stream }, first: 100) { edges { node { type data } } }
}`;
const ACTION = `query ($orderId: ID!) { order(orderId: $orderId) { payment { action { url } } } }`;
const RETRY = `mutation ($input: RetryPaymentInput!) {
  retryPayment(input: $input) { __typename ... on Refusal { code message } }
}`;

interface OrderAction {
  readonly payment: { readonly action: { readonly url: string } | null };
}

/** All that is recorded of an order's payment, as the audit log shows it. */
export async function paymentEvents({ queries }: System, orderId: string): Promise<PaymentEvent[]> {
  const stream = paymentStream(paymentIdOf(OrderId.parse(orderId)));
  const { auditLog } = await ask<{ auditLog: { edges: { node: PaymentEvent }[] } }>(queries, EVENTS, {
    stream,
  });
  return auditLog.edges.map(({ node }) => node);
}

export const paymentTypes = async (system: System, orderId: string): Promise<string[]> =>
  (await paymentEvents(system, orderId)).map(({ type }) => type);

/** Waits until the payment has come to an event of that type, so many of them. */
export const paymentCame = (system: System, orderId: string, type: string, times = 1): Promise<void> =>
  until(async () => {
    const types = await paymentTypes(system, orderId).catch(() => []);
    return types.filter((found) => found === type).length >= times;
  }, 60_000);

/** The page where the provider wants the customer to act, as the order shows it; waits until there is one, or another one. */
export async function actionUrl({ queries }: System, orderId: string, otherThan?: string): Promise<string> {
  const find = async (): Promise<string | undefined> => {
    const found = await ask<{ order: OrderAction | null }>(queries, ACTION, { orderId }).catch(
      () => undefined,
    );
    return found?.order?.payment.action?.url;
  };
  let url: string | undefined;
  await until(async () => {
    url = await find();
    return url !== undefined && url !== otherThan;
  }, 60_000);
  return url ?? '';
}

/** `accepted`, or the code of the refusal. */
export async function retryPayment(system: System, orderId: string, paymentMethod: string): Promise<string> {
  const { retryPayment: result } = await askUntilAnswered<{ retryPayment: { code?: string } }>(
    system.commands,
    RETRY,
    { input: { orderId, paymentMethod } },
  );
  return result.code ?? 'accepted';
}

interface LedgerEntry {
  readonly key: string;
  readonly outcome: string;
  readonly effects: number;
}

/** By the provider's own books: the outcome of each call, by its operation and attempt. */
export async function outcomesAtProvider(
  { admin }: System,
  orderId: string,
): Promise<Record<string, string>> {
  const { entries } = await get<{ entries: LedgerEntry[] }>(`${admin}/provider/ledger?orderId=${orderId}`);
  return Object.fromEntries(entries.map(({ key, outcome }) => [key.slice(key.indexOf(':') + 1), outcome]));
}

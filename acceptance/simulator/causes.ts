import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import type { RejectionReason } from '@orders/shared-events/contracts/order.events.js';
import type { OrderProcessEvent, ProcessStage } from '@orders/shared-events/contracts/orderProcess.events.js';

/** What stands in the log before an order is rejected, of its streams and of no other order. */
type Past = readonly ((DomainEvent | OrderProcessEvent) & { readonly recordedAt: Date })[];

/** What must have happened for an order to be rejected for that reason, as the log has it. */
const causes: Readonly<Record<RejectionReason, (past: Past) => boolean>> = {
  PAYMENT_DECLINED: (past) =>
    lastAttemptWasDeclined(past) ||
    (tookTooLong(past, 'customerAction') && past.some(({ type }) => type === 'PaymentDeclined')),
  PAYMENT_FAILED: (past) =>
    past.some(({ type }) => type === 'AuthorizationExpired') ||
    past.filter(({ type }) => type === 'PaymentCaptureFailed').length >= 3,
  PAYMENT_TIMED_OUT: (past) => tookTooLong(past, 'payment', 'customerAction', 'providerRetry', 'capture'),
  OUT_OF_STOCK: lastRequestWasRefused,
  RESERVATION_TIMED_OUT: (past) => tookTooLong(past, 'reservation'),
  RESERVATION_LOST: (past) =>
    [...Map.groupBy(expiries(past), ({ sku }) => sku).values()].some(({ length }) => length >= 2),
};

/** @param log up to the rejection, of all orders */
export function hasCause(log: readonly RecordedEvent[], orderId: string, reason: RejectionReason): boolean {
  const past = log.filter(({ data }) => (data as { readonly orderId?: string }).orderId === orderId);
  return causes[reason](
    past.map(({ type, data, recordedAt }) => ({ type, data, recordedAt }) as Past[number]),
  );
}

function tookTooLong(past: Past, ...stages: readonly ProcessStage[]): boolean {
  return past.some(
    (event) =>
      event.type === 'OrderProcessDeadlinePassed' &&
      stages.includes(event.data.stage) &&
      !wasAnswered(past, event.data.stage, event.recordedAt),
  );
}

/** What stood in the log for a while when the deadline was passed was there to be heard. */
function wasAnswered(past: Past, stage: ProcessStage, deadlineAt: Date): boolean {
  const answers = ANSWERS[stage] ?? [];
  const before = deadlineAt.getTime() - TO_BE_HEARD_MS;
  return past.some(({ type, recordedAt }) => answers.includes(type) && recordedAt.getTime() < before);
}

/** The append of a deadline, once decided, may be tried for 15 seconds while the store is silent. */
const TO_BE_HEARD_MS = 20_000;
const ANSWERS: Partial<Record<ProcessStage, readonly Past[number]['type'][]>> = {
  payment: ['PaymentAuthorized', 'PaymentCaptured'],
  capture: ['PaymentCaptured'],
};

/** Where the customer had paid in another way by then, what was declined before is no reason. */
function lastAttemptWasDeclined(past: Past): boolean {
  const requested = past.flatMap(({ type, data }) => (type === 'PaymentRequested' ? [data.attempt] : []));
  return past.some(({ type, data }) => type === 'PaymentDeclined' && data.attempt === requested.at(-1));
}

const expiries = (past: Past) =>
  past.flatMap(({ type, data }) => (type === 'StockReservationExpired' ? [data] : []));

/** For want of stock. What a copy of a request comes to that was reserved, and has expired, is no reason. */
function lastRequestWasRefused(past: Past): boolean {
  const expired = expiries(past);
  return past.some(
    ({ type, data }) =>
      type === 'StockReservationRejected' &&
      data.reason === 'INSUFFICIENT_STOCK' &&
      expired.every(({ sku, expiresAt }) => sku !== data.sku || expiresAt < data.expiresAt),
  );
}

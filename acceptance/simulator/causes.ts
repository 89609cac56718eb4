import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import type { RejectionReason } from '@orders/shared-events/contracts/order.events.js';
import type { OrderProcessEvent, ProcessStage } from '@orders/shared-events/contracts/orderProcess.events.js';
import type { OrderVisit } from './processes.statements.js';

export interface Rejected {
  readonly orderId: string;
  /** Up to the rejection, of all orders. */
  readonly log: readonly RecordedEvent[];
  /** When the deadline of a visit to a stage was first seen to be due; milliseconds since the epoch. */
  readonly dueAt: (visit: OrderVisit) => number;
}

/** What stands in the log before an order is rejected, of its streams and of no other order. */
interface Past extends Pick<Rejected, 'dueAt'> {
  readonly events: readonly ((DomainEvent | OrderProcessEvent) & { readonly recordedAt: Date })[];
}

/** What must have happened for an order to be rejected for that reason, as the log has it. */
const causes: Readonly<Record<RejectionReason, (past: Past) => boolean>> = {
  PAYMENT_DECLINED: (past) =>
    lastAttemptWasDeclined(past) ||
    (tookTooLong(past, 'customerAction') && past.events.some(({ type }) => type === 'PaymentDeclined')),
  PAYMENT_FAILED: ({ events }) =>
    events.some(({ type }) => type === 'AuthorizationExpired') ||
    events.filter(({ type }) => type === 'PaymentCaptureFailed').length >= 3,
  PAYMENT_TIMED_OUT: (past) => tookTooLong(past, 'payment', 'customerAction', 'providerRetry', 'capture'),
  OUT_OF_STOCK: lastRequestWasRefused,
  RESERVATION_TIMED_OUT: (past) => tookTooLong(past, 'reservation'),
  RESERVATION_LOST: (past) =>
    [...Map.groupBy(expiries(past), ({ sku }) => sku).values()].some(({ length }) => length >= 2),
};

export function hasCause({ log, orderId, dueAt }: Rejected, reason: RejectionReason): boolean {
  const past = log.filter(({ data }) => (data as { readonly orderId?: string }).orderId === orderId);
  const events = past.map(
    ({ type, data, recordedAt }) => ({ type, data, recordedAt }) as Past['events'][number],
  );
  return causes[reason]({ events, dueAt });
}

/** A deadline counts where what it waits for did not stand in the log when it was due. */
function tookTooLong({ events, dueAt }: Past, ...stages: readonly ProcessStage[]): boolean {
  return events.some((event) => {
    if (event.type !== 'OrderProcessDeadlinePassed' || !stages.includes(event.data.stage)) return false;
    const answers = ANSWERS[event.data.stage] ?? [];
    const due = dueAt(event.data);
    if (due === Infinity) return false;
    return !events.some(({ type, recordedAt }) => answers.includes(type) && recordedAt.getTime() < due);
  });
}

/** After which a process is not at that stage any more, nor comes back to it. */
const ANSWERS: Partial<Record<ProcessStage, readonly DomainEvent['type'][]>> = {
  payment: ['PaymentAuthorized', 'PaymentCaptured'],
  customerAction: ['PaymentAuthorized', 'PaymentCaptured'],
  providerRetry: ['PaymentCaptured'],
  capture: ['PaymentCaptured'],
};

/** Where the customer had paid in another way by then, what was declined before is no reason. */
function lastAttemptWasDeclined({ events }: Past): boolean {
  const requested = events.flatMap(({ type, data }) => (type === 'PaymentRequested' ? [data.attempt] : []));
  return events.some(({ type, data }) => type === 'PaymentDeclined' && data.attempt === requested.at(-1));
}

const expiries = ({ events }: Past) =>
  events.flatMap(({ type, data }) => (type === 'StockReservationExpired' ? [data] : []));

/** For want of stock. What a copy of a request comes to that was reserved, and has expired, is no reason. */
function lastRequestWasRefused(past: Past): boolean {
  const expired = expiries(past);
  return past.events.some(
    ({ type, data }) =>
      type === 'StockReservationRejected' &&
      data.reason === 'INSUFFICIENT_STOCK' &&
      expired.every(({ sku, expiresAt }) => sku !== data.sku || expiresAt < data.expiresAt),
  );
}

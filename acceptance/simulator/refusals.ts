import type { OrderRefusal } from '@orders/command-side/order/order.commands.js';
import type { PaymentRefusal } from '@orders/command-side/payment/payment.commands.js';
import type { ProductRefusal } from '@orders/command-side/product/product.js';
import type { StockRefusal } from '@orders/command-side/stock/stock.js';
import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import type { Request } from './command-side.js';
import { sumOf } from './facts.js';

/** What people ask for, and why they do not get it. */
export type Asked = Request['addressed']['command'];
export type Refusal = OrderRefusal | PaymentRefusal | StockRefusal | ProductRefusal;

/** The streams that decide about a request, together, up to a moment. */
type Past = readonly DomainEvent[];
/** @param latest what no clock is behind that says it is over */
type Reason = (past: Past, command: Asked, latest: string) => boolean;

const has =
  (...types: DomainEvent['type'][]): Reason =>
  (past) =>
    past.some(({ type }) => types.includes(type));
const lacks =
  (...types: DomainEvent['type'][]): Reason =>
  (past) =>
    past.every(({ type }) => !types.includes(type));

/** What must have been so for people to be refused for it. What people cannot come to is not listed. */
export const refusalReasons: { readonly [Code in Refusal['code']]?: Reason } = {
  UNKNOWN_SKU: (past, command) =>
    skusOf(command).some((sku) =>
      past.every(({ type, data }) => type !== 'ProductRegistered' || data.sku !== sku),
    ),
  IDEMPOTENCY_KEY_REUSED: (past, command) =>
    command.type === 'PlaceOrder' &&
    past.some(({ type, data }) => type === 'OrderPlaced' && data.requestHash !== command.data.requestHash),
  ADJUSTMENT_EXCEEDS_AVAILABLE: (past, command) =>
    command.type === 'AdjustStock' && availableIn(past) + command.data.delta < 0,
  ORDER_NOT_FOUND: lacks('OrderPlaced'),
  ORDER_NOT_CONFIRMED: (...asked) => has('OrderPlaced')(...asked) && lacks('OrderConfirmed')(...asked),
  ORDER_ALREADY_SHIPPED: has('OrderShipped'),
  ORDER_COMPLETED: has('OrderCompleted'),
  ORDER_REJECTED: has('OrderRejected'),
  ORDER_CANCELLED: has('OrderCancelled'),
  CANCELLATION_REQUESTED: has('OrderCancellationRequested'),
  NOTHING_TO_SHIP: (past) =>
    past.some(
      ({ type, data }) =>
        type === 'OrderPlaced' && data.lines.every(({ requiresShipping }) => !requiresShipping),
    ),
  PAYMENT_NOT_FOUND: lacks('PaymentRequested'),
  PAYMENT_NOT_CAPTURED: lacks('PaymentCaptured'),
  PAYMENT_PENDING: (past) => past.findLast(isAboutAttempt)?.type === 'PaymentRequested',
  PAYMENT_SETTLED: has('PaymentAuthorized', 'PaymentCaptured'),
  PAYMENT_DECLINED: (past, command, latest) =>
    has('PaymentDeclined')(past, command, latest) &&
    (command.type !== 'RetryPayment' || lacks('PaymentActionRequired')(past, command, latest)),
  PAYMENT_EXPIRED: has('AuthorizationExpired'),
  PAYMENT_VOIDED: has('AuthorizationVoided'),
  VOID_REQUESTED: has('VoidRequested'),
  RETRY_TOO_LATE: (past, _command, latest) =>
    past.some(({ type, data }) => type === 'PaymentActionRequired' && data.expiresAt <= latest),
  REFUND_EXCEEDS_CAPTURED: (past, command) =>
    command.type === 'RequestRefund' && refundableIn(past) < command.data.amount,
};

const skusOf = ({ data }: Asked): readonly string[] =>
  'lines' in data ? data.lines.map(({ sku }) => sku) : 'sku' in data ? [data.sku] : [];

const isAboutAttempt = ({ type }: DomainEvent): boolean =>
  /^(Payment(Requested|Authorized|Captured|Declined)|Authorization(Voided|Expired))$/.test(type);

const refundableIn = (past: Past): number => {
  const captured = past.map(({ type, data }) => (type === 'PaymentCaptured' ? data.amount : 0));
  const asked = new Map<string, number>();
  for (const { type, data } of past) {
    if (type === 'RefundRequested') asked.set(data.refundId, data.amount);
    if (type === 'RefundFailed') asked.delete(data.refundId);
  }
  return sumOf(captured) - sumOf(asked.values());
};

/** Of one SKU: nothing else is asked about that. */
function availableIn(past: Past): number {
  const open = new Map<string, number>();
  let onHand = 0;
  for (const { type, data } of past) {
    if (type === 'StockReceived') onHand += data.quantity;
    else if (type === 'StockAdjusted') onHand += data.delta;
    else if (type === 'StockReservationCommitted') onHand -= data.quantity;
    if (type === 'StockReserved') open.set(data.reservationId, data.quantity);
    else if (/^StockReservation(Committed|Released|Expired)$/.test(type) && 'reservationId' in data)
      open.delete(data.reservationId);
  }
  return onHand - sumOf(open.values());
}

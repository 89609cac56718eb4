import type { OrderRefusal } from '@orders/command-side/order/order.commands.js';
import type { PaymentRefusal } from '@orders/command-side/payment/payment.commands.js';
import type { ProductRefusal } from '@orders/command-side/product/product.js';
import type { StockRefusal } from '@orders/command-side/stock/stock.js';
import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import type { Sku } from '@orders/shared-events/contracts/ids.js';
import type { Request } from './command-side.js';
import { Facts, availableOf, sumOf } from './facts.js';

/** What people ask for, and why they do not get it. */
export type Asked = Request['addressed']['command'];
export type Refusal = OrderRefusal | PaymentRefusal | StockRefusal | ProductRefusal;

/** The streams that decide about a request, together, up to a moment. */
export type Past = readonly (DomainEvent & { readonly streamId: string })[];
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
    command.type === 'AdjustStock' &&
    availableOf(factsIn(past).stock(command.data.sku)) + command.data.delta < 0,
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
    command.type === 'RequestRefund' && refundableIn(past, command.data.orderId) < command.data.amount,
};

export const skusOf = ({ data }: Asked): readonly Sku[] =>
  'lines' in data ? data.lines.map(({ sku }) => sku) : 'sku' in data ? [data.sku] : [];

const isAboutAttempt = ({ type }: DomainEvent): boolean =>
  /^(Payment(Requested|Authorized|Captured|Declined)|Authorization(Voided|Expired))$/.test(type);

const factsIn = (past: Past): Facts => {
  const facts = new Facts();
  for (const event of past) facts.take(event);
  return facts;
};

const refundableIn = (past: Past, orderId: string): number => {
  const { captured, refundsAsked } = factsIn(past).payment(orderId);
  return captured - sumOf(refundsAsked.values());
};

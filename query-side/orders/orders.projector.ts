import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import { type DataOf, type Happening, type Projector, ofProcesses } from '../projector.js';
import { type Change, insert, update, upsert } from '../read-models/table.js';
import { orderLines, orderRefunds, orders } from './orders.tables.js';

type OrderChange = Parameters<typeof update<typeof orders.columns, 'order_id'>>;

const touched = ({ occurredAt, position }: Happening) => ({ updated_at: occurredAt, position });

/** A change of the order's row; nothing where no such order was placed. */
const order = (
  orderId: OrderId,
  happening: Happening,
  set: OrderChange[2],
  add: OrderChange[3] = {},
): readonly Change[] => [update(orders, { order_id: orderId }, { ...set, ...touched(happening) }, add)];

type Payment = { readonly orderId: OrderId; readonly paymentId: string };

const payment = (
  { orderId, paymentId }: Payment,
  happening: Happening,
  set: OrderChange[2],
  add: OrderChange[3] = {},
): readonly Change[] => order(orderId, happening, { payment_id: paymentId, ...set }, add);

const nothingWanted = { payment_action_url: null, payment_action_expires_at: null } as const;
/** The provider has answered: it can be called, and whatever it wanted of the customer is done. */
const answered = { payment_deferred: false, ...nothingWanted } as const;

const paymentFailed = (data: Payment & { readonly code: string }, happening: Happening): readonly Change[] =>
  payment(data, happening, { ...answered, payment_failure: data.code });

type RefundChange = Parameters<typeof upsert<typeof orderRefunds.columns, 'order_id' | 'refund_id'>>[2];

const refund = (
  { orderId, refundId }: { readonly orderId: OrderId; readonly refundId: string },
  set: RefundChange,
): Change => upsert(orderRefunds, { order_id: orderId, refund_id: refundId }, set);

const freed = (data: { readonly orderId: OrderId; readonly quantity: number }, happening: Happening) =>
  // A release of quantity 0 frees nothing: it forbids a reservation that may still come.
  data.quantity === 0 ? [] : order(data.orderId, happening, {}, { reserved_skus: -1 });

/** Orders as their customers see them: what was ordered, how far it is, what was paid. */
export const ordersProjector: Projector = {
  name: 'orders',
  version: 2,
  tables: [orders, orderLines, orderRefunds],
  on: {
    OrderPlaced: placed,
    OrderConfirmed: ({ orderId }, happening) =>
      order(orderId, happening, { status: 'CONFIRMED', confirmed_at: happening.occurredAt }),
    OrderRejected: ({ orderId, reason }, happening) =>
      order(orderId, happening, {
        status: 'REJECTED',
        rejection_reason: reason,
        rejected_at: happening.occurredAt,
      }),
    OrderCancellationRequested: ({ orderId, reason }, happening) =>
      order(orderId, happening, {
        status: 'CANCELLING',
        cancellation_reason: reason,
        cancellation_requested_at: happening.occurredAt,
      }),
    OrderCancelled: ({ orderId }, happening) =>
      order(orderId, happening, { status: 'CANCELLED', cancelled_at: happening.occurredAt }),
    OrderShipped: ({ orderId, carrier, trackingNumber }, happening) =>
      order(orderId, happening, {
        status: 'SHIPPED',
        carrier,
        tracking_number: trackingNumber,
        shipped_at: happening.occurredAt,
      }),
    OrderCompleted: ({ orderId }, happening) =>
      order(orderId, happening, { status: 'COMPLETED', completed_at: happening.occurredAt }),

    PaymentRequested: (data, happening) =>
      payment(data, happening, { payment_status: 'PENDING', ...answered }),
    PaymentActionRequired: (data, happening) =>
      payment(data, happening, {
        payment_deferred: false,
        payment_action_url: data.url,
        payment_action_expires_at: data.expiresAt,
        // The first such moment sets how long the customer has in all.
        ...(data.attempt === 1 ? { payment_payable_until: data.expiresAt } : {}),
      }),
    PaymentAuthorized: (data, happening) =>
      payment(
        data,
        happening,
        { payment_status: 'AUTHORIZED', ...answered, payment_failure: null },
        { authorized: data.amount },
      ),
    PaymentDeclined: (data, happening) =>
      payment(data, happening, { payment_status: 'DECLINED', ...answered, payment_failure: data.code }),
    AuthorizationExpired: (data, happening) =>
      payment(data, happening, { payment_status: 'EXPIRED', ...answered }),
    CaptureRequested: [],
    PaymentCaptured: (data, happening) =>
      payment(
        data,
        happening,
        { payment_status: 'CAPTURED', ...answered, payment_failure: null },
        { captured: data.amount },
      ),
    PaymentCaptureFailed: paymentFailed,
    VoidRequested: (data, happening) => payment(data, happening, nothingWanted),
    AuthorizationVoided: (data, happening) =>
      payment(data, happening, { payment_status: 'VOIDED', ...answered, payment_failure: null }),
    VoidFailed: paymentFailed,
    RefundRequested: (data, happening) => [
      ...payment(data, happening, {}),
      refund(data, {
        amount: data.amount,
        status: 'PENDING',
        requested_at: happening.occurredAt,
        settled_at: null,
        failure: null,
      }),
    ],
    PaymentRefunded: (data, happening) => [
      ...payment(data, happening, { ...answered, payment_failure: null }, { refunded: data.amount }),
      refund(data, { status: 'SUCCEEDED', settled_at: happening.occurredAt, failure: null }),
    ],
    RefundFailed: (data, happening) => [
      ...paymentFailed(data, happening),
      refund(data, { status: 'FAILED', settled_at: happening.occurredAt, failure: data.code }),
    ],
    PaymentOutcomeUnknown: [],
    ProviderCallDeferred: (data, happening) => payment(data, happening, { payment_deferred: true }),
    ProviderNotificationIgnored: [],
    ProviderNotificationUnmatched: [],
    PaymentDiscrepancyDetected: [],

    ProductRegistered: [],
    ProductPriceChanged: [],

    StockReceived: [],
    StockAdjusted: [],
    StockReserved: ({ orderId }, happening) =>
      order(orderId, happening, { out_of_stock: false }, { reserved_skus: 1 }),
    StockReservationRejected: ({ orderId, reason }, happening) =>
      order(orderId, happening, reason === 'INSUFFICIENT_STOCK' ? { out_of_stock: true } : {}),
    StockReservationConfirmed: [],
    StockReservationCommitted: [],
    StockReservationReleased: freed,
    StockReservationExpired: freed,

    ...ofProcesses,
  },
};

function placed(data: DataOf<'OrderPlaced'>, happening: Happening): readonly Change[] {
  const { orderId, lines } = data;
  return [
    insert(orders, {
      order_id: orderId,
      customer_id: data.customerId,
      reference: data.reference ?? null,
      currency: data.currency,
      total: data.total,
      adjustments: data.adjustments,
      capture_method: data.captureMethod,
      requires_shipping: lines.some((line) => line.requiresShipping),
      status: 'PLACED',
      payment_status: 'NOT_REQUESTED',
      payment_deferred: false,
      authorized: 0,
      captured: 0,
      refunded: 0,
      skus: new Set(lines.map(({ sku }) => sku)).size,
      reserved_skus: 0,
      out_of_stock: false,
      placed_at: happening.occurredAt,
      ...touched(happening),
    }),
    ...lines.map((line) =>
      insert(orderLines, {
        order_id: orderId,
        line_id: line.lineId,
        sku: line.sku,
        quantity: line.quantity,
        unit_price: line.unitPrice,
        requires_shipping: line.requiresShipping,
        product_revision: line.productRevision,
      }),
    ),
  ];
}

import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { DataOf, Happening, Projector } from '../projector.js';
import { type Change, insert, update } from '../read-models/table.js';
import { orderLines, orders } from './orders.tables.js';

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

const paymentFailed = (data: Payment & { readonly code: string }, happening: Happening): readonly Change[] =>
  payment(data, happening, { payment_failure: data.code });

const freed = (data: { readonly orderId: OrderId; readonly quantity: number }, happening: Happening) =>
  // A release of quantity 0 frees nothing: it forbids a reservation that may still come.
  data.quantity === 0 ? [] : order(data.orderId, happening, {}, { reserved_skus: -1 });

/** Orders as their customers see them: what was ordered, how far it is, what was paid. */
export const ordersProjector: Projector = {
  name: 'orders',
  version: 1,
  tables: [orders, orderLines],
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

    PaymentRequested: (data, happening) => payment(data, happening, { payment_status: 'PENDING' }),
    PaymentAuthorized: (data, happening) =>
      payment(
        data,
        happening,
        { payment_status: 'AUTHORIZED', payment_failure: null },
        { authorized: data.amount },
      ),
    PaymentDeclined: (data, happening) =>
      payment(data, happening, { payment_status: 'DECLINED', payment_failure: data.code }),
    CaptureRequested: [],
    PaymentCaptured: (data, happening) =>
      payment(
        data,
        happening,
        { payment_status: 'CAPTURED', payment_failure: null },
        { captured: data.amount },
      ),
    PaymentCaptureFailed: paymentFailed,
    VoidRequested: [],
    AuthorizationVoided: (data, happening) =>
      payment(data, happening, { payment_status: 'VOIDED', payment_failure: null }),
    VoidFailed: paymentFailed,
    RefundRequested: [],
    PaymentRefunded: (data, happening) =>
      payment(data, happening, { payment_failure: null }, { refunded: data.amount }),
    RefundFailed: paymentFailed,
    PaymentOutcomeUnknown: [],
    ProviderNotificationIgnored: [],
    PaymentActionRequired: [],
    AuthorizationExpired: [],
    ProviderCallDeferred: [],
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

    OrderProcessStarted: [],
    OrderProcessHeard: [],
    OrderProcessDeadlinePassed: [],
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

import { type Decoded, decode } from '@orders/shared-events/contracts/catalogue.js';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import {
  type CloudEvent,
  EVENT_SOURCE,
  type IntegrationData,
  type IntegrationEvent,
  type RoutingKey,
  cloudEventType,
  sequenceOf,
} from '@orders/shared-events/contracts/integration-events.js';
import type { OrderEvent } from '@orders/shared-events/contracts/order.events.js';
import type { PaymentEvent } from '@orders/shared-events/contracts/payment.events.js';
import type { StockEvent } from '@orders/shared-events/contracts/stock.events.js';

type Told = OrderEvent | PaymentEvent | StockEvent;
type DataOf<Type extends Told['type']> = Extract<Told, { type: Type }>['data'];

/** Every event of an order has an entry; `undefined` keeps it inside. */
type Translations = {
  readonly [Type in Told['type']]: (data: DataOf<Type>) => IntegrationEvent | undefined;
};

const tell = <Key extends RoutingKey>(routingKey: Key, data: IntegrationData[Key]) =>
  ({ routingKey, data }) as IntegrationEvent;
const inside = () => undefined;

/** The one table that says what the outside hears. Fields are named one by one, so that none slips out. */
const translations: Translations = {
  OrderPlaced: ({ orderId, customerId, reference, currency, total, lines, adjustments }) =>
    tell('order.created', {
      orderId,
      customerId,
      ...(reference === undefined ? {} : { reference }),
      currency,
      total,
      lines: lines.map(({ lineId, sku, quantity, unitPrice, requiresShipping }) => ({
        lineId,
        sku,
        quantity,
        unitPrice,
        requiresShipping,
      })),
      adjustments,
    }),
  OrderConfirmed: ({ orderId }) => tell('order.confirmed', { orderId }),
  OrderRejected: ({ orderId, reason }) => tell('order.failed', { orderId, reason }),
  OrderCancellationRequested: inside,
  OrderCancelled: ({ orderId }) => tell('order.cancelled', { orderId }),
  OrderShipped: inside,
  OrderCompleted: ({ orderId }) => tell('order.completed', { orderId }),

  PaymentRequested: inside,
  PaymentAuthorized: ({ orderId, paymentId, amount }) =>
    tell('payment.authorized', { orderId, paymentId, amount }),
  PaymentDeclined: ({ orderId, paymentId, code }) =>
    tell('payment.failed', { orderId, paymentId, operation: 'payment', code }),
  CaptureRequested: inside,
  PaymentCaptured: ({ orderId, paymentId, amount }) =>
    tell('payment.processed', { orderId, paymentId, amount }),
  PaymentCaptureFailed: ({ orderId, paymentId, code }) =>
    tell('payment.failed', { orderId, paymentId, operation: 'capture', code }),
  VoidRequested: inside,
  AuthorizationVoided: ({ orderId, paymentId }) => tell('payment.voided', { orderId, paymentId }),
  VoidFailed: inside,
  RefundRequested: ({ orderId, paymentId, refundId, amount }) =>
    tell('payment.refund', { orderId, paymentId, refundId, amount }),
  PaymentRefunded: ({ orderId, paymentId, refundId, amount }) =>
    tell('payment.refunded', { orderId, paymentId, refundId, amount }),
  RefundFailed: inside,
  PaymentOutcomeUnknown: inside,
  ProviderNotificationIgnored: inside,
  PaymentActionRequired: inside,
  AuthorizationExpired: inside,
  ProviderCallDeferred: inside,
  ProviderNotificationUnmatched: inside,
  PaymentDiscrepancyDetected: inside,

  StockReceived: inside,
  StockAdjusted: inside,
  StockReserved: ({ orderId, reservationId, sku, quantity, expiresAt }) =>
    tell('inventory.reserved', { orderId, reservationId, sku, quantity, expiresAt }),
  StockReservationRejected: ({ orderId, reservationId, sku, quantity, reason }) =>
    tell('inventory.reservation_failed', { orderId, reservationId, sku, quantity, reason }),
  StockReservationConfirmed: inside,
  StockReservationCommitted: inside,
  // Of a reservation that never was, nothing is available again.
  StockReservationReleased: ({ orderId, reservationId, sku, quantity }) =>
    quantity === 0
      ? undefined
      : tell('inventory.released', { orderId, reservationId, sku, quantity, cause: 'RELEASED' }),
  StockReservationExpired: ({ orderId, reservationId, sku, quantity }) =>
    tell('inventory.released', { orderId, reservationId, sku, quantity, cause: 'EXPIRED' }),
};

/** The same table for a type that is only known at run time; its data was decoded as that type's. */
const byType: Readonly<Record<string, (data: never) => IntegrationEvent | undefined>> = translations;

export interface Announcement {
  readonly routingKey: RoutingKey;
  readonly body: CloudEvent;
}

/** What the outside hears of an event of the log; undefined where it hears nothing. Throws what `decode` throws. */
export function translate(recorded: RecordedEvent): Announcement | undefined {
  const translation = Object.hasOwn(byType, recorded.type) ? byType[recorded.type] : undefined;
  if (!translation || translation === inside) return undefined;
  const decoded = decode(recorded);
  const told = translation(decoded.data as never);
  return told && { routingKey: told.routingKey, body: cloudEvent(recorded, decoded, told) };
}

function cloudEvent(
  { id, position }: RecordedEvent,
  { metadata, occurredAt }: Decoded,
  { routingKey, data }: IntegrationEvent,
): CloudEvent {
  const { $correlationId, traceparent } = metadata;
  return {
    specversion: '1.0',
    id,
    source: EVENT_SOURCE,
    type: cloudEventType(routingKey),
    subject: data.orderId,
    time: occurredAt,
    datacontenttype: 'application/json',
    correlationid: $correlationId,
    sequence: sequenceOf(position),
    ...(traceparent === undefined ? {} : { traceparent }),
    data,
  };
}

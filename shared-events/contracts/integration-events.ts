import { z } from 'zod';
import { CorrelationId, Instant, Traceparent } from './envelope.js';
import { CustomerId, OrderId, PaymentId, ReservationId, Sku } from './ids.js';
import { Currency, NonNegativeMinorUnits, PositiveMinorUnits, Quantity } from './money.js';
import { Adjustment, RejectionReason } from './order.events.js';
import { ProviderCode } from './payment.events.js';

/*
 * What the outside may hear, by routing key. These shapes are promises to others: they are apart from the domain
 * events, which may change as the domain does. Amounts in minor units of the order's currency.
 */

const order = { orderId: OrderId };
const payment = { orderId: OrderId, paymentId: PaymentId };
const paid = { ...payment, amount: PositiveMinorUnits };
const refund = { ...paid, refundId: z.string().min(1).max(64) };
const reservation = { orderId: OrderId, reservationId: ReservationId, sku: Sku, quantity: Quantity };

const Line = z.object({
  lineId: z.int().positive(),
  sku: Sku,
  quantity: Quantity,
  unitPrice: NonNegativeMinorUnits,
  requiresShipping: z.boolean(),
});

export const integrationEvents = {
  'order.created': z.object({
    ...order,
    customerId: CustomerId,
    reference: z.string().max(100).optional(),
    currency: Currency,
    total: NonNegativeMinorUnits,
    lines: z.array(Line).min(1),
    adjustments: z.array(Adjustment),
  }),
  'order.confirmed': z.object(order),
  'order.completed': z.object(order),
  'order.failed': z.object({ ...order, reason: RejectionReason }),
  'order.cancelled': z.object(order),
  'payment.authorized': z.object(paid),
  /** The money was captured. */
  'payment.processed': z.object(paid),
  /** The customer's payment was declined, or an attempt to capture it failed; of the latter another may succeed. */
  'payment.failed': z.object({ ...payment, operation: z.enum(['payment', 'capture']), code: ProviderCode }),
  /** A refund was asked for. */
  'payment.refund': z.object(refund),
  'payment.refunded': z.object(refund),
  'payment.voided': z.object(payment),
  'inventory.reserved': z.object({ ...reservation, expiresAt: Instant }),
  'inventory.reservation_failed': z.object({
    ...reservation,
    /** TOO_LATE is no longer told. */
    reason: z.enum(['INSUFFICIENT_STOCK', 'TOO_LATE']),
  }),
  /** Reserved stock is available again. */
  'inventory.released': z.object({ ...reservation, cause: z.enum(['RELEASED', 'EXPIRED']) }),
} as const;

export type RoutingKey = keyof typeof integrationEvents;
export type IntegrationData = { [Key in RoutingKey]: z.infer<(typeof integrationEvents)[Key]> };
export type IntegrationEvent = {
  [Key in RoutingKey]: { readonly routingKey: Key; readonly data: IntegrationData[Key] };
}[RoutingKey];

/** Rises with a change that a reader of the old shape could not take. */
export const INTEGRATION_VERSION = 1;
export const EVENT_SOURCE = '/orders';
export const CLOUD_EVENTS_JSON = 'application/cloudevents+json';

export const cloudEventType = (routingKey: RoutingKey): string =>
  `orders.${routingKey}.v${INTEGRATION_VERSION}`;

/**
 * The envelope: CloudEvents 1.0 in structured JSON, with the extensions `correlationid`, `sequence`, `traceparent` and
 * `replayid`. Delivery is at least once: `id` tells a repeat. `sequence` is the log position of the domain
 * event in twenty digits, so that its order as text is its order in the log, as the sequence extension demands.
 */
export const CloudEvent = z.object({
  specversion: z.literal('1.0'),
  id: z.uuid(),
  source: z.literal(EVENT_SOURCE),
  type: z.string().regex(/^orders\.[a-z_.]+\.v\d+$/),
  /** The order that it is about. */
  subject: OrderId,
  time: Instant,
  datacontenttype: z.literal('application/json'),
  correlationid: CorrelationId,
  sequence: z.string().regex(/^\d{20}$/),
  traceparent: Traceparent.optional(),
  /** Only where an operator has it told once more: the id of that replay. */
  replayid: z.uuid().optional(),
  data: z.record(z.string(), z.unknown()),
});
export type CloudEvent = z.infer<typeof CloudEvent>;

/** `sequence` of a log position. */
export const sequenceOf = (position: bigint): string => position.toString().padStart(20, '0');

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
const paid = {
  ...payment,
  amount: PositiveMinorUnits.describe("In minor units (e.g. cents) of the order's currency."),
};
const refund = { ...paid, refundId: z.string().min(1).max(64) };
const reservation = { orderId: OrderId, reservationId: ReservationId, sku: Sku, quantity: Quantity };

const Line = z.object({
  lineId: z.int().positive(),
  sku: Sku,
  quantity: Quantity,
  unitPrice: NonNegativeMinorUnits.describe('In minor units, as it was when the order was placed.'),
  requiresShipping: z.boolean(),
});

/** The descriptions are published with the schemas. */
export const integrationEvents = {
  'order.created': z
    .object({
      ...order,
      customerId: CustomerId,
      reference: z.string().max(100).optional().describe("The caller's own, e.g. the number of a cart."),
      currency: Currency.describe('ISO 4217.'),
      total: NonNegativeMinorUnits.describe('In minor units: all lines and adjustments.'),
      lines: z.array(Line).min(1),
      adjustments: z.array(Adjustment).describe('Amounts in minor units; what is taken off is negative.'),
    })
    .describe('An order was placed and priced. Nothing is paid or reserved yet.'),
  'order.confirmed': z.object(order).describe('The order is paid for and its stock is reserved.'),
  'order.completed': z
    .object(order)
    .describe('Nothing is left to do: the goods have left the house, or none of them is shipped.'),
  'order.failed': z
    .object({ ...order, reason: RejectionReason })
    .describe('The order was rejected. No money and no stock is held for it any more.'),
  'order.cancelled': z
    .object(order)
    .describe('The order was cancelled. No money and no stock is held for it any more.'),
  'payment.authorized': z.object(paid).describe("The amount is held on the customer's means of payment."),
  'payment.processed': z.object(paid).describe('The money was captured.'),
  'payment.failed': z
    .object({ ...payment, operation: z.enum(['payment', 'capture']), code: ProviderCode })
    .describe(
      "The customer's payment was declined, or an attempt to capture it failed; of the latter another may succeed.",
    ),
  'payment.refund': z.object(refund).describe('A refund was asked for.'),
  'payment.refunded': z.object(refund).describe('The amount went back to the customer.'),
  'payment.voided': z
    .object(payment)
    .describe('Nothing is held for the payment any more, and nothing was captured.'),
  'inventory.reserved': z
    .object({
      ...reservation,
      expiresAt: Instant.describe('It is released then, unless it was confirmed before.'),
    })
    .describe('Pieces of one SKU are held for an order.'),
  'inventory.reservation_failed': z
    .object({
      ...reservation,
      reason: z.enum(['INSUFFICIENT_STOCK', 'TOO_LATE']).describe('TOO_LATE is no longer told.'),
    })
    .describe('Pieces of one SKU could not be held for an order.'),
  'inventory.released': z
    .object({ ...reservation, cause: z.enum(['RELEASED', 'EXPIRED']) })
    .describe('Reserved stock is available again.'),
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
  id: z.uuid().describe('The same in every delivery of the same event.'),
  source: z.literal(EVENT_SOURCE),
  type: z.string().regex(/^orders\.[a-z_.]+\.v\d+$/),
  subject: OrderId.describe('The order that it is about.'),
  time: Instant.describe('When it occurred.'),
  datacontenttype: z.literal('application/json'),
  correlationid: CorrelationId.describe(
    "Of the request that it goes back to: the caller's `x-correlation-id`.",
  ),
  sequence: z
    .string()
    .regex(/^\d{20}$/)
    .describe('The position in the log, in twenty digits: its order as text is the order of the events.'),
  traceparent: Traceparent.optional().describe('W3C Trace Context.'),
  replayid: z
    .uuid()
    .optional()
    .describe('Only where an operator has it told once more: the id of that replay.'),
  data: z.record(z.string(), z.unknown()),
});
export type CloudEvent = z.infer<typeof CloudEvent>;

/** The envelope with what is in it, as it is published under that routing key. */
export const messageOf = (routingKey: RoutingKey) =>
  CloudEvent.extend({
    type: z.literal(cloudEventType(routingKey)),
    data: integrationEvents[routingKey],
  }).describe(integrationEvents[routingKey].description ?? '');

/** `sequence` of a log position. */
export const sequenceOf = (position: bigint): string => position.toString().padStart(20, '0');

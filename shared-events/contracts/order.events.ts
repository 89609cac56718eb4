import { z } from 'zod';
import { CustomerId, OrderId, Sku } from './ids.js';
import { Currency, MinorUnits, NonNegativeMinorUnits, Quantity } from './money.js';
import { CaptureMethod, PaymentMethodToken } from './payment.events.js';
import { type EventsOf, versions } from './versions.js';

/** A line as it was priced at placement; a later price change does not reach it. Prices in minor units. */
export const OrderLine = z.object({
  lineId: z.int().positive(),
  sku: Sku,
  quantity: Quantity,
  unitPrice: NonNegativeMinorUnits,
  requiresShipping: z.boolean(),
  /** Revision of the product stream that the price was read at. */
  productRevision: z.int().nonnegative(),
});
export type OrderLine = z.infer<typeof OrderLine>;

/** What a pricing policy adds to (or, negative, takes off) the lines. Minor units. */
export const Adjustment = z.object({
  kind: z.enum(['DISCOUNT', 'SHIPPING', 'TAX', 'FEE']),
  label: z.string().min(1).max(100),
  amount: MinorUnits,
});
export type Adjustment = z.infer<typeof Adjustment>;

export const RejectionReason = z.enum([
  'PAYMENT_DECLINED',
  'PAYMENT_FAILED',
  'PAYMENT_TIMED_OUT',
  'OUT_OF_STOCK',
  'RESERVATION_TIMED_OUT',
  'RESERVATION_LOST',
]);
export type RejectionReason = z.infer<typeof RejectionReason>;

const orderId = { orderId: OrderId };

export const orderEvents = {
  OrderPlaced: versions(
    z.object({
      ...orderId,
      customerId: CustomerId,
      /** SHA-256 of the canonical request before pricing: tells a repeat from another request under the same key. */
      requestHash: z.string().regex(/^[0-9a-f]{64}$/),
      reference: z.string().max(100).optional(),
      currency: Currency,
      lines: z.array(OrderLine).min(1).max(100),
      adjustments: z.array(Adjustment).max(20),
      total: NonNegativeMinorUnits,
      paymentMethod: PaymentMethodToken,
      captureMethod: CaptureMethod,
    }),
  ),
  OrderConfirmed: versions(z.object(orderId)),
  OrderRejected: versions(
    z.object({
      ...orderId,
      reason: RejectionReason,
    }),
  ),
  OrderCancellationRequested: versions(z.object({ ...orderId, reason: z.string().max(500) })),
  OrderCancelled: versions(z.object(orderId)),
  OrderShipped: versions(
    z.object({ ...orderId, carrier: z.string().max(100), trackingNumber: z.string().max(100) }),
  ),
  OrderCompleted: versions(z.object(orderId)),
};
export type OrderEvent = EventsOf<typeof orderEvents>;

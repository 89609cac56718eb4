import { z } from 'zod';
import { Instant } from './envelope.js';
import { OrderId, ReservationId, Sku } from './ids.js';
import { Quantity } from './money.js';
import { type EventsOf, versions } from './versions.js';

const NaturalKey = z.string().regex(/^[A-Za-z0-9._:-]{1,64}$/);
const reservation = { sku: Sku, reservationId: ReservationId, orderId: OrderId };

export const stockEvents = {
  StockReceived: versions(z.object({ sku: Sku, receiptId: NaturalKey, quantity: Quantity })),
  StockAdjusted: versions(
    z.object({ sku: Sku, adjustmentId: NaturalKey, delta: z.int(), reason: z.string().max(500) }),
  ),
  StockReserved: versions(z.object({ ...reservation, quantity: Quantity, expiresAt: Instant })),
  StockReservationRejected: versions(
    z.object({
      ...reservation,
      quantity: Quantity,
      expiresAt: Instant,
      /** TOO_LATE is no longer written: a reservation that comes after its time is refused without an event. */
      reason: z.enum(['INSUFFICIENT_STOCK', 'TOO_LATE']),
      available: z.int().nonnegative(),
    }),
  ),
  /** From here on the reservation no longer expires. */
  StockReservationConfirmed: versions(z.object(reservation)),
  /** The goods left the house. */
  StockReservationCommitted: versions(z.object({ ...reservation, quantity: Quantity })),
  /** `quantity` 0: nothing was held; recorded so that a reserve that comes late is refused until `expiresAt`. */
  StockReservationReleased: versions(
    z.object({ ...reservation, quantity: z.int().nonnegative(), expiresAt: Instant }),
  ),
  StockReservationExpired: versions(z.object({ ...reservation, quantity: Quantity, expiresAt: Instant })),
};
export type StockEvent = EventsOf<typeof stockEvents>;

import { z } from 'zod';
import type { CommandsOf } from './commands.js';
import { Instant } from './envelope.js';
import { OrderId, ReservationId, Sku } from './ids.js';
import { Quantity } from './money.js';

const reservation = { sku: Sku, reservationId: ReservationId, orderId: OrderId };

/** The commands that the order process sends to Stock over the bus. */
export const stockCommands = {
  /** After `expiresAt` the command is refused and the reservation may be expired. */
  ReserveStock: z.object({ ...reservation, quantity: Quantity, expiresAt: Instant }),
  ConfirmReservation: z.object(reservation),
  CommitReservation: z.object(reservation),
  /** `expiresAt` bounds how long the release of an unknown reservation is remembered. */
  ReleaseReservation: z.object({ ...reservation, expiresAt: Instant }),
  ExpireReservation: z.object(reservation),
};
export type StockBusCommand = CommandsOf<typeof stockCommands>;

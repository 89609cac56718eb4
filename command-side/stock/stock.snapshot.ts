import { Instant } from '@orders/shared-events/contracts/envelope.js';
import { ReservationId } from '@orders/shared-events/contracts/ids.js';
import { z } from 'zod';
import type { SnapshotFormat } from '../decision.js';
import { PersistentMap } from './persistent-map.js';
import type { StockState } from './stock.state.js';

/**
 * Rows instead of objects: a state may hold ten thousand reservations. `reserved` is not kept, as it is the sum of
 * what is. A reservation that was committed without having been open has no expiry.
 */
const Kept = z.object({
  onHand: z.int(),
  open: z.array(z.tuple([ReservationId, z.enum(['active', 'confirmed']), z.int().positive(), Instant])),
  closed: z.array(
    z.tuple([
      ReservationId,
      z.enum(['rejected', 'released', 'expired', 'committed']),
      z.union([Instant, z.literal('')]),
    ]),
  ),
  receipts: z.array(z.tuple([z.string(), z.int()])),
  adjustments: z.array(z.tuple([z.string(), z.int()])),
});
type Kept = z.infer<typeof Kept>;

/** Every natural key is in it, in the order in which it came: what a state forgets is not the snapshot's to decide. */
export const stockSnapshot: SnapshotFormat<StockState> = {
  version: 2,
  encode: ({ onHand, open, closed, receipts, adjustments }): Kept => ({
    onHand,
    open: open.entries().map(([id, { status, quantity, expiresAt }]) => [id, status, quantity, expiresAt]),
    closed: closed.entries().map(([id, { status, expiresAt }]) => [id, status, expiresAt]),
    receipts: receipts.entries(),
    adjustments: adjustments.entries(),
  }),
  decode: Kept.transform(({ onHand, open, closed, receipts, adjustments }) => ({
    onHand,
    reserved: open.reduce((sum, [, , quantity]) => sum + quantity, 0),
    open: PersistentMap.of(
      open.map(([id, status, quantity, expiresAt]) => [id, { status, quantity, expiresAt }]),
    ),
    closed: PersistentMap.of(closed.map(([id, status, expiresAt]) => [id, { status, expiresAt }])),
    receipts: PersistentMap.of(receipts),
    adjustments: PersistentMap.of(adjustments),
  })),
};

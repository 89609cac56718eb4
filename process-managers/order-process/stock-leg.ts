import { type OrderId, type Sku, reservationIdOf, stockStream } from '@orders/shared-events/contracts/ids.js';
import { later } from '@orders/shared-events/contracts/instants.js';
import type { OrderLine } from '@orders/shared-events/contracts/order.events.js';
import type { StockEvent } from '@orders/shared-events/contracts/stock.events.js';
import { type OutstandingCommand, outstanding } from './outstanding.js';
import type { Rules } from './rules.js';

/**
 * What the process knows of the stock it reserves for one SKU.
 *
 * unasked ─▶ asked ─▶ active ─▶ confirmed ─▶ committed      asked: stock may be held, nobody knows yet.
 *              │         └──────────┴──────▶ released       rejected, released, expired: nothing is held, but a
 *              ├──▶ rejected                                reservation that is heard later counts, and is
 *              └──▶ expired (asked again once)              released again.
 */
export interface Reservation {
  readonly sku: Sku;
  readonly quantity: number;
  readonly status:
    'unasked' | 'asked' | 'active' | 'confirmed' | 'committed' | 'rejected' | 'released' | 'expired';
  /** Counts from 1; rises when the SKU has to be reserved, or released, once more. */
  readonly generation: number;
  /** How many of those since the process had stood still: they are not for want of stock. */
  readonly anew: number;
  readonly expiresAt: string;
}

/** The stock events that belong to a reservation. */
export type StockNews = Exclude<StockEvent, { type: 'StockReceived' | 'StockAdjusted' }>;

/** A reservation stands for this long unless it is confirmed. Config keeps the stages' deadlines below it. */
export const RESERVATION_WINDOW_MS = 300_000;
const MOST_GENERATIONS = 2;

/** One reservation a SKU, in the order in which they are asked for: the same for every order. */
export function reservationsFor(lines: readonly OrderLine[], at: string): Reservation[] {
  const expiresAt = later(at, RESERVATION_WINDOW_MS);
  const quantities = new Map<Sku, number>();
  for (const { sku, quantity } of lines) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  return [...quantities]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([sku, quantity]) => ({ sku, quantity, status: 'unasked', generation: 1, anew: 0, expiresAt }));
}

export function hearStock(reservation: Reservation, event: StockNews, rules: Rules): Reservation {
  switch (event.type) {
    case 'StockReserved':
      return reserved(reservation);
    case 'StockReservationRejected':
      return reservation.status === 'asked' && isAnswered(reservation, event.data, rules)
        ? { ...reservation, status: 'rejected' }
        : reservation;
    case 'StockReservationConfirmed':
      return { ...reservation, status: 'confirmed' };
    case 'StockReservationCommitted':
      return { ...reservation, status: 'committed' };
    case 'StockReservationReleased':
      return { ...reservation, status: 'released' };
    case 'StockReservationExpired':
      return { ...reservation, status: 'expired' };
  }
}

/** Where a SKU was asked for once more, the expiry tells which request was refused: each has its own. */
function isAnswered(
  { generation, expiresAt }: Reservation,
  refused: { readonly expiresAt: string },
  { refusedReservation }: Rules,
): boolean {
  return refusedReservation === 'of any request' || generation === 1 || refused.expiresAt === expiresAt;
}

function reserved(reservation: Reservation): Reservation {
  switch (reservation.status) {
    case 'unasked':
    case 'asked':
    case 'rejected':
    case 'expired':
      return { ...reservation, status: 'active' };
    case 'released':
      // The release that was answered did not cover this one: it needs a release of its own.
      return { ...reservation, status: 'active', generation: reservation.generation + 1 };
    case 'active':
    case 'confirmed':
    case 'committed':
      return reservation;
  }
}

export const isHeld = ({ status }: Reservation): boolean =>
  status === 'active' || status === 'confirmed' || status === 'committed';

export const isFirm = ({ status }: Reservation): boolean => status === 'confirmed' || status === 'committed';

/** True when stock is held, or may come to be held by what was asked for. What left the house is not undone. */
export const needsRelease = ({ status }: Reservation): boolean =>
  status === 'asked' || status === 'active' || status === 'confirmed';

export const mayBeAskedAgain = ({ generation, anew }: Reservation): boolean =>
  generation - anew < MOST_GENERATIONS;

/**
 * Marks the next reservation as asked for, one at a time: as every order asks in the same order of SKUs, two
 * orders that want the last pieces of both cannot each end up with half.
 */
export function askNext(reservations: readonly Reservation[], at: string): readonly Reservation[] {
  const next = reservations.findIndex((reservation) => !isHeld(reservation));
  const due = reservations[next];
  if (!due || (due.status !== 'unasked' && due.status !== 'expired')) return reservations;
  const generation = due.status === 'expired' ? due.generation + 1 : due.generation;
  const asked = { ...due, status: 'asked', generation, expiresAt: later(at, RESERVATION_WINDOW_MS) } as const;
  return reservations.with(next, asked);
}

/**
 * What was asked for before the process stood still, and may be too late by now: it is asked for once more, for as long as
 * the first time.
 */
export function askAnew(reservation: Reservation, at: string): Reservation {
  const { status, generation, anew, expiresAt } = reservation;
  if (status !== 'asked' || expiresAt > later(at, RESERVATION_WINDOW_MS / 2)) return reservation;
  const until = later(at, RESERVATION_WINDOW_MS);
  return { ...reservation, generation: generation + 1, anew: anew + 1, expiresAt: until };
}

export type StockCommandType =
  'ReserveStock' | 'ConfirmReservation' | 'CommitReservation' | 'ReleaseReservation' | 'ExpireReservation';

/** What is reserved and not confirmed is let go once its time is over, unless its confirmation is appended first. */
export const expiries = ({
  orderId,
  reservations,
}: {
  readonly orderId: OrderId;
  readonly reservations: readonly Reservation[];
}): OutstandingCommand[] =>
  reservations
    .filter(({ status }) => status === 'active')
    .map((reservation) => stockCommand(orderId, 'ExpireReservation', reservation));

/** The command of that type for one reservation. */
export function stockCommand(
  orderId: OrderId,
  type: StockCommandType,
  { sku, quantity, generation, expiresAt }: Reservation,
): OutstandingCommand {
  const ids = { orderId, sku, reservationId: reservationIdOf(orderId, sku) };
  const stream = stockStream(sku);
  switch (type) {
    case 'ReserveStock':
      return outstanding(orderId, stream, { type, data: { ...ids, quantity, expiresAt } }, generation);
    case 'ReleaseReservation':
      return outstanding(orderId, stream, { type, data: { ...ids, expiresAt } }, generation);
    case 'ConfirmReservation':
    case 'CommitReservation':
      return outstanding(orderId, stream, { type, data: ids }, generation);
    case 'ExpireReservation':
      return outstanding(orderId, stream, { type, data: ids }, generation, { notBefore: expiresAt });
  }
}

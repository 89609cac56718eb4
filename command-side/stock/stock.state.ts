import type { Occurred } from '@orders/shared-events/contracts/envelope.js';
import { later } from '@orders/shared-events/contracts/instants.js';
import type { ReservationId } from '@orders/shared-events/contracts/ids.js';
import type { StockEvent } from '@orders/shared-events/contracts/stock.events.js';
import { PersistentMap } from './persistent-map.js';

/** A reservation that holds stock. A confirmed one no longer expires. */
export interface OpenReservation {
  readonly status: 'active' | 'confirmed';
  readonly quantity: number;
  readonly expiresAt: string;
}

/** What became of a reservation that holds nothing any more; forgotten a while after `expiresAt`. */
export interface ClosedReservation {
  readonly status: 'rejected' | 'released' | 'expired' | 'committed';
  readonly expiresAt: string;
}

/** The stock of one SKU, in pieces. `reserved` is the sum of the open reservations. */
export interface StockState {
  readonly onHand: number;
  readonly reserved: number;
  readonly open: PersistentMap<ReservationId, OpenReservation>;
  readonly closed: PersistentMap<ReservationId, ClosedReservation>;
  /** Quantity by receipt id, and delta by adjustment id: the natural keys that make those commands repeatable. */
  readonly receipts: PersistentMap<string, number>;
  readonly adjustments: PersistentMap<string, number>;
}

export const initialStock: StockState = {
  onHand: 0,
  reserved: 0,
  open: PersistentMap.empty(),
  closed: PersistentMap.empty(),
  receipts: PersistentMap.empty(),
  adjustments: PersistentMap.empty(),
};

export const availableOf = (state: StockState): number => state.onHand - state.reserved;

/** By as much the clocks of those who decide may differ: what is over by the one may not be by another. */
const CLOCKS_DIFFER_MS = 120_000;

/** Two looks an event at the oldest closed reservations keep pace: an event closes at most one. */
const LOOKS_PER_EVENT = 2;

export function evolveStock(state: StockState, event: Occurred<StockEvent>): StockState {
  let next = record(state, event);
  for (let look = 0; look < LOOKS_PER_EVENT; look++) next = forgetOldest(next, event.occurredAt);
  return next;
}

function record(state: StockState, event: Occurred<StockEvent>): StockState {
  switch (event.type) {
    case 'StockReceived':
      return received(state, event.data.receiptId, event.data.quantity);
    case 'StockAdjusted':
      return adjusted(state, event.data.adjustmentId, event.data.delta);
    case 'StockReserved':
      return reserved(state, event.data);
    case 'StockReservationConfirmed':
      return confirmed(state, event.data.reservationId);
    case 'StockReservationRejected':
      return closed(state, event.data.reservationId, { status: 'rejected', expiresAt: event.data.expiresAt });
    case 'StockReservationReleased':
      return closed(state, event.data.reservationId, { status: 'released', expiresAt: event.data.expiresAt });
    case 'StockReservationExpired':
      return closed(state, event.data.reservationId, { status: 'expired', expiresAt: event.data.expiresAt });
    case 'StockReservationCommitted':
      return committed(state, event.data.reservationId, event.data.quantity);
  }
}

const received = (state: StockState, receiptId: string, quantity: number): StockState => ({
  ...state,
  onHand: state.onHand + quantity,
  receipts: state.receipts.with(receiptId, quantity),
});

const adjusted = (state: StockState, adjustmentId: string, delta: number): StockState => ({
  ...state,
  onHand: state.onHand + delta,
  adjustments: state.adjustments.with(adjustmentId, delta),
});

function reserved(
  state: StockState,
  { reservationId, quantity, expiresAt }: Extract<StockEvent, { type: 'StockReserved' }>['data'],
): StockState {
  return {
    ...state,
    reserved: state.reserved + quantity,
    open: state.open.with(reservationId, { status: 'active', quantity, expiresAt }),
    closed: state.closed.without(reservationId),
  };
}

function confirmed(state: StockState, id: ReservationId): StockState {
  const reservation = state.open.get(id);
  return reservation
    ? { ...state, open: state.open.with(id, { ...reservation, status: 'confirmed' }) }
    : state;
}

/** The goods leave the house, and with them their reservation. */
function committed(state: StockState, id: ReservationId, quantity: number): StockState {
  const expiresAt = state.open.get(id)?.expiresAt ?? '';
  return closed({ ...state, onHand: state.onHand - quantity }, id, { status: 'committed', expiresAt });
}

function closed(state: StockState, id: ReservationId, as: ClosedReservation): StockState {
  return {
    ...state,
    reserved: state.reserved - (state.open.get(id)?.quantity ?? 0),
    open: state.open.without(id),
    closed: state.closed.with(id, as),
  };
}

function forgetOldest(state: StockState, now: string): StockState {
  const oldest = state.closed.first();
  if (!oldest || oldest[1].expiresAt > later(now, -CLOCKS_DIFFER_MS)) return state;
  return { ...state, closed: state.closed.without(oldest[0]) };
}

import type { Timed } from '@orders/shared-events/contracts/envelope.js';
import type { ReservationId } from '@orders/shared-events/contracts/ids.js';
import type { StockBusCommand } from '@orders/shared-events/contracts/stock.commands.js';
import type { StockEvent } from '@orders/shared-events/contracts/stock.events.js';
import { type Decision, NOTHING_NEW, refuse } from '../decision.js';
import { type ClosedReservation, type OpenReservation, type StockState, availableOf } from './stock.state.js';

//  unknown ──Reserve──▶ active ──Confirm──▶ confirmed ──Commit──▶ committed
//     │                   │ │                   │
//     │                   │ └──Expire──▶ expired (may be reserved again, with a later expiry)
//     ├──Reserve──▶ rejected
//     └──Release──▶ released ◀── from active, confirmed, expired and rejected; a mark that no late Reserve gets past

export type ReservationRefusal = {
  readonly code:
    | 'RESERVATION_NOT_FOUND'
    | 'RESERVATION_CLOSED'
    | 'RESERVATION_TOO_LATE'
    | 'RESERVATION_ID_REUSED'
    | 'RESERVATION_NOT_CONFIRMED'
    | 'RESERVATION_CONFIRMED'
    | 'RESERVATION_COMMITTED'
    | 'RESERVATION_NOT_DUE';
  readonly reservationId: ReservationId;
};

type ReservationDecision = Decision<StockEvent, ReservationRefusal>;
type DataOf<Type extends StockBusCommand['type']> = Extract<StockBusCommand, { type: Type }>['data'];

type Found = { readonly status: 'unknown' } | OpenReservation | ClosedReservation;

export function decideReservation(command: Timed<StockBusCommand>, state: StockState): ReservationDecision {
  const found = find(state, command.data.reservationId, command.now);
  switch (command.type) {
    case 'ReserveStock':
      return reserve(command.data, found, availableOf(state), command.now);
    case 'ConfirmReservation':
      return confirm(command.data, found);
    case 'CommitReservation':
      return commit(command.data, found);
    case 'ReleaseReservation':
      return release(command.data, found);
    case 'ExpireReservation':
      return expire(command.data, found, command.now);
  }
}

/** What is kept of a closed reservation beyond its expiry is not looked at: how long it is kept is not a rule. */
function find(state: StockState, id: ReservationId, now: string): Found {
  const closed = state.closed.get(id);
  return state.open.get(id) ?? (closed && closed.expiresAt > now ? closed : { status: 'unknown' });
}

function reserve(
  data: DataOf<'ReserveStock'>,
  found: Found,
  available: number,
  now: string,
): ReservationDecision {
  switch (found.status) {
    case 'active':
    case 'confirmed':
      return found.quantity === data.quantity ? NOTHING_NEW : refusal('RESERVATION_ID_REUSED', data);
    case 'committed':
      return NOTHING_NEW;
    case 'released':
      return refusal('RESERVATION_CLOSED', data);
    case 'expired':
      return data.expiresAt > found.expiresAt
        ? hold(data, available, now)
        : refusal('RESERVATION_CLOSED', data);
    case 'rejected':
      return data.expiresAt > found.expiresAt ? hold(data, available, now) : NOTHING_NEW;
    case 'unknown':
      return hold(data, available, now);
  }
}

/**
 * What comes after its time may be a copy of what was answered and is forgotten by now, so nothing is recorded of it:
 * whoever waits for an answer has a deadline of his own, below the expiry.
 */
function hold(data: DataOf<'ReserveStock'>, available: number, now: string): ReservationDecision {
  if (now >= data.expiresAt) return refusal('RESERVATION_TOO_LATE', data);
  if (data.quantity <= available) return [{ type: 'StockReserved', data }];
  return [{ type: 'StockReservationRejected', data: { ...data, reason: 'INSUFFICIENT_STOCK', available } }];
}

function confirm(data: DataOf<'ConfirmReservation'>, found: Found): ReservationDecision {
  switch (found.status) {
    case 'active':
      return [{ type: 'StockReservationConfirmed', data }];
    case 'confirmed':
    case 'committed':
      return NOTHING_NEW;
    case 'unknown':
      return refusal('RESERVATION_NOT_FOUND', data);
    case 'rejected':
    case 'released':
    case 'expired':
      return refusal('RESERVATION_CLOSED', data);
  }
}

function commit(data: DataOf<'CommitReservation'>, found: Found): ReservationDecision {
  switch (found.status) {
    case 'confirmed':
      return [{ type: 'StockReservationCommitted', data: { ...data, quantity: found.quantity } }];
    case 'committed':
      return NOTHING_NEW;
    case 'active':
      return refusal('RESERVATION_NOT_CONFIRMED', data);
    case 'unknown':
      return refusal('RESERVATION_NOT_FOUND', data);
    case 'rejected':
    case 'released':
    case 'expired':
      return refusal('RESERVATION_CLOSED', data);
  }
}

/** Also recorded where nothing is held: whoever undoes must hear that it is undone, whatever came before. */
function release(data: DataOf<'ReleaseReservation'>, found: Found): ReservationDecision {
  switch (found.status) {
    case 'active':
    case 'confirmed':
      return released(data, found.quantity, laterOf(data.expiresAt, found.expiresAt));
    case 'unknown':
      return released(data, 0, data.expiresAt);
    case 'rejected':
    case 'expired':
      return released(data, 0, laterOf(data.expiresAt, found.expiresAt));
    case 'released':
      return NOTHING_NEW;
    case 'committed':
      return refusal('RESERVATION_COMMITTED', data);
  }
}

const released = (
  data: DataOf<'ReleaseReservation'>,
  quantity: number,
  expiresAt: string,
): ReservationDecision => [{ type: 'StockReservationReleased', data: { ...data, quantity, expiresAt } }];

/** Where nothing is held there is nothing left to expire. */
function expire(data: DataOf<'ExpireReservation'>, found: Found, now: string): ReservationDecision {
  switch (found.status) {
    case 'active':
      return now < found.expiresAt
        ? refusal('RESERVATION_NOT_DUE', data)
        : [
            {
              type: 'StockReservationExpired',
              data: { ...data, quantity: found.quantity, expiresAt: found.expiresAt },
            },
          ];
    case 'confirmed':
      return refusal('RESERVATION_CONFIRMED', data);
    case 'unknown':
    case 'rejected':
    case 'released':
    case 'expired':
    case 'committed':
      return NOTHING_NEW;
  }
}

const refusal = (
  code: ReservationRefusal['code'],
  { reservationId }: { readonly reservationId: ReservationId },
): ReservationDecision => refuse({ code, reservationId });

/** Instants are UTC with milliseconds, so their order is that of their text. */
const laterOf = (one: string, other: string): string => (one > other ? one : other);

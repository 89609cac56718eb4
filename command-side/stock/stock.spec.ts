import { describe, expect, it } from '@jest/globals';
import { later } from '@orders/shared-events/contracts/instants.js';
import { expiresAt, mug, mugReservation as ids } from '@orders/shared-events/testing/examples.js';
import { NOW, given, secondsFromNow, stateAfter } from '@orders/shared-events/testing/given.js';
import { type AdjustStock, type ReceiveStock, availableOf, stock } from './stock.js';

const receive = (quantity = 10): ReceiveStock => ({
  type: 'ReceiveStock',
  data: { sku: mug, receiptId: 'receipt-1', quantity },
});
const adjust = (delta: number): AdjustStock => ({
  type: 'AdjustStock',
  data: { sku: mug, adjustmentId: 'count-1', delta, reason: 'stocktaking' },
});
const received = { type: 'StockReceived', data: receive().data } as const;
const adjusted = { type: 'StockAdjusted', data: adjust(-3).data } as const;
const reserved = { type: 'StockReserved', data: { ...ids, quantity: 2, expiresAt } } as const;
const confirmed = { type: 'StockReservationConfirmed', data: ids } as const;
const committed = { type: 'StockReservationCommitted', data: { ...ids, quantity: 2 } } as const;
const released = { type: 'StockReservationReleased', data: { ...ids, quantity: 2, expiresAt } } as const;
const nothingReleased = { ...released, data: { ...released.data, quantity: 0 } };
const expired = { type: 'StockReservationExpired', data: { ...ids, quantity: 2, expiresAt } } as const;
const rejected = {
  type: 'StockReservationRejected',
  data: { ...ids, quantity: 2, expiresAt, reason: 'INSUFFICIENT_STOCK', available: 0 },
} as const;

const reserve = { type: 'ReserveStock', data: { ...ids, quantity: 2, expiresAt } } as const;
const confirm = { type: 'ConfirmReservation', data: ids } as const;
const commit = { type: 'CommitReservation', data: ids } as const;
const release = { type: 'ReleaseReservation', data: { ...ids, expiresAt } } as const;
const expire = { type: 'ExpireReservation', data: ids } as const;
const afterExpiry = secondsFromNow(901);
const laterExpiry = secondsFromNow(1_800);

describe('ReceiveStock', () => {
  it('happens', () => given(stock).when(receive()).then(received));
  it('is ignored when the receipt is known', () => given(stock, received).when(receive()).ignored());
  it('is refused when the receipt is known with another quantity', () =>
    given(stock, received).when(receive(11)).refused('RECEIPT_ID_REUSED'));
});

describe('AdjustStock', () => {
  it('happens', () => given(stock, received).when(adjust(-3)).then(adjusted));
  it('is ignored when the adjustment is known', () =>
    given(stock, received, adjusted).when(adjust(-3)).ignored());
  it('is refused when the adjustment is known with another delta', () =>
    given(stock, received, adjusted).when(adjust(-4)).refused('ADJUSTMENT_ID_REUSED'));
  it('is refused when it would take what is reserved', () =>
    given(stock, received, reserved)
      .when(adjust(-9))
      .refused('ADJUSTMENT_EXCEEDS_AVAILABLE', { available: 8 }));
  it('happens down to the last piece that is not reserved', () =>
    given(stock, received, reserved)
      .when(adjust(-8))
      .then({ type: 'StockAdjusted', data: adjust(-8).data }));
});

describe('ReserveStock', () => {
  it('happens while there is enough, down to the last piece', () => {
    given(stock, received).when(reserve).then(reserved);
    const all = { ...reserve.data, quantity: 10 };
    given(stock, received)
      .when({ ...reserve, data: all })
      .then({ type: 'StockReserved', data: all });
  });
  it('is ignored when it is reserved', () => given(stock, received, reserved).when(reserve).ignored());
  it('is ignored when it is confirmed', () =>
    given(stock, received, reserved, confirmed).when(reserve).ignored());
  it('is ignored when it is committed', () =>
    given(stock, received, reserved, confirmed, committed).when(reserve).ignored());
  it('is rejected for others to hear when there is not enough', () =>
    given(stock).when(reserve).then(rejected));
  it('is ignored when it was rejected, even if stock has come in', () =>
    given(stock, rejected, received).when(reserve).ignored());
  it('happens after a rejection, until a later instant', () => {
    const again = { ...reserve, data: { ...reserve.data, expiresAt: laterExpiry } };
    given(stock, rejected, received).when(again).then({ type: 'StockReserved', data: again.data });
  });
  it('is refused when it comes too late', () =>
    given(stock, received).when(reserve, expiresAt).refused('RESERVATION_TOO_LATE'));
  it.each([
    ['rejected', [rejected]],
    ['expired', [received, reserved, { ...expired, occurredAt: afterExpiry }]],
    ['released', [received, reserved, released]],
    ['committed', [received, reserved, confirmed, { ...committed, occurredAt: afterExpiry }]],
  ] as const)(
    'changes nothing where it is a copy that comes after it was %s and forgotten',
    (_what, events) =>
      given(stock, ...events)
        .when(reserve, expiresAt)
        .refused('RESERVATION_TOO_LATE'),
  );
  it('is refused when the reservation was released before', () =>
    given(stock, received, reserved, released).when(reserve).refused('RESERVATION_CLOSED'));
  it('is refused when it comes after the release of what was never reserved', () =>
    given(stock, received, nothingReleased).when(reserve).refused('RESERVATION_CLOSED'));
  it('is refused with another quantity', () =>
    given(stock, received, reserved)
      .when({ ...reserve, data: { ...reserve.data, quantity: 3 } })
      .refused('RESERVATION_ID_REUSED'));
  it('is refused after an expiry, until the same instant, by a clock that is behind', () =>
    given(stock, received, reserved, expired).when(reserve).refused('RESERVATION_CLOSED'));
  it('happens again after an expiry, until a later instant', () => {
    const again = { ...reserve, data: { ...reserve.data, expiresAt: laterExpiry } };
    given(stock, received, reserved, { ...expired, occurredAt: afterExpiry })
      .when(again, afterExpiry)
      .then({ type: 'StockReserved', data: again.data });
  });
});

describe('ConfirmReservation', () => {
  it('happens', () => given(stock, received, reserved).when(confirm).then(confirmed));
  it('happens after the expiry as long as nobody has expired it', () =>
    given(stock, received, reserved).when(confirm, afterExpiry).then(confirmed));
  it('is ignored when it is confirmed', () =>
    given(stock, received, reserved, confirmed).when(confirm).ignored());
  it('is ignored when it is committed', () =>
    given(stock, received, reserved, confirmed, committed).when(confirm).ignored());
  it('is refused when it was released', () =>
    given(stock, received, reserved, released).when(confirm).refused('RESERVATION_CLOSED'));
  it('is refused by whose clock is behind, too, once it has expired', () =>
    given(stock, received, reserved, { ...expired, occurredAt: afterExpiry })
      .when(confirm, secondsFromNow(899))
      .refused('RESERVATION_CLOSED'));
  it('is refused when it has expired', () =>
    given(stock, received, reserved, { ...expired, occurredAt: afterExpiry })
      .when(confirm, afterExpiry)
      .refused('RESERVATION_NOT_FOUND'));
  it('is refused when there is none', () =>
    given(stock, received).when(confirm).refused('RESERVATION_NOT_FOUND'));
});

describe('CommitReservation', () => {
  it('happens', () => given(stock, received, reserved, confirmed).when(commit).then(committed));
  it('is ignored when it is committed', () =>
    given(stock, received, reserved, confirmed, committed).when(commit).ignored());
  it('is refused before it is confirmed', () =>
    given(stock, received, reserved).when(commit).refused('RESERVATION_NOT_CONFIRMED'));
  it('is refused when it was released', () =>
    given(stock, received, reserved, confirmed, released).when(commit).refused('RESERVATION_CLOSED'));
  it('is refused when there is none', () =>
    given(stock, received).when(commit).refused('RESERVATION_NOT_FOUND'));
});

describe('ReleaseReservation', () => {
  it('happens', () => given(stock, received, reserved).when(release).then(released));
  it('happens after confirmation', () =>
    given(stock, received, reserved, confirmed).when(release).then(released));
  it('leaves a mark where nothing is known', () =>
    given(stock, received).when(release).then(nothingReleased));
  it('leaves a mark where it was rejected', () => given(stock, rejected).when(release).then(nothingReleased));
  it('leaves a mark where it has expired', () =>
    given(stock, received, reserved, { ...expired, occurredAt: afterExpiry })
      .when(release, afterExpiry)
      .then(nothingReleased));
  it('is remembered as long as the later of the two would have stood', () => {
    const until = (instant: string) => ({ ...release, data: { ...release.data, expiresAt: instant } });
    for (const [instant, latest] of [
      [secondsFromNow(60), expiresAt],
      [laterExpiry, laterExpiry],
    ] as const) {
      const mark = { ...released, data: { ...released.data, expiresAt: latest } };
      given(stock, received, reserved).when(until(instant)).then(mark);
      given(stock, rejected)
        .when(until(instant))
        .then({ ...mark, data: { ...mark.data, quantity: 0 } });
    }
  });
  it('is ignored when it was released', () =>
    given(stock, received, reserved, released).when(release).ignored());
  it('is refused when the goods have left', () =>
    given(stock, received, reserved, confirmed, committed).when(release).refused('RESERVATION_COMMITTED'));
});

describe('ExpireReservation', () => {
  it('happens once it is due', () => given(stock, received, reserved).when(expire, expiresAt).then(expired));
  it('is refused before', () =>
    given(stock, received, reserved).when(expire, secondsFromNow(899)).refused('RESERVATION_NOT_DUE'));
  it('is refused when it is confirmed', () =>
    given(stock, received, reserved, confirmed).when(expire, afterExpiry).refused('RESERVATION_CONFIRMED'));
  it('is ignored when it holds nothing any more', () =>
    given(stock, received, reserved, released).when(expire, NOW).ignored());
  it('is ignored when it comes again', () =>
    given(stock, received, reserved, { ...expired, occurredAt: afterExpiry })
      .when(expire, afterExpiry)
      .ignored());
});

describe('the state', () => {
  it('counts what is on hand and what is available', () => {
    const open = stateAfter(stock, [received, reserved]);
    expect([open.onHand, availableOf(open)]).toEqual([10, 8]);
    const gone = stateAfter(stock, [received, reserved, confirmed, committed]);
    expect([gone.onHand, availableOf(gone)]).toEqual([8, 8]);
    const back = stateAfter(stock, [received, reserved, released]);
    expect([back.onHand, availableOf(back)]).toEqual([10, 10]);
  });

  it('forgets a closed reservation once its expiry has passed by every clock', () => {
    const remembered = stateAfter(stock, [received, reserved, released]);
    const sizeAfter = (ms: number) =>
      stock.evolve(remembered, { ...adjusted, occurredAt: later(expiresAt, ms) }).closed.size;
    expect([sizeAfter(119_999), sizeAfter(120_000)]).toEqual([1, 0]);
  });

  it('knows what has left by a slow clock too, where a fast one has written since', () => {
    const fast = { ...adjusted, occurredAt: later(expiresAt, 30_000) };
    given(stock, received, reserved, confirmed, committed, fast).when(reserve, NOW).ignored();
  });
});

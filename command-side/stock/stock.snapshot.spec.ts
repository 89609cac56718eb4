import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { StockEvent } from '@orders/shared-events/contracts/stock.events.js';
import { OrderId, reservationIdOf } from '@orders/shared-events/contracts/ids.js';
import { readEvent } from '@orders/shared-events/contracts/catalogue.js';
import { mug } from '@orders/shared-events/testing/examples.js';
import { secondsFromNow, stateAfter } from '@orders/shared-events/testing/given.js';
import fc from 'fast-check';
import { z } from 'zod';
import { history, run } from '../testing/stock-history.js';
import { stockSnapshot } from './stock.snapshot.js';
import { type StockState, stock } from './stock.js';

const kept = (state: StockState): unknown => JSON.parse(JSON.stringify(stockSnapshot.encode(state)));
const restored = (state: StockState): StockState => stockSnapshot.decode.parse(kept(state));

describe('a state of stock that was kept', () => {
  it('is the same when it comes back, and goes on as the other would have', () =>
    fc.assert(
      fc.property(history, fc.nat(), (steps, at) => {
        const began = steps.slice(0, at % (steps.length + 1));
        let folded = stock.initialState;
        run(began, ({ after }) => (folded = after));
        let other = restored(folded);
        expect([other.onHand, other.reserved, kept(other)]).toEqual([
          folded.onHand,
          folded.reserved,
          kept(folded),
        ]);
        run(
          steps.slice(began.length),
          ({ command, now, before, events, after }) => {
            expect(stock.decide({ ...command, now }, other)).toEqual(
              stock.decide({ ...command, now }, before),
            );
            for (const event of events) other = stock.evolve(other, { ...event, occurredAt: now });
            expect(kept(other)).toEqual(kept(after));
          },
          folded,
        );
      }),
    ));

  it('forgets no natural key, however many there are', () => {
    const receipts = Array.from({ length: 20_000 }, (_unused, n) => received(`receipt-${n}`, 1));
    const state = restored(stateAfter(stock, receipts));
    for (const { data } of receipts) expect(state.receipts.get(data.receiptId)).toBe(1);
  });

  it.each([
    ['nothing', undefined],
    ['another shape', {}],
    ['a reservation that holds nothing', { ...empty(), open: [[anId(1), 'active', 0, secondsFromNow(1)]] }],
    ['a status that there is not', { ...empty(), open: [[anId(1), 'lost', 1, secondsFromNow(1)]] }],
    ['an instant that is none', { ...empty(), open: [[anId(1), 'active', 1, 'soon']] }],
    ['half a row', { ...empty(), receipts: [['receipt']] }],
  ])('is refused where it is %s', (_what, value) => {
    expect(stockSnapshot.decode.safeParse(value).success).toBe(false);
  });
});

const golden = z
  .object({
    events: z.array(
      z.object({ type: z.string(), schemaVersion: z.int(), occurredAt: z.string(), data: z.unknown() }),
    ),
    state: z.unknown(),
  })
  .parse(
    JSON.parse(
      readFileSync(new URL(`./stock.snapshot.v${stockSnapshot.version}.json`, import.meta.url), 'utf8'),
    ),
  );

describe('what folding comes to', () => {
  it('is what this version of the snapshot wrote down; where it is not, raise the version', () => {
    let state = stock.initialState;
    for (const { type, schemaVersion, data, occurredAt } of golden.events) {
      state = stock.evolve(state, { ...(readEvent(type, schemaVersion, data) as StockEvent), occurredAt });
    }
    expect(kept(state)).toEqual(golden.state);
    expect(kept(restored(state))).toEqual(golden.state);
  });

  it('is written down of every event', () => {
    const types = new Set(golden.events.map(({ type }) => type));
    expect([...types].toSorted()).toEqual(Object.keys(stock.events).toSorted());
  });
});

function received(receiptId: string, quantity: number): Extract<StockEvent, { type: 'StockReceived' }> {
  return { type: 'StockReceived', data: { sku: mug, receiptId, quantity } };
}
function ids(n: number) {
  const orderId = OrderId.parse(`00000000-0000-5000-8000-00000000000${n}`);
  return { sku: mug, orderId, reservationId: reservationIdOf(orderId, mug) };
}
function anId(n: number) {
  return ids(n).reservationId;
}
function empty() {
  return stockSnapshot.encode(stock.initialState);
}

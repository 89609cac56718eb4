import { describe, expect, it } from '@jest/globals';
import { stock } from '@orders/command-side/stock/stock.js';
import { readEvent } from '@orders/shared-events/contracts/catalogue.js';
import { Sku } from '@orders/shared-events/contracts/ids.js';
import type { StockEvent } from '@orders/shared-events/contracts/stock.events.js';
import { stockHistory } from './stock-history.js';

const EVENTS = 4_000;
const stateOf = (saleMs: number) =>
  stockHistory(Sku.parse('SPEC'), EVENTS, saleMs).reduce((state, { type, data, metadata }) => {
    const event = readEvent(type, metadata.schemaVersion, data) as StockEvent;
    return stock.evolve(state, { ...event, occurredAt: metadata.occurredAt });
  }, stock.initialState);

describe('the history of a stock item', () => {
  it('has as many events as were asked for, and every sale in it is one', () => {
    const types = stockHistory(Sku.parse('SPEC'), EVENTS, 60_000).map(({ type }) => type);
    expect(types).toHaveLength(EVENTS);
    expect(types).not.toContain('StockReservationRejected');
  });

  it('leaves few reservations where sales are far apart, and all of them where they are close', () => {
    expect(stateOf(60_000).closed.size).toBeLessThan(10);
    expect(stateOf(1).closed.size).toBeGreaterThan(EVENTS / 4);
    expect([stateOf(60_000).open.size, stateOf(1).open.size]).toEqual([21, 21]);
  });
});

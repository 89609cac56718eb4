import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isRefused } from '../decision.js';
import { history, run } from '../testing/stock-history.js';
import { availableOf, stock } from './stock.js';

describe('stock, whatever is asked of it', () => {
  it('never promises more than is there', () =>
    fc.assert(
      fc.property(history, (steps) =>
        run(steps, ({ after }) => expect(availableOf(after)).toBeGreaterThanOrEqual(0)),
      ),
    ));

  it('is conserved: what came in is on hand, or was committed', () =>
    fc.assert(
      fc.property(history, (steps) => {
        let expected = 0;
        run(steps, ({ events, after }) => {
          for (const event of events) {
            if (event.type === 'StockReceived') expected += event.data.quantity;
            if (event.type === 'StockAdjusted') expected += event.data.delta;
            if (event.type === 'StockReservationCommitted') expected -= event.data.quantity;
          }
          expect(after.onHand).toBe(expected);
          const open = after.open.entries().reduce((held, [, { quantity }]) => held + quantity, 0);
          expect(after.reserved).toBe(open);
        });
      }),
    ));

  it('changes nothing when a command is repeated at once, but for a mark on what is forgotten', () =>
    fc.assert(
      fc.property(history, (steps) =>
        run(steps, ({ command: repeated, now, after }) => {
          const decision = stock.decide({ ...repeated, now }, after);
          const events = isRefused(decision) ? [] : decision;
          const held = events.filter(
            ({ type, data }) => !(type.startsWith('StockReservationRe') && isPast(data, now)),
          );
          expect(held).toEqual([]);
        }),
      ),
    ));

  it('never holds again what was released, as long as that is remembered', () =>
    fc.assert(
      fc.property(history, (steps) => {
        const released = new Map<string, string>();
        run(steps, ({ now, events }) => {
          for (const { type, data } of events) {
            if (type === 'StockReserved') expect(now >= (released.get(data.reservationId) ?? '')).toBe(true);
            if (type === 'StockReservationReleased') released.set(data.reservationId, data.expiresAt);
          }
        });
      }),
    ));
});

const isPast = (data: object, now: string): boolean => 'expiresAt' in data && String(data.expiresAt) <= now;

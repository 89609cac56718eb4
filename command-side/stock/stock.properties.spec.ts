import { describe, expect, it } from '@jest/globals';
import { OrderId, reservationIdOf } from '@orders/shared-events/contracts/ids.js';
import type { StockEvent } from '@orders/shared-events/contracts/stock.events.js';
import { mug, orderId } from '@orders/shared-events/testing/examples.js';
import { secondsFromNow } from '@orders/shared-events/testing/given.js';
import fc from 'fast-check';
import { isRefused } from '../decision.js';
import { type StockCommand, type StockState, availableOf, stock } from './stock.js';

const orders = [orderId, OrderId.parse('11111111-1111-5111-8111-111111111111')];
const reservations = orders.map((order) => ({
  sku: mug,
  orderId: order,
  reservationId: reservationIdOf(order, mug),
}));
const reservation = fc.constantFrom(...reservations);
const expiresAt = fc.integer({ min: 0, max: 4 }).map((step) => secondsFromNow(step * 100));
const key = fc.constantFrom('a', 'b', 'c');

const command: fc.Arbitrary<StockCommand> = fc.oneof(
  fc.record({
    type: fc.constant('ReceiveStock' as const),
    data: fc.record({ sku: fc.constant(mug), receiptId: key, quantity: fc.integer({ min: 1, max: 5 }) }),
  }),
  fc.record({
    type: fc.constant('AdjustStock' as const),
    data: fc.record({
      sku: fc.constant(mug),
      adjustmentId: key,
      delta: fc.integer({ min: -5, max: 5 }),
      reason: fc.constant(''),
    }),
  }),
  fc.tuple(reservation, fc.integer({ min: 1, max: 5 }), expiresAt).map(([ids, quantity, until]) => ({
    type: 'ReserveStock' as const,
    data: { ...ids, quantity, expiresAt: until },
  })),
  reservation.map((data) => ({ type: 'ConfirmReservation' as const, data })),
  reservation.map((data) => ({ type: 'CommitReservation' as const, data })),
  fc
    .tuple(reservation, expiresAt)
    .map(([ids, until]) => ({ type: 'ReleaseReservation' as const, data: { ...ids, expiresAt: until } })),
  reservation.map((data) => ({ type: 'ExpireReservation' as const, data })),
);
/** Commands in the order of their instants: a log's clock does not run backwards in these properties. */
const history = fc
  .array(fc.tuple(command, fc.integer({ min: 0, max: 60 })), { maxLength: 40 })
  .map((steps) => {
    let elapsed = 0;
    return steps.map(([next, pause]) => ({ command: next, now: secondsFromNow((elapsed += pause)) }));
  });

/** Decides a whole history and hands every step to the check. */
function run(steps: { command: StockCommand; now: string }[], check: (step: Step) => void): void {
  let state = stock.initialState;
  for (const { command: next, now } of steps) {
    const decision = stock.decide({ ...next, now }, state);
    const events = isRefused(decision) ? [] : decision;
    const before = state;
    state = events.reduce((folded, event) => stock.evolve(folded, { ...event, occurredAt: now }), state);
    check({ command: next, now, before, events, after: state });
  }
}
interface Step {
  readonly command: StockCommand;
  readonly now: string;
  readonly before: StockState;
  readonly events: readonly StockEvent[];
  readonly after: StockState;
}

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

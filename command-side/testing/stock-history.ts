import { OrderId, reservationIdOf } from '@orders/shared-events/contracts/ids.js';
import type { StockEvent } from '@orders/shared-events/contracts/stock.events.js';
import { mug, orderId } from '@orders/shared-events/testing/examples.js';
import { secondsFromNow } from '@orders/shared-events/testing/given.js';
import fc from 'fast-check';
import { isRefused } from '../decision.js';
import { type StockCommand, type StockState, stock } from '../stock/stock.js';

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
export const history = fc
  .array(fc.tuple(command, fc.integer({ min: 0, max: 60 })), { maxLength: 40 })
  .map((steps) => {
    let elapsed = 0;
    return steps.map(([next, pause]) => ({ command: next, now: secondsFromNow((elapsed += pause)) }));
  });

/** Decides a history, from the beginning or from a state on, and hands every step to the check. */
export function run(
  steps: { command: StockCommand; now: string }[],
  check: (step: Step) => void,
  from = stock.initialState,
): void {
  let state = from;
  for (const { command: next, now } of steps) {
    const decision = stock.decide({ ...next, now }, state);
    const events = isRefused(decision) ? [] : decision;
    const before = state;
    state = events.reduce((folded, event) => stock.evolve(folded, { ...event, occurredAt: now }), state);
    check({ command: next, now, before, events, after: state });
  }
}
export interface Step {
  readonly command: StockCommand;
  readonly now: string;
  readonly before: StockState;
  readonly events: readonly StockEvent[];
  readonly after: StockState;
}

import { describe, expect, it } from '@jest/globals';
import type { OrderEvent } from '@orders/shared-events/contracts/order.events.js';
import { licenceOrderPlaced, orderId, orderPlaced } from '@orders/shared-events/testing/examples.js';
import { NOW } from '@orders/shared-events/testing/given.js';
import fc from 'fast-check';
import { isRefused } from '../decision.js';
import type { OrderCommand } from './order.commands.js';
import { order } from './order.js';

const placed = fc.constantFrom(orderPlaced, licenceOrderPlaced).map(({ data }): OrderCommand => {
  const { lines, adjustments, currency, total, ...request } = data;
  return { type: 'PlaceOrder', data: { ...request, pricing: { lines, adjustments, currency, total } } };
});
const command: fc.Arbitrary<OrderCommand> = fc.oneof(
  placed,
  fc.constant({ type: 'RequestCancellation' as const, data: { orderId, reason: '' } }),
  fc.constantFrom('a', 'b').map((trackingNumber) => ({
    type: 'ShipOrder' as const,
    data: { orderId, carrier: 'Post', trackingNumber },
  })),
  fc.constantFrom(
    { type: 'ConfirmOrder' as const, data: { orderId } },
    { type: 'RejectOrder' as const, data: { orderId, reason: 'OUT_OF_STOCK' as const } },
    { type: 'CancelOrder' as const, data: { orderId } },
    { type: 'CompleteOrder' as const, data: { orderId } },
  ),
);
const history = fc.array(command, { maxLength: 30 });

function run(commands: OrderCommand[]): OrderEvent[] {
  let state = order.initialState;
  const log: OrderEvent[] = [];
  for (const next of commands) {
    const decision = order.decide({ ...next, now: NOW }, state);
    const events = isRefused(decision) ? [] : decision;
    state = events.reduce((folded, event) => order.evolve(folded, { ...event, occurredAt: NOW }), state);
    log.push(...events);
    const again = order.decide({ ...next, now: NOW }, state);
    expect(isRefused(again) ? [] : again).toEqual([]);
  }
  return log;
}

describe('an order, whatever is asked of it', () => {
  it('is placed once, ends once, and nothing follows the end', () =>
    fc.assert(
      fc.property(history, (commands) => {
        const types = run(commands).map(({ type }) => type);
        const ends = types.filter((type) =>
          ['OrderRejected', 'OrderCancelled', 'OrderCompleted'].includes(type),
        );
        expect(types.filter((type) => type === 'OrderPlaced').length).toBeLessThanOrEqual(1);
        expect(ends.length).toBeLessThanOrEqual(1);
        if (ends.length > 0) expect(types.at(-1)).toBe(ends[0]);
        expect(new Set(types).size).toBe(types.length);
      }),
    ));

  it('is shipped only when confirmed, and cancelled only when asked for', () =>
    fc.assert(
      fc.property(history, (commands) => {
        const types = run(commands).map(({ type }) => type);
        const before = (type: string) =>
          types.slice(
            0,
            Math.max(
              0,
              types.findIndex((found) => found === type),
            ),
          );
        if (types.includes('OrderShipped')) expect(before('OrderShipped')).toContain('OrderConfirmed');
        if (types.includes('OrderCancelled'))
          expect(before('OrderCancelled')).toContain('OrderCancellationRequested');
        if (types.includes('OrderShipped')) expect(types).not.toContain('OrderCancelled');
      }),
    ));

  it('folds any log, in any order', () =>
    fc.assert(
      fc.property(history, fc.array(fc.nat(), { minLength: 30, maxLength: 30 }), (commands, places) => {
        const log = run(commands).map((event, index) => ({ event, at: places[index] ?? 0 }));
        const shuffled = log.toSorted((one, other) => one.at - other.at);
        expect(() =>
          shuffled.reduce(
            (state, { event }) => order.evolve(state, { ...event, occurredAt: NOW }),
            order.initialState,
          ),
        ).not.toThrow();
      }),
    ));
});

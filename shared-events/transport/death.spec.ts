import { describe, expect, it } from '@jest/globals';
import { deathOf } from './death.js';
import type { Delivery } from './delivery.js';
import { HEADER } from './failures.js';

const NOW = '2026-01-31T12:00:00.000Z';
const QUEUE = 'commands.order';
/** An instant in whole seconds, as AMQP has them. */
const DIED = { '!': 'timestamp', value: Date.parse('2026-01-31T11:59:58.000Z') / 1000 };

const died = (headers: Delivery['headers'], attempt = 1, isRepeated = false): Delivery => ({
  ...{ body: {}, raw: Buffer.from('{}'), messageId: undefined, type: undefined },
  ...{ routingKey: QUEUE, headers, attempt, isRepeated },
});
const death = (of: object = {}) => ({
  ...{ queue: QUEUE, reason: 'delivery_limit', time: DIED, 'routing-keys': ['order.ConfirmOrder', 'copied'] },
  ...of,
});
const failed = {
  [HEADER.reason]: 'Error: not yet',
  [HEADER.routingKey]: 'order.RejectOrder',
  [HEADER.firstFailure]: '2026-01-31T11:59:50.000Z',
  [HEADER.lastFailure]: '2026-01-31T11:59:58.700Z',
};

describe('a death', () => {
  it('is told by the consumer that the message failed in', () => {
    expect(deathOf(died(failed, 5), QUEUE, NOW)).toEqual({
      routingKey: 'order.RejectOrder',
      reason: 'Error: not yet',
      attempts: 5,
      firstFailureAt: '2026-01-31T11:59:50.000Z',
      lastFailureAt: '2026-01-31T11:59:58.700Z',
      mayBeKnown: false,
    });
  });

  it('is told by the broker that gave the message up', () => {
    expect(deathOf(died({ 'x-death': [death()] }), QUEUE, NOW)).toEqual({
      routingKey: 'order.ConfirmOrder',
      reason: 'the broker gave it up: too many deliveries without an answer',
      attempts: 1,
      firstFailureAt: '2026-01-31T11:59:58.000Z',
      lastFailureAt: '2026-01-31T11:59:58.000Z',
      mayBeKnown: false,
    });
  });

  it('is told by both where the broker gave it up after a failure, which was not after it', () => {
    const expired = death({ queue: `${QUEUE}.retry.1000ms`, reason: 'expired' });
    expect(deathOf(died({ ...failed, 'x-death': [death(), expired] }, 2), QUEUE, NOW)).toEqual({
      routingKey: 'order.RejectOrder',
      reason: 'the broker gave it up: too many deliveries without an answer; before that: Error: not yet',
      attempts: 2,
      firstFailureAt: '2026-01-31T11:59:50.000Z',
      lastFailureAt: '2026-01-31T11:59:58.700Z',
      mayBeKnown: false,
    });
  });

  it.each<[string, unknown]>([
    ['came through a tier', [death({ queue: `${QUEUE}.retry.1000ms`, reason: 'expired' })]],
    ['is no list', death()],
    ['has no time', [death({ time: 'yesterday' })]],
    ['has a time that is no date', [death({ time: { value: 1e18 } })]],
    ['has a time before all', [death({ time: { value: -1 } })]],
  ])('is not what the broker wrote where that %s', (_what, written) => {
    expect(deathOf(died({ ...failed, 'x-death': written }), QUEUE, NOW).reason).toBe('Error: not yet');
  });

  it.each([{}, { [HEADER.lastFailure]: 'yesterday', [HEADER.reason]: 17 }])(
    'of which nothing is told, as by %j, was just now',
    (headers) => {
      expect(deathOf(died(headers), QUEUE, NOW)).toEqual({
        ...{ routingKey: QUEUE, reason: 'nobody says why', attempts: 1 },
        ...{ firstFailureAt: NOW, lastFailureAt: NOW },
        mayBeKnown: false,
      });
    },
  );

  it('may be known where it tells no time and is delivered again', () => {
    expect(deathOf(died({}, 1, true), QUEUE, NOW).mayBeKnown).toBe(true);
    for (const told of [failed, { 'x-death': [death()] }])
      expect(deathOf(died(told, 1, true), QUEUE, NOW).mayBeKnown).toBe(false);
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Channel } from 'amqplib';
import { commandTopology, declare } from '@orders/shared-events/transport/topology.js';
import { Broker, type Consumer, type Message } from './broker.js';
import { Clock, drive } from './clock.js';

let clock: Clock;
let broker: Broker;
let taken: Message[];

const message = (exchange: string, routingKey: string): Message => ({
  ...{ exchange, routingKey, content: Buffer.from(routingKey), properties: {}, redelivered: false },
});
const consumer = (queue: string, prefetch = 10): Consumer => ({
  ...{ queue, prefetch, unacknowledged: new Set() },
  deliver: (delivered) => taken.push(delivered),
});
const consume = (queue: string, prefetch?: number): Consumer => {
  const consuming = consumer(queue, prefetch);
  broker.consume(consuming);
  return consuming;
};

/** The product's own topology. */
beforeEach(async () => {
  clock = new Clock(0);
  taken = [];
  broker = new Broker(clock, () => undefined);
  await declare(
    {
      assertExchange: () => Promise.resolve(),
      assertQueue: (name: string, { arguments: args }: { arguments: Record<string, unknown> }) =>
        Promise.resolve(broker.declareQueue(name, args)),
      bindQueue: (name: string, exchange: string, pattern: string) =>
        Promise.resolve(broker.bind(name, exchange, pattern)),
    } as unknown as Channel,
    commandTopology,
  );
});

describe('the broker', () => {
  it('routes by topic, and says what no queue takes', () => {
    consume('commands.payment');
    expect(broker.publish(message('commands', 'payment.CapturePayment'))).toBe(true);
    expect(broker.publish(message('commands', 'paymentCapturePayment'))).toBe(false);
    expect(broker.publish(message('integration-events', 'order.created'))).toBe(false);
    expect(taken.map(({ routingKey }) => routingKey)).toEqual(['payment.CapturePayment']);
  });

  it('delivers again what was not acknowledged', () => {
    const first = consume('commands.payment');
    broker.publish(message('commands', 'payment.A'));
    broker.publish(message('commands', 'payment.B'));
    broker.acknowledge(first, taken[0]!);
    broker.cancel(first);
    broker.takeBack(first);
    consume('commands.payment');
    expect(taken.map(({ routingKey, redelivered }) => [routingKey, redelivered])).toEqual([
      ['payment.A', false],
      ['payment.B', false],
      ['payment.B', true],
    ]);
  });

  it('hands out no more than a consumer has room for, in turn', () => {
    const [one, other] = [consume('commands.payment', 1), consume('commands.payment', 1)];
    for (const key of ['payment.A', 'payment.B', 'payment.C']) broker.publish(message('commands', key));
    expect([one, other].map(({ unacknowledged }) => unacknowledged.size)).toEqual([1, 1]);
    expect(broker.isEmpty).toBe(false);
    broker.acknowledge(one, taken[0]!);
    expect(taken).toHaveLength(3);
  });

  it('brings back from the waiting room what failed', async () => {
    consume('commands.payment');
    expect(broker.publish(message('retry', 'commands.payment.retry.1000ms'))).toBe(true);
    expect(taken).toHaveLength(0);
    await drive(() => clock.advance());
    expect(clock.now).toBe(1_000);
    expect(taken).toMatchObject([{ exchange: 'redeliver', routingKey: 'commands.payment' }]);
  });

  it('keeps what is dead apart', () => {
    consume('commands.payment.dead');
    broker.publish(message('dead-letters', 'commands.payment'));
    expect(taken).toHaveLength(1);
  });
});

import type { Channel } from 'amqplib';
import { type BusAggregate, busCommands } from '../contracts/commands.js';

/*
 * What of RabbitMQ this relies on, from 3.10 on:
 * - A queue of one time to live hands over in the order of arrival. With a time for each message, one that waits long
 *   would hold up those behind it: https://www.rabbitmq.com/docs/ttl
 * - A quorum queue that dead-letters at least once keeps what it cannot hand over (its target was deleted, or is full)
 *   until it can. It has to refuse publishes when it is full, since the default drops the oldest message:
 *   https://www.rabbitmq.com/docs/quorum-queues#dead-lettering
 * - A second declaration with other arguments is refused with 406, one with the same is none:
 *   https://www.rabbitmq.com/docs/queues#property-equivalence
 * - What its consumers lost (a crash, a connection that broke) more often than the delivery limit is dead-lettered by
 *   the broker itself: https://www.rabbitmq.com/docs/quorum-queues#poison-message-handling
 * The embedded broker lacks some of it, which harms nothing: local-stack/broker/README.md.
 */

export const COMMANDS = 'commands';
export const INTEGRATION_EVENTS = 'integration-events';

/** Where failed messages wait, where they come back from, and where they end: direct exchanges keyed by queue. */
const RETRY = 'retry';
const REDELIVER = 'redeliver';
export const DEAD_LETTERS = 'dead-letters';

/**
 * After this many deliveries without an answer the broker itself dead-letters: crashes of the consumer, and breaks of its
 * connection, also during a pause. Harmless there: a command that is still wanted is sent again.
 */
const DELIVERY_LIMIT = 20;
/** A dead letter is never dropped for having been looked at too often. */
const NO_PRACTICAL_LIMIT = 1_000_000;

/** A durable queue with its retry tiers and its dead-letter queue `<name>.dead`. */
export interface WorkQueue {
  readonly name: string;
  readonly exchange: string;
  /** Topic pattern of the routing keys that it takes. */
  readonly pattern: string;
  /**
   * The retry tiers: how long a message waits after its first failure, after its second and so on, in milliseconds. With
   * one failure more it is dead-lettered.
   */
  readonly retryDelaysMs: readonly number[];
}

export interface Topology {
  /** Topic exchanges. */
  readonly exchanges: readonly string[];
  readonly queues: readonly WorkQueue[];
}

/** An exchange, and a routing key for it. */
export interface Route {
  readonly exchange: string;
  readonly routingKey: string;
}

/** Deliveries before a message is dead-lettered, the first one included. */
export const attemptsOf = ({ retryDelaysMs }: WorkQueue): number => retryDelaysMs.length + 1;

/**
 * One queue a delay, which its name carries: where the tiers change, a queue of before stays what it was, and what waits
 * in it comes back all the same.
 */
export const retryQueueOf = (queue: string, delayMs: number): string => `${queue}.retry.${delayMs}ms`;
export const deadLetterQueueOf = (queue: string): string => `${queue}.dead`;

export const commandQueue = (aggregate: BusAggregate): string => `${COMMANDS}.${aggregate}`;
export const commandRoutingKey = (aggregate: BusAggregate, type: string): string => `${aggregate}.${type}`;

/**
 * The last attempt is made 36 s after the first, which leaves time for queues and for the attempts themselves before the
 * command expires (COMMAND_TIME_TO_LIVE_MS). A retry after that would be refused as late, without a word of what failed
 * before. What fails for longer is a dead letter, and its process sends the command again all the while, in growing
 * intervals: each time a message of its own, with all its attempts before it.
 */
const COMMAND_RETRY_DELAYS_MS = [1_000, 5_000, 10_000, 20_000];

/** What process managers publish to and the command side consumes from. */
export const commandTopology: Topology = {
  exchanges: [COMMANDS],
  queues: (Object.keys(busCommands) as BusAggregate[]).map((aggregate) => ({
    name: commandQueue(aggregate),
    exchange: COMMANDS,
    pattern: `${aggregate}.#`,
    retryDelaysMs: COMMAND_RETRY_DELAYS_MS,
  })),
};

/** What the outside listens to; that nobody listens is normal. */
export const integrationTopology: Topology = { exchanges: [INTEGRATION_EVENTS], queues: [] };

/** Declares everything, also what somebody deleted meanwhile. Arguments are fixed in this file: see above. */
export async function declare(channel: Channel, topology: Topology): Promise<void> {
  for (const exchange of topology.exchanges)
    await channel.assertExchange(exchange, 'topic', { durable: true });
  for (const exchange of [RETRY, REDELIVER, DEAD_LETTERS]) {
    await channel.assertExchange(exchange, 'direct', { durable: true });
  }
  for (const queue of topology.queues) await declareQueue(channel, queue);
}

async function declareQueue(channel: Channel, queue: WorkQueue): Promise<void> {
  const dead = deadLetterQueueOf(queue.name);
  await channel.assertQueue(dead, quorum({ 'x-delivery-limit': NO_PRACTICAL_LIMIT }));
  await channel.bindQueue(dead, DEAD_LETTERS, queue.name);

  await channel.assertQueue(
    queue.name,
    quorum({ 'x-delivery-limit': DELIVERY_LIMIT, ...deadLetteringTo(DEAD_LETTERS, queue.name) }),
  );
  await channel.bindQueue(queue.name, queue.exchange, queue.pattern);
  await channel.bindQueue(queue.name, REDELIVER, queue.name);

  for (const delayMs of queue.retryDelaysMs) {
    const retry = retryQueueOf(queue.name, delayMs);
    await channel.assertQueue(
      retry,
      quorum({ 'x-message-ttl': delayMs, ...deadLetteringTo(REDELIVER, queue.name) }),
    );
    await channel.bindQueue(retry, RETRY, retry);
  }
}

/** Where a message waits whose attempt of this number, from 1, has failed; undefined where that was the last one. */
export function retryRoute({ name, retryDelaysMs }: WorkQueue, attempt: number): Route | undefined {
  const delayMs = retryDelaysMs[attempt - 1];
  return delayMs === undefined ? undefined : { exchange: RETRY, routingKey: retryQueueOf(name, delayMs) };
}

/** Straight to a queue, whoever else listens to the message's routing key. */
export const redeliveryRoute = (queue: string): Route => ({ exchange: REDELIVER, routingKey: queue });
export const deadLetterRoute = (queue: string): Route => ({ exchange: DEAD_LETTERS, routingKey: queue });

const quorum = (args: Record<string, unknown>) => ({
  durable: true,
  arguments: { 'x-queue-type': 'quorum', ...args },
});

const deadLetteringTo = (exchange: string, routingKey: string) => ({
  'x-dead-letter-exchange': exchange,
  'x-dead-letter-routing-key': routingKey,
  'x-dead-letter-strategy': 'at-least-once',
  'x-overflow': 'reject-publish',
});

import type { Channel } from 'amqplib';
import { type BusAggregate, busCommands } from '../contracts/commands.js';

export const COMMANDS = 'commands';
export const INTEGRATION_EVENTS = 'integration-events';

/** Where failed messages wait, where they come back from, and where they end: direct exchanges keyed by queue. */
const RETRY = 'retry';
const REDELIVER = 'redeliver';
export const DEAD_LETTERS = 'dead-letters';

/** After this many deliveries without an answer (crashes of the consumer) the broker itself dead-letters. */
const DELIVERY_LIMIT = 20;
/** A dead letter is never dropped for having been looked at too often. */
const NO_PRACTICAL_LIMIT = 1_000_000;

/** A durable queue with its waiting room and its dead-letter queue `<name>.dead`. */
export interface WorkQueue {
  readonly name: string;
  readonly exchange: string;
  /** Topic pattern of the routing keys that it takes. */
  readonly pattern: string;
  /** Deliveries before a message is dead-lettered, the first one included. */
  readonly attempts: number;
  /** How long a failed message waits, in milliseconds. One queue per delay: mixed TTLs block behind the head. */
  readonly retryDelayMs: number;
}

export interface Topology {
  /** Topic exchanges. */
  readonly exchanges: readonly string[];
  readonly queues: readonly WorkQueue[];
}

export const retryQueueOf = (queue: WorkQueue): string => `${queue.name}.retry.${queue.retryDelayMs}ms`;
export const deadLetterQueueOf = (queue: string): string => `${queue}.dead`;

export const commandQueue = (aggregate: BusAggregate): string => `${COMMANDS}.${aggregate}`;
export const commandRoutingKey = (aggregate: BusAggregate, type: string): string => `${aggregate}.${type}`;

/** What process managers publish to and the command side consumes from. */
export const commandTopology: Topology = {
  exchanges: [COMMANDS],
  queues: (Object.keys(busCommands) as BusAggregate[]).map((aggregate) => ({
    name: commandQueue(aggregate),
    exchange: COMMANDS,
    pattern: `${aggregate}.#`,
    attempts: 5,
    retryDelayMs: 1_000,
  })),
};

/** What the outside listens to; that nobody listens is normal. */
export const integrationTopology: Topology = { exchanges: [INTEGRATION_EVENTS], queues: [] };

/** Declares everything; arguments are fixed here, since a broker refuses a second declaration that differs. */
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

  const retry = retryQueueOf(queue);
  await channel.assertQueue(
    retry,
    quorum({ 'x-message-ttl': queue.retryDelayMs, ...deadLetteringTo(REDELIVER, queue.name) }),
  );
  await channel.bindQueue(retry, RETRY, retry);
}

export const retryRoute = (queue: WorkQueue) => ({ exchange: RETRY, routingKey: retryQueueOf(queue) });
/** Straight to a queue, whoever else listens to the message's routing key. */
export const redeliveryRoute = (queue: string) => ({ exchange: REDELIVER, routingKey: queue });
export const deadLetterRoute = (queue: string) => ({ exchange: DEAD_LETTERS, routingKey: queue });

const quorum = (args: Record<string, unknown>) => ({
  durable: true,
  arguments: { 'x-queue-type': 'quorum', ...args },
});

/** At least once needs an overflow that refuses publishes: the default drops the oldest message instead. */
const deadLetteringTo = (exchange: string, routingKey: string) => ({
  'x-dead-letter-exchange': exchange,
  'x-dead-letter-routing-key': routingKey,
  'x-dead-letter-strategy': 'at-least-once',
  'x-overflow': 'reject-publish',
});

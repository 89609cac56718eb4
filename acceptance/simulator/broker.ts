import type { Options } from 'amqplib';
import type { Clock } from './clock.js';

export interface Message {
  readonly exchange: string;
  readonly routingKey: string;
  readonly content: Buffer;
  readonly properties: Options.Publish;
  readonly redelivered: boolean;
}

/** Whoever takes messages from a queue. */
export interface Consumer {
  readonly queue: string;
  readonly prefetch: number;
  readonly unacknowledged: Set<Message>;
  readonly deliver: (message: Message) => void;
}

interface Queue {
  readonly name: string;
  readonly ttl: number | undefined;
  readonly deadLetters: { readonly exchange: string; readonly routingKey: string } | undefined;
  ready: Message[];
  readonly consumers: Consumer[];
}

interface Binding {
  readonly queue: Queue;
  readonly pattern: RegExp;
}

const literally = (words: string): string => words.replaceAll('.', '\\.');
/** A topic pattern of AMQP 0-9-1: `*` is one word, `#` any number of them. Without either it is a direct key. */
function patternOf(topic: string): RegExp {
  const known = patterns.get(topic);
  if (known) return known;
  const pattern = literally(topic).replaceAll('*', '[^.]+').replaceAll('\\.#', '(\\..*)?');
  const compiled = new RegExp(`^${pattern}$`);
  patterns.set(topic, compiled);
  return compiled;
}
const patterns = new Map<string, RegExp>();

/**
 * A broker that keeps to AMQP where the product relies on it: routing, dead-lettering after a time to live, redelivery
 * of what was not acknowledged. What it does wrong is decided by whoever publishes.
 */
export class Broker {
  readonly #queues = new Map<string, Queue>();
  readonly #bindings = new Map<string, Binding[]>();

  constructor(
    private readonly clock: Clock,
    private readonly onQueued: (queue: string, message: Message) => void,
  ) {}

  declareQueue(name: string, args: Readonly<Record<string, unknown>>): void {
    if (this.#queues.has(name)) return;
    const [exchange, routingKey] = [args['x-dead-letter-exchange'], args['x-dead-letter-routing-key']];
    const ttl = args['x-message-ttl'];
    this.#queues.set(name, {
      name,
      ttl: typeof ttl === 'number' ? ttl : undefined,
      deadLetters:
        typeof exchange === 'string' && typeof routingKey === 'string' ? { exchange, routingKey } : undefined,
      ready: [],
      consumers: [],
    });
  }

  bind(name: string, exchange: string, topic: string): void {
    const bindings = this.#bindings.get(exchange) ?? [];
    const queue = this.#queueNamed(name);
    const pattern = patternOf(topic);
    if (!bindings.some((one) => one.queue === queue && one.pattern === pattern)) {
      bindings.push({ queue, pattern });
    }
    this.#bindings.set(exchange, bindings);
  }

  /** False where no queue takes it. */
  publish(message: Message): boolean {
    const bindings = this.#bindings.get(message.exchange) ?? [];
    const takers = new Set(
      bindings.filter(({ pattern }) => pattern.test(message.routingKey)).map(({ queue }) => queue),
    );
    for (const queue of takers) this.#put(queue, message);
    return takers.size > 0;
  }

  consume(consumer: Consumer): void {
    const queue = this.#queueNamed(consumer.queue);
    queue.consumers.push(consumer);
    this.#handOut(queue);
  }

  cancel(consumer: Consumer): void {
    const { consumers } = this.#queueNamed(consumer.queue);
    const index = consumers.indexOf(consumer);
    if (index >= 0) consumers.splice(index, 1);
  }

  /** What the consumer has not acknowledged goes back to the queue. */
  takeBack(consumer: Consumer): void {
    const queue = this.#queueNamed(consumer.queue);
    const returned = [...consumer.unacknowledged].map((message) => ({ ...message, redelivered: true }));
    consumer.unacknowledged.clear();
    queue.ready = [...returned, ...queue.ready];
    this.#handOut(queue);
  }

  acknowledge(consumer: Consumer, message: Message): void {
    consumer.unacknowledged.delete(message);
    this.#handOut(this.#queueNamed(consumer.queue));
  }

  /** Messages that somebody takes, or that will come back to where somebody does. */
  get isEmpty(): boolean {
    return [...this.#queues.values()].every(
      ({ ready, consumers, ttl }) =>
        (ready.length === 0 || (consumers.length === 0 && ttl === undefined)) &&
        consumers.every(({ unacknowledged }) => unacknowledged.size === 0),
    );
  }

  #put(queue: Queue, message: Message): void {
    queue.ready.push(message);
    this.onQueued(queue.name, message);
    if (queue.ttl !== undefined) this.clock.in(queue.ttl, undefined, () => this.#expire(queue, message));
    this.#handOut(queue);
  }

  #expire(queue: Queue, message: Message): void {
    const index = queue.ready.indexOf(message);
    if (index < 0) return;
    queue.ready.splice(index, 1);
    if (queue.deadLetters) this.publish({ ...message, ...queue.deadLetters });
  }

  /** In turn to the consumers that have room. */
  #handOut(queue: Queue): void {
    while (queue.ready.length > 0) {
      const index = queue.consumers.findIndex(
        ({ unacknowledged, prefetch }) => unacknowledged.size < prefetch,
      );
      const [consumer] = index < 0 ? [] : queue.consumers.splice(index, 1);
      const message = consumer && queue.ready.shift();
      if (!consumer || !message) return;
      queue.consumers.push(consumer);
      consumer.unacknowledged.add(message);
      consumer.deliver(message);
    }
  }

  #queueNamed(name: string): Queue {
    const queue = this.#queues.get(name);
    if (!queue) throw Object.assign(new Error(`no queue ${name}`), { code: 404 });
    return queue;
  }
}

import { EventEmitter } from 'node:events';
import type { ConfirmChannel, ConsumeMessage, Options } from 'amqplib';
import type { Broker, Consumer, Message } from './broker.js';
import type { BusWatch } from './bus-watch.js';
import type { Clock } from './clock.js';
import type { Faults } from './faults.js';
import type { Life, Network } from './life.js';
import { nameOf, received } from './message.js';
import type { Presence } from './presence.js';

export interface BrokerParts {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly network: Network;
  readonly watch: BusWatch;
  readonly presence: Presence;
  readonly onDelivery: (what: string) => void;
  readonly onPublished: (message: Message) => void;
}

/** `content` is of this delivery alone, so that it tells one delivery of a message from another. */
interface Delivered {
  readonly consumer: Consumer;
  readonly message: Message;
  readonly content: Buffer;
}

type Confirm = (error: unknown) => void;
type Deliver = (message: ConsumeMessage | null) => void;

const MINUTE_MS = 60_000;

const closed = (): Error => new Error('the channel is closed');
const notTaken = (): Error => new Error('the broker did not take it');

/** As much of amqplib's channels as the product uses. */
export class SimulatedChannel extends EventEmitter {
  #isOpen = true;
  #prefetch = 1;
  #tags = 0;
  readonly #consumers = new Map<string, Consumer>();
  readonly #delivered = new Map<number, Delivered>();
  readonly #unconfirmed = new Set<Confirm>();

  constructor(
    private readonly parts: BrokerParts,
    private readonly life: Life,
  ) {
    super();
  }

  /** As the driver's own type, of which this has the part that is used. */
  get asDriver(): ConfirmChannel {
    return this as unknown as ConfirmChannel;
  }

  assertExchange(): Promise<void> {
    return Promise.resolve();
  }

  assertQueue(name: string, options: Options.AssertQueue): Promise<void> {
    this.parts.broker.declareQueue(name, (options.arguments ?? {}) as Readonly<Record<string, unknown>>);
    return Promise.resolve();
  }

  bindQueue(name: string, exchange: string, pattern: string): Promise<void> {
    this.parts.broker.bind(name, exchange, pattern);
    return Promise.resolve();
  }

  prefetch(count: number): Promise<void> {
    this.#prefetch = count;
    return Promise.resolve();
  }

  consume(queue: string, deliver: Deliver): Promise<{ readonly consumerTag: string }> {
    const consumerTag = `${queue} ${this.#consumers.size + 1}`;
    const consumer: Consumer = {
      queue,
      prefetch: this.#prefetch,
      unacknowledged: new Set(),
      deliver: (message) => this.#deliver(consumer, message, deliver),
    };
    this.#consumers.set(consumerTag, consumer);
    this.parts.broker.consume(consumer);
    return Promise.resolve({ consumerTag });
  }

  cancel(consumerTag: string): Promise<void> {
    const consumer = this.#consumers.get(consumerTag);
    if (consumer) this.parts.broker.cancel(consumer);
    return Promise.resolve();
  }

  ack({ fields: { deliveryTag } }: ConsumeMessage): void {
    if (!this.#isOpen) throw closed();
    const delivered = this.#delivered.get(deliveryTag);
    this.#delivered.delete(deliveryTag);
    if (!delivered) throw new Error('acknowledged twice');
    const { consumer, message, content } = delivered;
    this.parts.watch.acknowledged(content);
    const { mishap, there } = this.parts.faults.at('acknowledge', nameOf(message));
    if (mishap === 'crash before') return this.life.end();
    if (mishap === 'request lost') return void this.parts.clock.in(there, undefined, () => this.drop());
    if (mishap === 'crash after') {
      this.parts.broker.acknowledge(consumer, message);
      return this.life.end();
    }
    this.parts.clock.in(there, undefined, () => this.parts.broker.acknowledge(consumer, message));
  }

  /** True: there is always room. */
  publish(
    exchange: string,
    routingKey: string,
    content: Buffer,
    properties: Options.Publish,
    confirm: Confirm,
  ): boolean {
    if (!this.#isOpen) throw closed();
    const message = { exchange, routingKey, content, properties, redelivered: false };
    const settle: Confirm = (error) => {
      if (this.#unconfirmed.delete(settle)) confirm(error);
    };
    this.#unconfirmed.add(settle);
    this.#published(message).then(() => settle(null), settle);
    return true;
  }

  close(): Promise<void> {
    this.drop();
    return Promise.resolve();
  }

  /** Ends without a word: what was not acknowledged is delivered again, what was not confirmed has failed. */
  drop(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const consumer of this.#consumers.values()) {
      this.parts.broker.cancel(consumer);
      this.parts.broker.takeBack(consumer);
    }
    if (!this.life.alive) return;
    this.parts.clock.in(0, this.life, () => {
      for (const settle of [...this.#unconfirmed]) settle(closed());
      this.emit('close');
    });
  }

  async #published(message: Message): Promise<void> {
    const isRouted = await this.parts.network.request(
      this.life,
      'publish',
      nameOf(message),
      ({ mishap, there, back }) => {
        this.parts.onPublished(message);
        if (mishap === 'forgotten') return true;
        if (mishap === 'unroutable') return false;
        if (mishap === 'late') return this.#route(message, [back]);
        if (mishap === 'duplicated') return this.#route(message, [0, there * back]);
        if (mishap === 'copied minutes later')
          return this.#route(message, [0, MINUTE_MS * (1 + (there % 7))]);
        return this.#route(message, [0]);
      },
      notTaken,
    );
    if (isRouted) return;
    this.parts.watch.unrouted(message.content);
    if (message.properties.mandatory) this.emit('return', message);
  }

  /** @param delays one copy after each of them */
  #route(message: Message, delays: readonly number[]): boolean {
    const { broker, clock } = this.parts;
    const [first = 0, ...others] = delays;
    for (const delay of others) clock.in(delay, undefined, () => broker.publish({ ...message }));
    if (first === 0) return broker.publish(message);
    clock.in(first, undefined, () => broker.publish(message));
    return true;
  }

  #deliver(consumer: Consumer, message: Message, deliver: Deliver): void {
    const { mishap, there, back } = this.parts.faults.at('deliver', nameOf(message));
    this.parts.clock.in(there + (mishap === 'slow' ? back : 0), this.life, () => {
      if (!this.#isOpen || !consumer.unacknowledged.has(message)) return;
      if (mishap === 'crash before') return this.life.end();
      const deliveryTag = ++this.#tags;
      this.parts.onDelivery(`${this.life.name}: ${message.routingKey}`);
      const content = message.content.subarray();
      this.#delivered.set(deliveryTag, { consumer, message, content });
      deliver(received({ ...message, content }, deliveryTag));
    });
  }
}

import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { leave, openChannel, openConfirmChannel } from './broker-channel.js';
import { BrokerConnection } from './broker-connection.js';
import { Consumer, type ConsumerOptions, type Handler } from './consumer.js';
import type { LogSink } from './observability.js';
import { type PublishOptions, Publisher, Unroutable } from './publisher.js';
import { type Topology, type WorkQueue, declare } from './topology.js';
import { backoff, sleep } from './waiting.js';

export { DeadLetter, type Delivery, Pause } from './delivery.js';
export { HEADER } from './failures.js';
export { PublishFailed, Unroutable } from './publisher.js';

export interface BusOptions {
  /** `amqp://user:password@host:port/vhost`, with several hosts where the broker is a cluster. */
  readonly url: string;
  /** How the broker's own tools show its connections. */
  readonly name: string;
  readonly topologies: readonly Topology[];
  readonly logger: LogSink;
}

export interface Consumption {
  stop(): Promise<void>;
}

/**
 * RabbitMQ as this system uses it: confirmed publishes, manual acknowledgement, retries, dead letters.
 *
 * It publishes on one connection and consumes on another: a broker that runs out of memory or of disk reads nothing more
 * from those that publish, acknowledgements among it, and what is to make room again is that somebody consumes
 * (https://www.rabbitmq.com/docs/alarms).
 */
export class MessageBus {
  readonly #publisher = new Publisher();
  readonly #consumers = new Set<Consumer>();
  readonly #work: ReadonlyMap<string, WorkQueue>;
  readonly #stop = new AbortController();
  readonly #publishing: BrokerConnection;
  readonly #consuming: BrokerConnection;
  #declaring: Promise<void> | undefined;

  private constructor(private readonly options: BusOptions) {
    const { url, name, topologies, logger } = options;
    this.#work = new Map(topologies.flatMap(({ queues }) => queues.map((queue) => [queue.name, queue])));
    this.#publishing = new BrokerConnection({
      ...{ url, name: `${name} publishing`, logger },
      prepare: (model) => this.#preparePublishing(model),
    });
    this.#consuming = new BrokerConnection({
      ...{ url, name: `${name} consuming`, logger },
      prepare: (model) => this.#prepareConsuming(model),
    });
  }

  /**
   * Resolves once connected with the topology declared, and tries until then. A lost connection comes back by itself, at
   * another node where there are several, with topology and consumers. Throws where the signal aborts before.
   */
  static async connect(options: BusOptions, signal?: AbortSignal): Promise<MessageBus> {
    const bus = new MessageBus(options);
    const giveUp = () => void bus.close();
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      signal?.throwIfAborted();
      await bus.#publishing.open();
      await bus.#consuming.open();
      return bus;
    } catch (error) {
      await bus.close();
      throw error;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  /** Whether there is a broker, and a channel to publish on. */
  get connected(): boolean {
    return (
      this.#publishing.model !== undefined && this.#publisher.isOpen && this.#consuming.model !== undefined
    );
  }

  /** Publishes JSON and resolves once the broker has it; see Publisher.publish for what it throws. */
  publish(exchange: string, routingKey: string, body: object, options?: PublishOptions): Promise<void> {
    return this.publishBytes(exchange, routingKey, Buffer.from(JSON.stringify(body)), options);
  }

  /** The same of what was made into bytes before. */
  publishBytes(
    exchange: string,
    routingKey: string,
    content: Buffer,
    options?: PublishOptions,
  ): Promise<void> {
    return this.#publisher.publish(exchange, routingKey, content, options);
  }

  /**
   * Hands each message to the handler, up to `prefetch` at once. Handled: acknowledged. Thrown DeadLetter: to the
   * dead-letter queue. Thrown Pause: it waits and is tried again in place. Anything else: through the retry
   * tiers, and after the last attempt to the dead-letter queue. While there is no connection it waits for one;
   * throws where the broker knows no such queue.
   */
  async consume(queue: string, handler: Handler, { prefetch }: { prefetch: number }): Promise<Consumption> {
    const options: ConsumerOptions = {
      ...{ queue, work: this.#work.get(queue), prefetch, handler },
      publisher: { publish: (...message) => this.#sendOn(...message) },
      logger: this.options.logger,
    };
    const consumer = new Consumer(options);
    this.#consumers.add(consumer);
    if (this.#consuming.model) await this.#startOrLater(consumer, this.#consuming.model);
    return {
      stop: async () => {
        this.#consumers.delete(consumer);
        await consumer.stop();
      },
    };
  }

  /** Stops the consumers, then closes the connections. Where the broker does not answer that takes a few seconds. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()));
    await Promise.all([this.#publishing.close(), this.#consuming.close()]);
  }

  async #preparePublishing(model: ChannelModel): Promise<() => void> {
    await this.#declareOn(model);
    const channel = await openConfirmChannel(model);
    return () => this.#publishOn(channel, model);
  }

  /** Channels and consumers do not outlive a connection. */
  async #prepareConsuming(model: ChannelModel): Promise<() => void> {
    await this.#declareOn(model);
    return () => {
      for (const consumer of this.#consumers) void this.#keepStarting(consumer, model);
    };
  }

  async #declareOn(model: ChannelModel): Promise<void> {
    const channel = await openChannel(model);
    channel.on('error', () => undefined);
    try {
      for (const topology of this.options.topologies) await declare(channel, topology);
    } finally {
      leave(channel);
    }
  }

  /** What somebody has deleted; once, however many miss it at a time. */
  #declareAnew(model: ChannelModel): Promise<void> {
    this.#declaring ??= this.#declareOn(model).finally(() => (this.#declaring = undefined));
    return this.#declaring;
  }

  #publishOn(channel: ConfirmChannel, model: ChannelModel): void {
    this.#publisher.use(channel);
    channel.once('close', () => void this.#keepPublishing(model));
  }

  /** Also where the channel ended while its connection lives, e.g. because an exchange was deleted: it is declared anew. */
  async #keepPublishing(model: ChannelModel): Promise<void> {
    const isWanted = () => this.#publishing.model === model;
    await sleep(backoff(0), this.#stop.signal);
    await this.#keepTrying(isWanted, 'no channel to publish on, trying again', async () => {
      const begin = await this.#preparePublishing(model);
      if (isWanted()) begin();
    });
  }

  /** What a consumer sends on is taken by a queue that was declared: where none takes it, somebody has deleted that. */
  async #sendOn(...message: Parameters<Publisher['publish']>): Promise<void> {
    try {
      await this.#publisher.publish(...message);
    } catch (error) {
      const model = this.#consuming.model;
      if (!(error instanceof Unroutable) || !model) throw error;
      await this.#declareAnew(model);
      await this.#publisher.publish(...message);
    }
  }

  async #start(consumer: Consumer, model: ChannelModel): Promise<void> {
    const channel = await openChannel(model);
    const startAgain = () =>
      sleep(backoff(0), this.#stop.signal).then(() => this.#keepStarting(consumer, model));
    try {
      await consumer.start(channel, () => void startAgain());
    } catch (error) {
      // The broker may still begin to deliver on it.
      leave(channel);
      throw error;
    }
  }

  async #startOrLater(consumer: Consumer, model: ChannelModel): Promise<void> {
    try {
      await this.#start(consumer, model);
    } catch (error) {
      if (isUnknownQueue(error)) {
        this.#consumers.delete(consumer);
        throw error;
      }
      // The link broke just now: whatever comes after it starts the consumer.
      void this.#keepStarting(consumer, model);
    }
  }

  /** Also where a channel ended while its connection lives, e.g. because the queue was deleted: it is declared anew. */
  #keepStarting(consumer: Consumer, model: ChannelModel): Promise<void> {
    const isWanted = () => this.#consumers.has(consumer) && this.#consuming.model === model;
    return this.#keepTrying(isWanted, 'consumer not started, trying again', async () => {
      try {
        await this.#start(consumer, model);
      } catch (error) {
        if (isUnknownQueue(error)) await this.#declareAnew(model);
        throw error;
      }
    });
  }

  /** Until it is done, or not wanted any more. */
  async #keepTrying(isWanted: () => boolean, failed: string, work: () => Promise<void>): Promise<void> {
    for (let repeat = 0; isWanted() && !this.#stop.signal.aborted; repeat++) {
      try {
        return await work();
      } catch (error) {
        this.options.logger.warn({ err: error }, failed);
        await sleep(backoff(repeat), this.#stop.signal);
      }
    }
  }
}

/** AMQP 0-9-1's reply code not-found. */
const isUnknownQueue = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 404;

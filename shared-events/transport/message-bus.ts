import { type ChannelModel, type ConfirmChannel, type RecoveringChannelModel, connect } from 'amqplib';
import { closeOrCut, cut, leave, openChannel, openConfirmChannel } from './broker-channel.js';
import { Consumer, type ConsumerOptions, type Handler } from './consumer.js';
import type { LogSink } from './observability.js';
import { type PublishOptions, Publisher } from './publisher.js';
import { type Topology, type WorkQueue, declare } from './topology.js';
import { backoff, sleep, within } from './waiting.js';

export { DeadLetter, type Delivery, HEADER, Pause } from './consumer.js';
export { PublishFailed, Unroutable } from './publisher.js';

export interface BusOptions {
  /** `amqp://user:password@host:port/vhost` */
  readonly url: string;
  /** How the broker's own tools show this connection. */
  readonly name: string;
  readonly topologies: readonly Topology[];
  readonly logger: LogSink;
}

export interface Consumption {
  stop(): Promise<void>;
}

/** With this heartbeat a half-open connection is noticed after 15 s at most; with the default it takes minutes. */
const HEARTBEAT_S = 5;
const CONNECT_DEADLINE_MS = 30_000;

/** RabbitMQ as this system uses it: confirmed publishes, manual acknowledgement, retries, dead letters. */
export class MessageBus {
  readonly #publisher = new Publisher();
  readonly #consumers = new Map<Consumer, ConsumerOptions>();
  readonly #work: ReadonlyMap<string, WorkQueue>;
  readonly #stop = new AbortController();
  #connection: RecoveringChannelModel | undefined;
  #model: ChannelModel | undefined;

  private constructor(private readonly options: BusOptions) {
    this.#work = new Map(
      options.topologies.flatMap(({ queues }) => queues.map((queue) => [queue.name, queue])),
    );
  }

  /**
   * Resolves once connected with the topology declared. A lost connection comes back by itself, with topology
   * and consumers. Throws when there is no broker within 30 s.
   */
  static async connect(options: BusOptions): Promise<MessageBus> {
    const bus = new MessageBus(options);
    const { logger } = options;
    const connection = await connect(
      options.url + (options.url.includes('?') ? '&' : '?') + `heartbeat=${HEARTBEAT_S}`,
      {
        clientProperties: { connection_name: options.name },
        timeout: 5_000,
        noDelay: true,
        recovery: {
          initialDelay: 200,
          maxDelay: 3_000,
          waitForConnect: false,
          setup: (model: ChannelModel) => bus.#setUp(model),
        },
      },
    );
    bus.#connection = connection;
    connection.on('error', (error) => logger.warn({ err: error }, 'broker connection failed'));
    connection.on('connect-failed', (error) => logger.warn({ err: error }, 'broker not reached'));
    connection.on('disconnect', (error) => {
      bus.#model = undefined;
      if (!bus.#stop.signal.aborted) logger.warn({ err: error }, 'broker connection lost');
    });
    try {
      await within(CONNECT_DEADLINE_MS, 'broker', connection.waitForConnect());
    } catch (error) {
      await connection.close().catch(() => undefined);
      throw error;
    }
    return bus;
  }

  /** Whether there is a broker, and a channel to publish on. */
  get connected(): boolean {
    return this.#model !== undefined && this.#publisher.isOpen;
  }

  /** Publishes JSON and resolves once the broker has it; see Publisher.publish for what it throws. */
  publish(exchange: string, routingKey: string, body: object, options?: PublishOptions): Promise<void> {
    return this.#publisher.publish(exchange, routingKey, Buffer.from(JSON.stringify(body)), options);
  }

  /**
   * Hands each message to the handler, up to `prefetch` at once. Handled: acknowledged. Thrown DeadLetter: to the
   * dead-letter queue. Thrown Pause: it waits and is tried again in place. Anything else: through the retry
   * queue, and after the last attempt to the dead-letter queue. While there is no connection it waits for one;
   * throws where the broker knows no such queue.
   */
  async consume(queue: string, handler: Handler, { prefetch }: { prefetch: number }): Promise<Consumption> {
    const options: ConsumerOptions = {
      queue,
      work: this.#work.get(queue),
      prefetch,
      handler,
      publisher: this.#publisher,
      logger: this.options.logger,
    };
    const consumer = new Consumer(options);
    this.#consumers.set(consumer, options);
    if (this.#model) await this.#startOrLater(consumer, this.#model);
    return {
      stop: async () => {
        this.#consumers.delete(consumer);
        await consumer.stop();
      },
    };
  }

  /** Stops the consumers, then closes the connection, or breaks it off where the broker does not answer. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#consumers.keys()].map((consumer) => consumer.stop()));
    await closeOrCut(this.#connection?.close() ?? Promise.resolve(), this.#model);
  }

  /**
   * Runs after every connect: channels, topology and consumers do not outlive a connection. Until it resolves the
   * driver does not watch the connection, and where a broker is gone or frozen it would wait for an answer for ever:
   * so it is watched here, each step has a deadline (over a slow link all of them together take long), and it is cut
   * where it did not come about, for the driver to try again.
   */
  async #setUp(model: ChannelModel): Promise<void> {
    const closed = new Promise<void>((resolve) => model.once('close', () => resolve()));
    const lost = new Promise<never>((_resolve, reject) => {
      model.on('error', reject);
      void closed.then(() => reject(new Error('the connection was closed')));
    });
    lost.catch(() => undefined);
    const prepared = this.#prepare(model);
    prepared.catch(() => undefined);
    try {
      const publishing = await Promise.race([prepared, lost]);
      this.#model = model;
      this.#publishOn(publishing, model);
      for (const consumer of this.#consumers.keys()) void this.#keepStarting(consumer, model);
    } catch (error) {
      cut(model);
      await closed;
      throw error;
    }
  }

  async #prepare(model: ChannelModel): Promise<ConfirmChannel> {
    const declaring = await openChannel(model);
    try {
      for (const topology of this.options.topologies) await declare(declaring, topology);
    } finally {
      leave(declaring);
    }
    return openConfirmChannel(model);
  }

  #publishOn(channel: ConfirmChannel, model: ChannelModel): void {
    this.#publisher.use(channel);
    channel.once('close', () => void this.#keepPublishing(model));
  }

  /** Also where the channel ended while its connection lives, e.g. because an exchange was deleted: it is declared anew. */
  async #keepPublishing(model: ChannelModel): Promise<void> {
    const isWanted = () => this.#model === model;
    await sleep(backoff(0), this.#stop.signal);
    await this.#keepTrying(isWanted, 'no channel to publish on, trying again', async () =>
      this.#publishOn(await this.#prepare(model), model),
    );
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

  /** Also where a channel ended while its connection lives, e.g. because the queue was deleted. */
  #keepStarting(consumer: Consumer, model: ChannelModel): Promise<void> {
    const isWanted = () => this.#consumers.has(consumer) && this.#model === model;
    return this.#keepTrying(isWanted, 'consumer not started, trying again', () =>
      this.#start(consumer, model),
    );
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

import { type ChannelModel, type RecoveringChannelModel, connect } from 'amqplib';
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

  get connected(): boolean {
    return this.#model !== undefined;
  }

  /** Publishes JSON and resolves once the broker has it; see Publisher.publish for what it throws. */
  publish(exchange: string, routingKey: string, body: object, options?: PublishOptions): Promise<void> {
    return this.#publisher.publish(exchange, routingKey, Buffer.from(JSON.stringify(body)), options);
  }

  /**
   * Hands each message to the handler, up to `prefetch` at once. Handled: acknowledged. Thrown DeadLetter: to the
   * dead-letter queue. Thrown Pause: it waits and is tried again in place. Anything else: through the retry
   * queue, and after the last attempt to the dead-letter queue.
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
    if (this.#model) await this.#start(consumer, this.#model);
    return {
      stop: async () => {
        this.#consumers.delete(consumer);
        await consumer.stop();
      },
    };
  }

  /** Stops the consumers, then closes the connection. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#consumers.keys()].map((consumer) => consumer.stop()));
    await this.#connection?.close().catch(() => undefined);
  }

  /** Runs after every connect: channels, topology and consumers do not outlive a connection. */
  async #setUp(model: ChannelModel): Promise<void> {
    const declaring = await model.createChannel();
    for (const topology of this.options.topologies) await declare(declaring, topology);
    await declaring.close();
    this.#publisher.use(await model.createConfirmChannel());
    for (const consumer of this.#consumers.keys()) await this.#start(consumer, model);
    this.#model = model;
  }

  async #start(consumer: Consumer, model: ChannelModel): Promise<void> {
    const channel = await model.createChannel();
    await consumer.start(channel, () => void this.#restart(consumer, model));
  }

  /** A channel ended while its connection lives, e.g. because the queue was deleted. */
  async #restart(consumer: Consumer, model: ChannelModel): Promise<void> {
    for (let repeat = 0; this.#consumers.has(consumer) && this.#model === model; repeat++) {
      await sleep(backoff(repeat), this.#stop.signal);
      if (this.#stop.signal.aborted || this.#model !== model) return;
      try {
        return await this.#start(consumer, model);
      } catch (error) {
        this.options.logger.warn({ err: error }, 'consumer not restarted');
      }
    }
  }
}

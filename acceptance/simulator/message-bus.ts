import { Consumer, type Handler } from '@orders/shared-events/transport/consumer.js';
import type { Consumption, MessageBus } from '@orders/shared-events/transport/message-bus.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { type PublishOptions, Publisher } from '@orders/shared-events/transport/publisher.js';
import {
  COMMANDS,
  type WorkQueue,
  commandTopology,
  declare,
  integrationTopology,
} from '@orders/shared-events/transport/topology.js';
import { backoff, sleep } from '@orders/shared-events/transport/waiting.js';
import { type BrokerParts, SimulatedChannel } from './channel.js';
import type { Life } from './life.js';

const TOPOLOGIES = [commandTopology, integrationTopology];

interface Consuming {
  readonly queue: string;
  readonly work: WorkQueue | undefined;
  readonly consumer: Consumer;
}

/** The message bus as one process has it: the product's own publisher and consumers, over simulated channels. */
export class SimulatedBus implements Pick<MessageBus, 'publish' | 'publishBytes' | 'consume' | 'connected'> {
  readonly #publisher = new Publisher();
  readonly #consuming = new Set<Consuming>();
  #channels: SimulatedChannel[] = [];
  connected = false;

  constructor(
    private readonly parts: BrokerParts,
    private readonly life: Life,
    private readonly logger: LogSink,
  ) {}

  /** Resolves once connected; waits for a broker that is away. A connection that is lost comes back by itself. */
  connect(): Promise<void> {
    const { presence } = this.parts;
    return new Promise((connected) => {
      presence.join({
        life: this.life,
        found: () => void this.#setUp().then(connected),
        lost: () => this.#disconnect(),
      });
    });
  }

  async #setUp(): Promise<void> {
    const declaring = this.#channel().asDriver;
    for (const topology of TOPOLOGIES) await declare(declaring, topology);
    this.#publisher.use(this.#channel().asDriver);
    this.connected = true;
    await Promise.all([...this.#consuming].map((consuming) => this.#start(consuming)));
  }

  /** As when the broker goes away, or this process does. */
  #disconnect(): void {
    this.connected = false;
    for (const channel of this.#channels.splice(0)) channel.drop();
  }

  publish(exchange: string, routingKey: string, body: object, options?: PublishOptions): Promise<void> {
    return this.publishBytes(exchange, routingKey, Buffer.from(JSON.stringify(body)), options);
  }

  async publishBytes(
    exchange: string,
    routingKey: string,
    content: Buffer,
    options?: PublishOptions,
  ): Promise<void> {
    await this.#publisher.publish(exchange, routingKey, content, options);
    if (exchange === COMMANDS) this.parts.watch.published(content);
  }

  async consume(
    queue: string,
    handler: Handler,
    { prefetch }: { readonly prefetch: number },
  ): Promise<Consumption> {
    const work = commandTopology.queues.find(({ name }) => name === queue);
    const [publisher, logger] = [this.#publisher, this.logger];
    const watched: Handler = (delivery) => this.parts.watch.handle(delivery.raw, () => handler(delivery));
    const consumer = new Consumer({ queue, work, prefetch, handler: watched, publisher, logger });
    const consuming = { queue, work, consumer };
    this.#consuming.add(consuming);
    if (this.connected) await this.#start(consuming);
    return {
      stop: async () => {
        this.#consuming.delete(consuming);
        await consumer.stop();
      },
    };
  }

  /** A consumer whose channel ends is started again on the next one. */
  async #start(consuming: Consuming): Promise<void> {
    await consuming.consumer.start(this.#channel().asDriver, () => {
      void sleep(backoff(0)).then(async () => {
        if (this.connected && this.#consuming.has(consuming)) await this.#start(consuming);
      });
    });
  }

  #channel(): SimulatedChannel {
    const channel = new SimulatedChannel(this.parts, this.life);
    this.#channels.push(channel);
    return channel;
  }
}

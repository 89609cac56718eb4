import { type ConfirmChannel, type GetMessage, type Options, connect } from 'amqplib';
import { type Topology, deadLetterQueueOf, retryQueueOf } from '../transport/topology.js';

/** Looks at a broker, and meddles with it, over connections of its own by the driver alone. */
export class Bystander {
  constructor(private readonly url: string) {}

  async withChannel<T>(work: (channel: ConfirmChannel) => Promise<T>): Promise<T> {
    const connection = await connect(this.url);
    connection.on('error', () => undefined);
    try {
      const channel = await connection.createConfirmChannel();
      // Whoever asks for what is not there hears of it by the answer.
      channel.on('error', () => undefined);
      return await work(channel);
    } finally {
      await connection.close();
    }
  }

  /** Messages that nobody has in hand. */
  depth(queue: string): Promise<number> {
    return this.withChannel(async (channel) => (await channel.checkQueue(queue)).messageCount);
  }

  /** Whether there is such a queue with so many messages in it. */
  has(queue: string, messages: number): Promise<boolean> {
    return this.depth(queue).then(
      (depth) => depth === messages,
      () => false,
    );
  }

  consumers(queue: string): Promise<number> {
    return this.withChannel(async (channel) => (await channel.checkQueue(queue)).consumerCount);
  }

  /** The message at the head of the queue, which is gone from it. */
  take(queue: string): Promise<GetMessage> {
    return this.withChannel(async (channel) => {
      const message = await channel.get(queue, { noAck: true });
      if (!message) throw new Error(`${queue} is empty`);
      return message;
    });
  }

  /** Resolves once the broker has it. The default exchange, `''`, takes the name of a queue as routing key. */
  publish(
    exchange: string,
    routingKey: string,
    content: Buffer,
    options: Options.Publish = {},
  ): Promise<void> {
    return this.withChannel(async (channel) => {
      channel.publish(exchange, routingKey, content, { persistent: true, ...options });
      await channel.waitForConfirms();
    });
  }

  /** As when the head of one queue has waited long enough. */
  async move(from: string, to: string): Promise<void> {
    const { content, properties } = await this.take(from);
    await this.publish('', to, content, properties);
  }

  deleteQueue(queue: string): Promise<unknown> {
    return this.withChannel((channel) => channel.deleteQueue(queue));
  }

  /** Removes what the topology had declared for it alone. */
  remove({ exchanges, queues }: Topology): Promise<void> {
    return this.withChannel(async (channel) => {
      for (const { name, retryDelaysMs } of queues) {
        const retries = retryDelaysMs.map((delayMs) => retryQueueOf(name, delayMs));
        for (const one of [name, ...retries, deadLetterQueueOf(name)]) await channel.deleteQueue(one);
      }
      for (const exchange of exchanges) await channel.deleteExchange(exchange);
    });
  }
}

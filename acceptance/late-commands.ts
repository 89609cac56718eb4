import { type ChannelModel, connect } from 'amqplib';
import { COMMANDS, commandTopology } from '@orders/shared-events/transport/topology.js';

interface Heard {
  readonly routingKey: string;
  readonly content: Buffer;
}

/** Hears all commands that go over the bus, so that a spec can have them come once more, as from a sender that is late. */
export class LateCommands {
  readonly #heard: Heard[] = [];

  private constructor(private readonly connection: ChannelModel) {}

  static async of(brokerUrl: string): Promise<LateCommands> {
    const commands = new LateCommands(await connect(brokerUrl));
    const channel = await commands.connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, COMMANDS, '#');
    const hear = (routingKey: string, content: Buffer) => void commands.#heard.push({ routingKey, content });
    await channel.consume(queue, (message) => message && hear(message.fields.routingKey, message.content), {
      noAck: true,
    });
    return commands;
  }

  /** All that were heard so far, the same bytes in the same order. Resolves with how many that are. */
  async sendAgain(): Promise<number> {
    const sent = [...this.#heard];
    const channel = await this.connection.createConfirmChannel();
    for (const { routingKey, content } of sent) channel.publish(COMMANDS, routingKey, content);
    await channel.waitForConfirms();
    return sent.length;
  }

  /** Whether all commands that were sent are in somebody's hands. */
  async areTaken(): Promise<boolean> {
    const channel = await this.connection.createChannel();
    const queues = await Promise.all(commandTopology.queues.map(({ name }) => channel.checkQueue(name)));
    await channel.close();
    return queues.every(({ messageCount }) => messageCount === 0);
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}

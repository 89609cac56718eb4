import { type ChannelModel, connect } from 'amqplib';
import type { BusAggregate } from '@orders/shared-events/contracts/commands.js';
import { COMMANDS, commandTopology, commandQueue } from '@orders/shared-events/transport/topology.js';

/**
 * Keeps commands to one kind of aggregate from their queue, so that a spec can do what it wants to do while processes
 * wait at that stage. Unless told otherwise the broker returns them as unroutable; those that are `lost` it takes, and
 * nobody answers. Either way they are sent again until they are let through.
 */
export class WithheldCommands {
  private constructor(
    private readonly connection: ChannelModel,
    private readonly binding: readonly [queue: string, exchange: string, pattern: string],
  ) {}

  static async of(
    brokerUrl: string,
    aggregate: BusAggregate,
    { lost = false } = {},
  ): Promise<WithheldCommands> {
    const queue = commandTopology.queues.find(({ name }) => name === commandQueue(aggregate));
    if (!queue) throw new Error(`no queue for ${aggregate}`);
    const connection = await connect(brokerUrl);
    const binding = [queue.name, COMMANDS, queue.pattern] as const;
    const channel = await connection.createChannel();
    if (lost) {
      const { queue: nobodys } = await channel.assertQueue('', { exclusive: true });
      await channel.bindQueue(nobodys, COMMANDS, queue.pattern);
    }
    await channel.unbindQueue(...binding);
    return new WithheldCommands(connection, binding);
  }

  async letThrough(): Promise<void> {
    const channel = await this.connection.createChannel();
    await channel.bindQueue(...this.binding);
    await this.connection.close();
  }
}

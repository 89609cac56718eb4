import { CloudEvent } from '@orders/shared-events/contracts/integration-events.js';
import { INTEGRATION_EVENTS } from '@orders/shared-events/transport/topology.js';
import { type ChannelModel, connect } from 'amqplib';
import type { System } from './system.js';

interface Heard {
  readonly routingKey: string;
  readonly event: CloudEvent;
}

/** Somebody outside who hears all integration events. */
export class Listener {
  readonly #heard: Heard[] = [];

  private constructor(private readonly connection: ChannelModel) {}

  static async at({ backEnds }: System): Promise<Listener> {
    const listener = new Listener(await connect(backEnds['RABBITMQ_URL'] ?? ''));
    await listener.#listen();
    return listener;
  }

  async #listen(): Promise<void> {
    const channel = await this.connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, INTEGRATION_EVENTS, '#');
    await channel.consume(
      queue,
      (message) => {
        if (!message) return;
        const event = CloudEvent.parse(JSON.parse(message.content.toString()));
        this.#heard.push({ routingKey: message.fields.routingKey, event });
      },
      { noAck: true },
    );
  }

  /** The routing keys of what was told of it. */
  of(orderId: string): string[] {
    return this.#heard.filter(({ event }) => event.subject === orderId).map(({ routingKey }) => routingKey);
  }

  positionOf(orderId: string, routingKey: string): string {
    const found = this.#heard.find(
      ({ event, ...of }) => event.subject === orderId && of.routingKey === routingKey,
    );
    return String(BigInt(found?.event.sequence ?? 0));
  }

  /** The routing keys of what was told by that replay. */
  replayed(replayId: string | undefined): string[] {
    return this.#heard.filter(({ event }) => event.replayid === replayId).map(({ routingKey }) => routingKey);
  }

  /** How often each of them was. */
  countsOf(replayId: string | undefined): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const key of this.replayed(replayId)) counts[key] = (counts[key] ?? 0) + 1;
    return counts;
  }

  stop(): Promise<void> {
    return this.connection.close();
  }
}

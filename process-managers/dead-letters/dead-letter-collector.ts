import type { Consumption, MessageBus } from '@orders/shared-events/transport/message-bus.js';
import { commandTopology, deadLetterQueueOf } from '@orders/shared-events/transport/topology.js';
import type { DeadLetters } from './dead-letters.table.js';

const PREFETCH = 20;

/**
 * Copies what ends in the dead-letter queues into Postgres: acknowledged once it is stored. Any number of
 * instances may do so side by side.
 */
export class DeadLetterCollector {
  #consumptions: readonly Consumption[] = [];

  constructor(
    private readonly bus: Pick<MessageBus, 'consume'>,
    private readonly deadLetters: DeadLetters,
    private readonly queues = commandTopology.queues,
  ) {}

  async start(): Promise<void> {
    this.#consumptions = await Promise.all(
      this.queues.map(({ name }) =>
        this.bus.consume(deadLetterQueueOf(name), (delivery) => this.deadLetters.store(name, delivery), {
          prefetch: PREFETCH,
        }),
      ),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#consumptions.map((consumption) => consumption.stop()));
  }
}

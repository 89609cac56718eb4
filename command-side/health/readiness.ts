import type { ReadinessCheck } from '@orders/shared-events/http/health.controller.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { MessageBus } from '@orders/shared-events/transport/message-bus.js';
import type { SimulatedProvider } from '../payment/simulated-provider.js';

/** What the command side needs: the event store, RabbitMQ, and the ledger's Postgres. */
export class CommandSideReadiness {
  constructor(
    private readonly eventStore: Pick<EventStore, 'ping'>,
    private readonly messageBus: Pick<MessageBus, 'connected'>,
    private readonly provider: Pick<SimulatedProvider, 'ping'>,
  ) {}

  readonly checks: readonly ReadinessCheck[] = [
    { name: 'eventStore', check: () => this.eventStore.ping().then(nothingMore) },
    { name: 'rabbitMq', check: () => this.#rabbitMq() },
    { name: 'postgres', check: () => this.provider.ping().then(nothingMore) },
  ];

  async #rabbitMq(): Promise<Record<string, never>> {
    if (!this.messageBus.connected) throw new Error('not connected');
    return Promise.resolve({});
  }
}

const nothingMore = (): Record<string, never> => ({});

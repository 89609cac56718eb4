import type { ReadinessCheck } from '@orders/shared-events/http/health.controller.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { MessageBus } from '@orders/shared-events/transport/message-bus.js';
import type { GuardedProvider } from '../payment/guarded-provider.js';

/** What the command side needs: the event store and RabbitMQ. */
export class CommandSideReadiness {
  constructor(
    private readonly eventStore: Pick<EventStore, 'ping'>,
    private readonly messageBus: Pick<MessageBus, 'connected'>,
    private readonly provider: Pick<GuardedProvider, 'breaker'>,
  ) {}

  readonly checks: readonly ReadinessCheck[] = [
    { name: 'eventStore', check: () => this.eventStore.ping().then(nothingMore) },
    { name: 'rabbitMq', check: () => this.#rabbitMq() },
    { name: 'paymentProvider', check: () => Promise.resolve(this.#paymentProvider()) },
  ];

  async #rabbitMq(): Promise<Record<string, never>> {
    if (!this.messageBus.connected) throw new Error('not connected');
    return Promise.resolve({});
  }

  /** Never not ready: while the provider is away orders are accepted all the same, and paid for once it is back. */
  #paymentProvider(): Record<string, string> {
    const circuitBreaker = this.provider.breaker;
    return circuitBreaker === 'closed' ? { circuitBreaker } : { circuitBreaker, degraded: DEGRADED };
  }
}

const DEGRADED = 'the payment provider is away: payments are deferred';

const nothingMore = (): Record<string, never> => ({});

import type { ReadinessCheck } from '@orders/shared-events/http/health.controller.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { MessageBus } from '@orders/shared-events/transport/message-bus.js';
import type { Pool } from 'pg';

export interface ReadinessOptions {
  readonly eventStore: Pick<EventStore, 'ping'>;
  readonly messageBus: Pick<MessageBus, 'connected'>;
  readonly pool: Pool;
}

/** The log may not have been dealt with for so long before that counts as not ready. */
const TOLERATED_LAG_S = 30;

const SELECT_ONE = { name: 'readiness-postgres', text: 'SELECT 1' };
const LAG = {
  name: 'readiness-lag',
  text: `
    SELECT name, extract(epoch FROM now() - caught_up_at)::float8 AS seconds
    FROM process_managers.checkpoints ORDER BY caught_up_at LIMIT 1`,
};

/** What the process managers need: the three back ends, and somebody who keeps up with the log. */
export class ProcessManagersReadiness {
  constructor(private readonly options: ReadinessOptions) {}

  readonly checks: readonly ReadinessCheck[] = [
    { name: 'eventStore', check: () => this.#eventStore() },
    { name: 'rabbitMq', check: () => this.#rabbitMq() },
    { name: 'postgres', check: () => this.#postgres() },
    { name: 'processManagers', check: () => this.#lag() },
  ];

  async #eventStore() {
    await this.options.eventStore.ping();
    return {};
  }

  async #rabbitMq() {
    if (!this.options.messageBus.connected) throw new Error('not connected');
    return Promise.resolve({});
  }

  async #postgres() {
    await this.options.pool.query(SELECT_ONE);
    return {};
  }

  /** The one that is furthest behind, whichever instance it runs on. */
  async #lag() {
    const { rows } = await this.options.pool.query<{ name: string; seconds: number }>(LAG);
    const [last] = rows;
    if (!last) throw new Error('not started yet');
    const { name, seconds } = last;
    if (!Number.isFinite(seconds)) throw new Error(`${name} has not caught up with the log yet`);
    if (seconds > TOLERATED_LAG_S) {
      throw new Error(`${name} has not kept up with the log for ${Math.round(seconds)} s`);
    }
    return { furthestBehind: name, seconds: Math.round(seconds) };
  }
}

import type { Pool } from 'pg';
import type { AppendResult } from '@orders/shared-events/transport/append-gateway.js';
import type { ProcessManagersOptions } from '../process-managers.js';
import type { Stand } from './stand.js';

/**
 * Stands between an instance and the three back ends. While it is frozen, what the instance wants of them waits; after
 * that it is done as if no time had passed, as by a process that was stopped and is woken.
 */
export class Freezer {
  #isFrozen = (_what: string): boolean => false;
  #thawed: (() => void)[] = [];
  /** What waits: `append`, `publish`, or the name of a statement. */
  readonly waiting: string[] = [];
  /** What came of each append, and of how many rows each statement was, that had to wait. */
  readonly outcomes: { readonly what: string; readonly outcome: AppendResult['outcome'] | number }[] = [];

  constructor(private readonly servers: Pick<Stand, 'store' | 'bus' | 'pool'>) {}

  get parts(): Pick<ProcessManagersOptions, 'eventStore' | 'messageBus' | 'pool'> {
    const { store, bus } = this.servers;
    return {
      eventStore: {
        append: async (...append) => {
          const wasFrozen = await this.#pass('append');
          const result = await store.append(...append);
          if (wasFrozen) this.outcomes.push({ what: 'append', outcome: result.outcome });
          return result;
        },
        readStream: (...read) => store.readStream(...read),
        readStreamBackwards: (...read) => store.readStreamBackwards(...read),
        eventAt: (position) => store.eventAt(position),
        subscribe: (options) => store.subscribe(options),
        head: (options) => store.head(options),
        identity: () => store.identity(),
      },
      messageBus: {
        connected: true,
        publish: async (...message) => {
          await this.#pass('publish');
          await bus.publish(...message);
        },
        publishBytes: async (...message) => {
          await this.#pass('publish');
          await bus.publishBytes(...message);
        },
        consume: (...consumption) => bus.consume(...consumption),
      },
      pool: this.#pool(),
    };
  }

  /** @param only `append` or `publish`; everything unless told otherwise */
  freeze(only?: string): void {
    this.#isFrozen = (what) => only === undefined || what === only;
  }

  thaw(): void {
    this.#isFrozen = () => false;
    for (const go of this.#thawed.splice(0)) go();
  }

  /** True where it had to wait. */
  async #pass(what: string): Promise<boolean> {
    if (!this.#isFrozen(what)) return false;
    this.waiting.push(what);
    await new Promise<void>((resolve) => this.#thawed.push(resolve));
    return true;
  }

  #pool(): Pool {
    const query = async (statement: { readonly name: string; readonly text: string }): Promise<unknown> => {
      const wasFrozen = await this.#pass(statement.name);
      const result = await this.servers.pool.query(statement);
      if (wasFrozen) this.outcomes.push({ what: statement.name, outcome: result.rowCount ?? 0 });
      return result;
    };
    return new Proxy(this.servers.pool, {
      get: (pool, key) => (key === 'query' ? query : (Reflect.get(pool, key, pool) as unknown)),
    });
  }
}

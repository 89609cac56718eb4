import type { ReadinessCheck } from '@orders/shared-events/http/health.controller.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { Builder } from '../builds/builder.js';
import { liveBuild } from '../builds/builds.js';
import type { ReadDatabase } from '../database/read-database.js';

export interface ReadinessOptions {
  readonly eventStore: Pick<EventStore, 'ping' | 'head'>;
  readonly database: ReadDatabase;
  readonly builder: Pick<Builder, 'state'>;
  readonly contract: string;
  readonly now: () => number;
}

/** The rows may be behind the log for so long before that counts as not ready. */
const TOLERATED_LAG_MS = 30_000;

/** What the query side needs: the event store, Postgres, and rows that keep up with the log. */
export class QuerySideReadiness {
  /** The oldest head of the log that the rows were seen not to have reached, and when. */
  #owed: { readonly head: bigint; readonly since: number } | undefined;
  #hasCaughtUp = false;

  constructor(private readonly options: ReadinessOptions) {}

  readonly checks: readonly ReadinessCheck[] = [
    { name: 'eventStore', check: () => this.#eventStore() },
    { name: 'postgres', check: () => this.#postgres() },
    { name: 'projection', check: () => this.#projection() },
  ];

  async #eventStore() {
    await this.options.eventStore.ping();
    return {};
  }

  async #postgres() {
    await this.options.database.rows({ text: 'SELECT 1' });
    return {};
  }

  async #projection() {
    const { eventStore, database, contract, builder } = this.options;
    const [live, head] = await Promise.all([liveBuild(database.pool, contract), eventStore.head()]);
    if (!live) throw new Error('there are no read models yet');
    const behindMs = this.#lag(live.position, head);
    const where = `read models at ${live.position}, log at ${head}`;
    if (builder.state.is === 'failing') throw new Error(`${builder.state.error.message} (${where})`);
    if (!this.#hasCaughtUp) throw new Error(`still catching up: ${where}`);
    if (behindMs > TOLERATED_LAG_MS) throw new Error(`behind for ${Math.round(behindMs / 1000)} s: ${where}`);
    const [position, at] = [live.position.toString(), head.toString()];
    return { build: live.build, builder: builder.state.is, position, head: at, behindMs };
  }

  /** Milliseconds for which the rows have been known to lack something. Under load they always lack the newest. */
  #lag(position: bigint, head: bigint): number {
    const now = this.options.now();
    if (position >= head) this.#hasCaughtUp = true;
    if (this.#owed && position >= this.#owed.head) {
      this.#hasCaughtUp = true;
      this.#owed = undefined;
    }
    if (position < head) this.#owed ??= { head, since: now };
    return this.#owed ? now - this.#owed.since : 0;
  }
}

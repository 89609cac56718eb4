import type { ReadinessCheck } from '@orders/shared-events/http/health.controller.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import { within } from '@orders/shared-events/transport/waiting.js';
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
/** Less than the whole check has: what the builder has to say is told even where nobody else answers. */
const ANSWER_MS = 2_000;

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
    const { builder } = this.options;
    const standing = within(ANSWER_MS, 'the read models', this.#standing());
    if (builder.state.is === 'failing') {
      const where = await standing.then(whereOf, () => 'where they stand is not known');
      throw new Error(`${builder.state.error.message} (${where})`);
    }
    const { build, position, head, behindMs } = await standing;
    if (!this.#hasCaughtUp) throw new Error(`still catching up: ${whereOf({ position, head })}`);
    if (behindMs > TOLERATED_LAG_MS)
      throw new Error(`behind for ${Math.round(behindMs / 1000)} s: ${whereOf({ position, head })}`);
    return { build, builder: builder.state.is, position: `${position}`, head: `${head}`, behindMs };
  }

  async #standing() {
    const { eventStore, database, contract } = this.options;
    const [live, head] = await Promise.all([liveBuild(database.pool, contract), eventStore.head()]);
    if (!live) throw new Error('there are no read models yet');
    const { build, position } = live;
    return { build, position, head, behindMs: this.#lag(position, head) };
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

const whereOf = ({ position, head }: { readonly position: bigint; readonly head: bigint }): string =>
  `read models at ${position}, log at ${head}`;

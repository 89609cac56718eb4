import type { Client, Pool } from 'pg';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { inTransaction, transaction } from './database/database.js';
import { createIndexes, liveBuild } from './builds/builds.js';
import { createViews, limitHolding, promote, viewsOf } from './builds/promotion.js';
import type { BuildSession } from './builds/session.js';
import type { Definition } from './read-models/definition.js';
import { type RowHash, rowHashes } from './read-models/row-hash.js';

/** What a rebuild reads. */
export interface ReadableLog {
  /** Our events in log order, behind `after`, to the end that the log has by then. */
  readAll(options: { after?: bigint }): AsyncIterable<RecordedEvent>;
}

export interface Progress {
  /** Events projected so far by this rebuild. */
  readonly events: number;
  /** Commit position of the last of them. */
  readonly position: bigint;
}

export interface RebuildOptions {
  readonly session: BuildSession;
  readonly definition: Definition;
  readonly log: ReadableLog;
  readonly pool: Pool;
  /** Opens a connection whose statements may take as long as they need. */
  readonly connect: () => Promise<Client>;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface Comparison {
  readonly live: Readonly<Record<string, RowHash>>;
  readonly candidate: Readonly<Record<string, RowHash>>;
  /** Names of the views whose rows differ, or that one of the two does not have. */
  readonly different: readonly string[];
  /** At which both were compared. */
  readonly position: bigint;
}

const BATCH = 5_000;
const PROMOTION_TRIES = 40;

/** Fills a build from the log while the live one is read and written, and then compares the two or swaps them. */
export class Rebuild {
  #events = 0;

  constructor(private readonly options: RebuildOptions) {}

  /** Projects the log up to the end that it has by then. Goes on from the build's checkpoint. */
  async fill(): Promise<void> {
    await this.#project(undefined);
  }

  /** Projects exactly up to a position that the log is known to have reached; nothing where the build is beyond. */
  async advanceTo(position: bigint): Promise<void> {
    if (this.options.session.writer.position < position) await this.#project(position);
  }

  /** Makes the views that a comparison reads. */
  async makeViews(): Promise<void> {
    const { session, definition } = this.options;
    await this.#onConnection((client) =>
      inTransaction(client, () => createViews(client, session.build, definition)),
    );
  }

  /** Makes indexes and views, then the statistics that plans are made from. A build that has views has indexes. */
  async prepareForReaders(): Promise<void> {
    const { session, definition } = this.options;
    await this.#onConnection(async (client) => {
      await inTransaction(client, async () => {
        const isNew = await createViews(client, session.build, definition);
        if (isNew) await createIndexes(client, session.build, definition);
      });
      for (const { projector } of definition.readModels) {
        for (const { name } of projector.tables)
          await client.query({ text: `ANALYZE ${session.build}.${name}` });
      }
    });
  }

  /** Swaps the build in. Tries again while locks are not to be had. */
  async promote(): Promise<void> {
    const { session, definition, signal } = this.options;
    for (let tries = 1; ; tries++) {
      await this.fill();
      signal.throwIfAborted();
      try {
        return await this.#onConnection((client) =>
          promote(client, {
            build: session.build,
            contract: definition.contract,
            advanceTo: (position) => this.advanceTo(position),
          }),
        );
      } catch (error) {
        if (!isLockTimeout(error) || tries === PROMOTION_TRIES) throw error;
      }
    }
  }

  /**
   * Hashes the rows of the live build and of this one at the same position. The live build's builder waits only
   * for the last events to arrive here; what is hashed is a snapshot. The build must not be beyond the live one.
   */
  async compare(): Promise<Comparison> {
    const { definition, session } = this.options;
    return this.#onConnection(async (client) => {
      const position = await this.#snapshot(client);
      const live = await rowHashes(client, definition.contract);
      const candidate = await rowHashes(client, viewsOf(definition.contract, session.build));
      await client.query({ text: 'COMMIT' });
      const names = [...new Set([...Object.keys(live), ...Object.keys(candidate)])];
      const different = names.filter((name) => live[name]?.hash !== candidate[name]?.hash);
      return { live, candidate, different, position };
    });
  }

  /** Begins a transaction on `client` that sees both builds at one position, which it returns. */
  async #snapshot(client: Client): Promise<bigint> {
    const { pool, definition } = this.options;
    // While it is held there is little left to do.
    await this.advanceTo((await liveBuild(pool, definition.contract))?.position ?? -1n);
    return transaction(pool, async (holder) => {
      await limitHolding(holder);
      const live = await liveBuild(holder, definition.contract);
      if (!live) throw new Error('there is no live build to compare with');
      await holder.query({
        text: 'SELECT FROM read_models.checkpoints WHERE build = $1 FOR UPDATE',
        values: [live.build],
      });
      const { position } = (await liveBuild(holder, definition.contract)) ?? live;
      await this.advanceTo(position);
      await client.query({ text: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' });
      await client.query({ text: 'SELECT' });
      return position;
    });
  }

  async #project(upTo: bigint | undefined): Promise<void> {
    const { session, log, signal } = this.options;
    const from = session.writer.position;
    let events: RecordedEvent[] = [];
    let writing = Promise.resolve();
    for await (const event of log.readAll(from < 0n ? {} : { after: from })) {
      if (upTo !== undefined && event.position > upTo) break;
      events.push(event);
      if (events.length < BATCH) continue;
      await writing;
      signal.throwIfAborted();
      // While Postgres writes one batch, the log is read for the next.
      writing = this.#write(events, event.position);
      writing.catch(() => undefined);
      events = [];
    }
    await writing;
    await this.#write(events, upTo ?? events.at(-1)?.position ?? session.writer.position);
  }

  async #write(events: readonly RecordedEvent[], position: bigint): Promise<void> {
    this.options.session.lost.throwIfAborted();
    await this.options.session.writer.write({ events, position });
    this.#events += events.length;
    this.options.onProgress?.({ events: this.#events, position });
  }

  async #onConnection<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = await this.options.connect();
    // Its statements may take long: whoever gives up, or has lost the build, waits for none of them.
    const over = AbortSignal.any([this.options.signal, this.options.session.lost]);
    const end = (): void => void client.end();
    over.addEventListener('abort', end);
    try {
      over.throwIfAborted();
      return await work(client);
    } finally {
      over.removeEventListener('abort', end);
      await client.end();
    }
  }
}

/** SQLSTATE lock_not_available. */
const isLockTimeout = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '55P03';

import { randomUUID } from 'node:crypto';
import type { Client, Pool, QueryResult, QueryResultRow } from 'pg';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { within } from '@orders/shared-events/transport/waiting.js';
import type { Queryable } from '../database/database.js';
import type { Statement } from '../database/statement.js';
import { BuildWriter } from '../projection.js';
import { type Definition, projectorsOf } from '../read-models/definition.js';
import type { Build } from './builds.js';
import {
  ANSWER_MS,
  LEASE_MS,
  RENEW_EVERY_MS,
  acquire,
  endWhereItStandsStill,
  release,
  renew,
} from './lease.js';

/** The checkpoints belong to another log: positions of one mean nothing in another. */
export class ForeignLog extends Error {
  override readonly name = 'ForeignLog';

  constructor(build: string, expected: string, found: string) {
    super(
      `the read models in this database (${build}) were built from event log ${expected}, but EVENTSTORE_URL leads to log ${found}: ` +
        'connect the event store they belong to, or use an empty database',
    );
  }
}

/** Others may have the lease by now: it could not be renewed in its time. */
export class LeaseNotRenewed extends Error {
  override readonly name = 'LeaseNotRenewed';

  constructor(build: string) {
    super(`the lease on ${build} could not be renewed within ${LEASE_MS / 1_000} s`);
  }
}

export function demandSameLog(
  { build, logIdentity }: Pick<Build, 'build' | 'logIdentity'>,
  log: string,
): void {
  if (logIdentity !== log) throw new ForeignLog(build, logIdentity, log);
}

export interface SessionOptions {
  readonly pool: Pool;
  /** Opens the connection that the rows are written through; it holds the lease. */
  readonly connect: () => Promise<Client>;
  readonly definition: Definition;
  readonly logIdentity: string;
  readonly logger: LogSink;
}

/** What a writer needs to be told by what the build is for. */
export interface Mode {
  /** Readers hear of each batch. */
  readonly announces: boolean;
  /** Commits do not wait for the disk: right until promotion, whose own commit brings all before it to disk. */
  readonly lazyCommits: boolean;
}

/** What a builder has in hand that got the lease. */
interface Held {
  readonly build: string;
  readonly builder: string;
  readonly client: Client;
  readonly position: bigint;
}

/**
 * The right to write one build, held for a while: a connection, the lease, and the writer. `lost` aborts when the
 * lease is another's, was not renewed in time, or the connection is gone; nothing is written after that.
 *
 * By its own clock, an answer to the writer is as good as a renewal: a batch's transaction has the lease's row, so that
 * nobody else can take it. A renewal of its own would wait for that row, on a connection that readers miss; one that
 * comes due while a batch is being written goes along with it.
 */
export class BuildSession {
  readonly build: string;
  readonly #lost = new AbortController();
  readonly #heartbeat: NodeJS.Timeout;
  #expiry: NodeJS.Timeout | undefined;
  /** The writer waits for an answer. Between the statements of a batch it waits for nothing else. */
  #isWriting = false;
  #isDue = false;
  #isAsking = false;
  #writer: BuildWriter | undefined;

  private constructor(
    private readonly held: Held,
    private readonly options: SessionOptions,
  ) {
    this.build = held.build;
    this.#heartbeat = setInterval(() => void this.#beat(), RENEW_EVERY_MS);
    this.#holdOn();
    held.client.once('end', () => this.#lose());
  }

  /** Undefined where another builder holds the build. Throws ForeignLog. */
  static async open(build: string, mode: Mode, options: SessionOptions): Promise<BuildSession | undefined> {
    const client = await options.connect();
    try {
      const builder = randomUUID();
      await endWhereItStandsStill(client);
      const checkpoint = await acquire(client, build, builder);
      if (checkpoint) {
        demandSameLog({ build, ...checkpoint }, options.logIdentity);
        const { position } = checkpoint;
        return await new BuildSession({ build, builder, client, position }, options).#begun(mode);
      }
    } catch (error) {
      await client.end();
      throw error;
    }
    await client.end();
    return undefined;
  }

  get writer(): BuildWriter {
    if (!this.#writer) throw new Error(`${this.build} is not being written yet`);
    return this.#writer;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Throws LeaseNotRenewed where that is why it is lost. */
  demandRenewed(): void {
    if (this.lost.reason instanceof LeaseNotRenewed) throw this.lost.reason;
  }

  /** Lets the next builder in at once. Safe in any state of the connection. */
  async close(): Promise<void> {
    const { build, builder, client } = this.held;
    this.#stopRenewing();
    await client.end();
    if (this.lost.reason instanceof LeaseNotRenewed) return;
    await within(ANSWER_MS, 'the lease', release(this.options.pool, build, builder)).catch((error: unknown) =>
      this.options.logger.warn({ err: error, build }, 'the lease runs out by itself'),
    );
  }

  async #begun({ announces, lazyCommits }: Mode): Promise<this> {
    const { build, builder, position } = this.held;
    const client: Queryable = { query: (statement) => this.#write(statement) };
    if (lazyCommits) await client.query({ text: 'SET synchronous_commit TO off' });
    const projectors = projectorsOf(this.options.definition);
    this.#writer = await BuildWriter.open(client, { build, builder, position, projectors, announces });
    return this;
  }

  async #write<Row extends QueryResultRow>(statement: Statement): Promise<QueryResult<Row>> {
    const client: Queryable = this.held.client;
    this.#isWriting = true;
    try {
      const answer = await client.query<Row>(statement);
      this.#holdOn();
      if (this.#isDue) await this.#renew((build, builder) => renew(client, build, builder));
      return answer;
    } finally {
      this.#isWriting = false;
    }
  }

  async #beat(): Promise<void> {
    this.#isDue = this.#isWriting;
    if (this.#isWriting || this.#isAsking) return;
    this.#isAsking = true;
    try {
      await this.#renew((build, builder) =>
        within(ANSWER_MS, 'the lease', renew(this.options.pool, build, builder)),
      );
    } catch (error) {
      // Still ours until it runs out.
      this.options.logger.warn({ err: error, build: this.build }, 'the lease was not renewed');
    }
    this.#isAsking = false;
  }

  async #renew(renewed: (build: string, builder: string) => Promise<boolean>): Promise<void> {
    this.#isDue = false;
    const askedAt = performance.now();
    if (await renewed(this.held.build, this.held.builder)) this.#holdOn(askedAt);
    else this.#lose();
  }

  /** By our own clock, from before we asked: it ends here no later than there. */
  #holdOn(askedAt = performance.now()): void {
    if (this.#lost.signal.aborted) return;
    clearTimeout(this.#expiry);
    const left = askedAt + LEASE_MS - performance.now();
    this.#expiry = setTimeout(() => this.#lose(new LeaseNotRenewed(this.build)), left);
  }

  /** What is being written is broken off, so that nobody waits for its answer either. */
  #lose(why?: LeaseNotRenewed): void {
    this.#lost.abort(why);
    this.#stopRenewing();
    void this.held.client.end();
  }

  #stopRenewing(): void {
    clearInterval(this.#heartbeat);
    clearTimeout(this.#expiry);
  }
}

import { randomUUID } from 'node:crypto';
import type { Client, Pool } from 'pg';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { BuildWriter } from '../projection.js';
import { type Definition, projectorsOf } from '../read-models/definition.js';
import type { Build } from './builds.js';
import { RENEW_EVERY_MS, acquire, endWhereItStandsStill, release, renew } from './lease.js';

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

/**
 * The right to write one build, held for a while: a connection, the lease, and the writer. `lost` aborts when the
 * lease is another's or the connection is gone.
 */
export class BuildSession {
  readonly #lost = new AbortController();
  readonly #heartbeat: NodeJS.Timeout;

  private constructor(
    readonly build: string,
    readonly writer: BuildWriter,
    private readonly builder: string,
    private readonly client: Client,
    private readonly options: SessionOptions,
  ) {
    this.#heartbeat = setInterval(() => void this.#beat(), RENEW_EVERY_MS);
    client.once('end', () => this.#lost.abort());
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
        if (mode.lazyCommits) await client.query({ text: 'SET synchronous_commit TO off' });
        const writer = await BuildWriter.open(client, {
          build,
          builder,
          position: checkpoint.position,
          projectors: projectorsOf(options.definition),
          announces: mode.announces,
        });
        return new BuildSession(build, writer, builder, client, options);
      }
    } catch (error) {
      await end(client);
      throw error;
    }
    await end(client);
    return undefined;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Lets the next builder in. Safe in any state of the connection. */
  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    await end(this.client);
    await release(this.options.pool, this.build, this.builder).catch((error: unknown) =>
      this.options.logger.warn({ err: error, build: this.build }, 'the lease runs out by itself'),
    );
  }

  async #beat(): Promise<void> {
    try {
      if (!(await renew(this.options.pool, this.build, this.builder))) this.#lost.abort();
    } catch (error) {
      // Still ours until it runs out; the writer's compare-and-set keeps a successor safe from us.
      this.options.logger.warn({ err: error, build: this.build }, 'the lease was not renewed');
    }
  }
}

const end = (client: Client): Promise<void> => client.end().catch(() => undefined);

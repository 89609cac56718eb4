import type { Client, Pool } from 'pg';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { createBuild, ensureStructure, liveBuild, lockBuilds } from '../builds/builds.js';
import { dropBuild, prune } from '../builds/prune.js';
import { BuildSession, demandSameLog } from '../builds/session.js';
import { transaction } from '../database/database.js';
import type { Definition } from '../read-models/definition.js';
import { type Comparison, type Progress, type ReadableLog, Rebuild } from '../replay.js';

export class AnotherReplay extends Error {
  override readonly name = 'AnotherReplay';
}

export interface ReplayOptions {
  /** Compares with the live build instead of taking its place. */
  readonly dryRun: boolean;
  readonly log: ReadableLog & { head(): Promise<bigint>; identity(): Promise<string> };
  readonly pool: Pool;
  /** Opens a connection whose statements may take as long as they need. */
  readonly connect: () => Promise<Client>;
  readonly definition: Definition;
  readonly logger: LogSink;
  readonly signal: AbortSignal;
  readonly onStage: (stage: Stage) => void;
  readonly onProgress: (progress: Progress & { readonly head: bigint }) => void;
}

export type Stage = 'filling' | 'indexing' | 'comparing' | 'promoting';

export interface ReplayOutcome {
  readonly build: string;
  /** Of the build that was live before. */
  readonly replaced: string | undefined;
  readonly events: number;
  readonly position: bigint;
  readonly comparison: Comparison | undefined;
}

/** A superseded build that its builder left a moment ago may be about to be taken up again. */
const KEPT_FOR_SECONDS = 10;

/**
 * Builds the read models anew from the log's first event, while the live ones are read and written, and swaps them
 * in. Drops what it made when it does not get there; what a killed replay left, the next one drops. Throws
 * AnotherReplay, ForeignLog, UnreadableEvent, or what a back end said.
 */
export async function replay(options: ReplayOptions): Promise<ReplayOutcome> {
  const { pool, definition, connect, log } = options;
  await ensureStructure(pool);
  const only = await connect();
  try {
    await demandOnly(only);
    await prune(pool, definition.contract, KEPT_FOR_SECONDS);
    const logIdentity = await log.identity();
    const live = await liveBuild(pool, definition.contract);
    if (live) demandSameLog(live, logIdentity);
    const build = await transaction(pool, async (client) => {
      await lockBuilds(client);
      return createBuild(client, definition, { purpose: 'replay', logIdentity });
    });
    return await filled(build, logIdentity, live?.build, options);
  } finally {
    await only.end();
  }
}

/** Held until the connection ends, however it ends. */
async function demandOnly(client: Client): Promise<void> {
  const { rows } = await client.query<{ free: boolean }>({
    text: `SELECT pg_try_advisory_lock(hashtextextended('orders.replay', 0)) AS free`,
  });
  if (!rows[0]?.free) throw new AnotherReplay('another replay is running');
}

async function filled(
  build: string,
  logIdentity: string,
  replaced: string | undefined,
  options: ReplayOptions,
): Promise<ReplayOutcome> {
  const mode = { announces: false, lazyCommits: true };
  const session = await BuildSession.open(build, mode, { ...options, logIdentity });
  if (!session) throw new Error(`${build} is being written by somebody else`);
  let events = 0;
  const head = await options.log.head();
  const rebuild = new Rebuild({
    ...options,
    session,
    onProgress: (progress) => {
      events = progress.events;
      options.onProgress({ ...progress, head: progress.position > head ? progress.position : head });
    },
  });
  options.onProgress({ events: 0, position: 0n, head });
  let isPromoted = false;
  try {
    const comparison = options.dryRun ? await compare(rebuild, options) : await swap(rebuild, options);
    isPromoted = !options.dryRun;
    return { build, replaced, events, position: session.writer.position, comparison };
  } finally {
    await session.close();
    if (!isPromoted) await dropBuild(options.pool, options.definition.contract, build);
  }
}

async function swap(rebuild: Rebuild, { onStage }: ReplayOptions): Promise<undefined> {
  onStage('filling');
  await rebuild.fill();
  onStage('indexing');
  await rebuild.prepareForReaders();
  onStage('promoting');
  await rebuild.promote();
}

/** Never goes beyond the live build, so that both can be seen at one position. */
async function compare(rebuild: Rebuild, { onStage, pool, definition }: ReplayOptions): Promise<Comparison> {
  const live = await liveBuild(pool, definition.contract);
  if (!live) throw new Error('there is no live build to compare with');
  onStage('filling');
  await rebuild.advanceTo(live.position);
  onStage('comparing');
  await rebuild.makeViews();
  return rebuild.compare();
}

import type { Client, Pool } from 'pg';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { backoff, settles, sleep, within } from '@orders/shared-events/transport/waiting.js';
import { transaction } from '../database/database.js';
import type { PositionFeed } from '../feed/position-feed.js';
import { type Batch, Superseded, project } from '../projection.js';
import type { Definition } from '../read-models/definition.js';
import { Rebuild } from '../replay.js';
import { createBuild, listBuilds, liveBuild, lockBuilds } from './builds.js';
import { ensureFirstBuild } from './first-build.js';
import { isHeld } from './lease.js';
import { type Task, isSameTask, nextTask } from './next-task.js';
import { lookOut, pause } from './look-out.js';
import { prune } from './prune.js';
import { BuildSession, ForeignLog, type Mode, demandSameLog } from './session.js';

/** What a builder needs of the event store. */
export interface EventLog {
  identity(): Promise<string>;
  readAll(options: { after?: bigint }): AsyncIterable<RecordedEvent>;
  subscribe(options: {
    name: string;
    after: bigint | undefined;
    maxBatch: number;
    signal: AbortSignal;
  }): AsyncIterable<Batch>;
}

export interface BuilderOptions {
  readonly log: EventLog;
  readonly pool: Pool;
  /** Opens the connection that rows are written through. */
  readonly connect: () => Promise<Client>;
  /** Opens a connection whose statements may take as long as they need. */
  readonly connectPatiently: () => Promise<Client>;
  readonly feed: Pick<PositionFeed, 'onBuilds'>;
  readonly definition: Definition;
  readonly logger: LogSink;
}

export type BuilderState =
  | { readonly is: 'starting' }
  | { readonly is: 'standing by' | 'projecting' | 'rebuilding'; readonly build: string }
  | { readonly is: 'failing'; readonly error: Error };

const BATCH = 1_000;
const START_MS = 5_000;
const STOP_MS = 3_000;
/** With the lease's six seconds, a standby takes over within ten. */
const STANDBY_MS = 1_000;
const PRUNE_EVERY_MS = 60_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Keeps the read models built, as one of any number of instances: does the next task, over and over, until it is
 * stopped. Whatever fails is tried again; what can have failed half-way, the checkpoint tells.
 */
export class Builder {
  readonly #stop = new AbortController();
  #state: BuilderState = { is: 'starting' };
  #logIdentity: string | undefined;
  #running: Promise<void> | undefined;
  #pruning: NodeJS.Timeout | undefined;

  constructor(private readonly options: BuilderOptions) {}

  get state(): BuilderState {
    return this.#state;
  }

  /**
   * Makes what is missing in the database, then builds in the background. Throws ForeignLog; a back end that does
   * not answer is waited for in the background.
   */
  async start(): Promise<void> {
    await within(START_MS, 'the back ends', this.#prepare()).catch((error: unknown) => this.#failed(error));
    if (this.#state.is === 'failing' && this.#state.error instanceof ForeignLog) throw this.#state.error;
    this.#running = this.#run();
    this.#pruning = setInterval(() => void this.#prune(), PRUNE_EVERY_MS);
  }

  /** Lets the next builder in at once. What Postgres does not answer for meanwhile, ends without anybody waiting. */
  async stop(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#pruning);
    if (this.#running) await settles(STOP_MS, this.#running);
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stop.signal.aborted;) {
      try {
        await this.#step();
        failures = 0;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#failed(error);
        await sleep(backoff(failures++, FIRST_PAUSE_MS, LONGEST_PAUSE_MS), this.#stop.signal);
      }
    }
  }

  #failed(error: unknown): void {
    this.#state = { is: 'failing', error: error instanceof Error ? error : new Error(String(error)) };
    this.options.logger.error({ err: error }, 'the read models are not being built');
  }

  async #step(): Promise<void> {
    const logIdentity = await this.#prepare();
    const task = await this.#nextTask();
    if (task.do === 'create') return this.#create(logIdentity);
    const mode: Mode =
      task.do === 'project'
        ? { announces: true, lazyCommits: false }
        : { announces: false, lazyCommits: true };
    if (await isHeld(this.options.pool, task.build)) return this.#standBy(task);
    const session = await BuildSession.open(task.build, mode, { ...this.options, logIdentity });
    if (!session) return this.#standBy(task);
    const change = this.#watchFor(task);
    const signal = AbortSignal.any([this.#stop.signal, session.lost, change.signal]);
    try {
      if (task.do === 'project') await this.#project(session, signal);
      else await this.#rebuild(session, signal);
    } catch (error) {
      session.demandRenewed();
      if (!signal.aborted && !(error instanceof Superseded)) throw error;
      this.options.logger.info({ build: task.build }, 'another builder or another build goes on from here');
    } finally {
      change.end();
      await session.close();
    }
    session.demandRenewed();
  }

  async #prepare(): Promise<string> {
    const { log, pool, definition } = this.options;
    this.#logIdentity ??= await log.identity();
    await ensureFirstBuild(pool, definition, this.#logIdentity);
    const live = await liveBuild(pool, definition.contract);
    if (live) demandSameLog(live, this.#logIdentity);
    return this.#logIdentity;
  }

  async #nextTask(): Promise<Task> {
    const { pool, definition } = this.options;
    return nextTask(await listBuilds(pool, definition.contract), definition.hash);
  }

  async #create(logIdentity: string): Promise<void> {
    const { pool, definition, logger } = this.options;
    await transaction(pool, async (client) => {
      await lockBuilds(client);
      const builds = await listBuilds(client, definition.contract);
      if (nextTask(builds, definition.hash).do !== 'create') return;
      const build = await createBuild(client, definition, { purpose: 'deploy', logIdentity });
      logger.info({ build }, 'building this version of the read models beside the live ones');
    });
  }

  async #standBy({ build }: Exclude<Task, { do: 'create' }>): Promise<void> {
    this.#state = { is: 'standing by', build };
    await pause(this.options.feed, STANDBY_MS, this.#stop.signal);
  }

  async #project({ build, writer }: BuildSession, signal: AbortSignal): Promise<void> {
    this.#state = { is: 'projecting', build };
    this.options.logger.info({ build, position: writer.position.toString() }, 'projecting');
    const after = writer.position < 0n ? undefined : writer.position;
    await project(
      this.options.log.subscribe({ name: 'read models', after, maxBatch: BATCH, signal }),
      writer,
    );
  }

  async #rebuild(session: BuildSession, signal: AbortSignal): Promise<void> {
    const { build } = session;
    this.#state = { is: 'rebuilding', build };
    this.options.logger.info({ build }, 'rebuilding the read models');
    const rebuild = new Rebuild({
      ...this.options,
      session,
      connect: this.options.connectPatiently,
      signal,
    });
    await rebuild.fill();
    await rebuild.prepareForReaders();
    await rebuild.promote();
    this.options.logger.info({ build, position: session.writer.position.toString() }, 'promoted');
  }

  /** Aborts when the next task is another one: a build was promoted, or the live one has lost its builder for good. */
  #watchFor(task: Task): { readonly signal: AbortSignal; end(): void } {
    const changed = new AbortController();
    const look = (): void => {
      this.#nextTask().then(
        (next) => isSameTask(next, task) || changed.abort(),
        (error: unknown) => this.options.logger.warn({ err: error }, 'the builds cannot be listed'),
      );
    };
    return { signal: changed.signal, end: lookOut(this.options.feed, look) };
  }

  async #prune(): Promise<void> {
    const { pool, definition, logger } = this.options;
    try {
      const dropped = await prune(pool, definition.contract);
      if (dropped.length > 0) logger.info({ builds: dropped }, 'dropped builds of no use');
    } catch (error) {
      logger.warn({ err: error }, 'builds of no use were not dropped');
    }
  }
}

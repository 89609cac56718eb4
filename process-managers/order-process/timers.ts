import { performance } from 'node:perf_hooks';
import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { sleep } from '@orders/shared-events/transport/waiting.js';
import type { Parking } from '../parking/parking.js';
import type { Effects, ProcessRunner } from '../process.js';
import type { DeferredRetries } from './deferred-retries.js';
import type { Hearing } from './hearing.js';
import type { StageVisit } from './deadlines.js';
import { partitionOf } from './partition.js';
import type { ProcessesTable, Resend } from './processes.table.js';

const LOOK_EVERY_MS = 200;

export interface TimersOptions {
  readonly hearing: Pick<Hearing, 'partitions' | 'settled' | 'lookForward' | 'heardUpTo'>;
  readonly runner: Pick<ProcessRunner, 'passDeadline'>;
  readonly table: Pick<ProcessesTable, 'takeResends' | 'takeDeadlines'>;
  /** The pace of those that wait for the payment provider. */
  readonly deferred: Pick<DeferredRetries, 'due'>;
  /** What waits for something that does not come. */
  readonly parking: Pick<Parking, 'deadLetterDue'>;
  readonly send: Effects['send'];
  /** Whether the projection has reached what was the log's head when this instance booted. */
  readonly projected: () => Promise<boolean>;
  /** Whether commands can be sent at all. */
  readonly connected: () => boolean;
  /** For how long an answer may come before a deadline that passed meanwhile counts. Milliseconds. */
  readonly graceMs: number;
  readonly logger: LogSink;
}

/**
 * Sends again what was not answered, and tells processes that a stage took too long, as the rows of the
 * partitions that this instance hears say.
 *
 * A deadline says that others took too long, so none counts while they could not be asked or heard: after a
 * boot, a takeover or an absence of the broker or the log everything outstanding is sent and a grace period passes
 * first. And none counts before everything was heard that stood in the log when it was due: this instance may be slow,
 * or behind.
 */
export class Timers {
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #projected = false;
  #connectedSince: number | undefined;
  /** Deadlines that are due, and since when they are known to be: one an order, however often its row comes up. */
  readonly #due = new Map<OrderId, { readonly visit: StageVisit; readonly since: number }>();
  /** Since when the log has answered whenever it was asked. */
  #logAnswersSince: number | undefined;
  #isLookingForward = false;

  constructor(private readonly options: TimersOptions) {}

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await sleep(LOOK_EVERY_MS, this.#stop.signal);
      try {
        await this.#look();
      } catch (error) {
        this.options.logger.warn({ err: error }, 'timers: not looked, trying again');
      }
    }
  }

  async #look(): Promise<void> {
    const { options } = this;
    this.#projected ||= await options.projected();
    if (!options.connected()) this.#connectedSince = undefined;
    else this.#connectedSince ??= performance.now();
    if (!this.#projected || this.#connectedSince === undefined) return;
    const partitions = options.hearing.partitions;
    if (partitions.length > 0) {
      await this.#sendAgain(await options.table.takeResends(partitions));
      await this.#sendAgain(await options.deferred.due(partitions, performance.now()));
    }
    if (performance.now() - this.#connectedSince < options.graceMs) return;
    const settled = options.hearing.settled(options.graceMs);
    if (settled.length > 0) await this.#takeDue(settled);
    if (this.#due.size > 0 && !this.#isLookingForward) void this.#lookForward();
  }

  async #takeDue(settled: readonly number[]): Promise<void> {
    for (const { orderId, ...visit } of await this.options.table.takeDeadlines(settled)) {
      if (!this.#due.has(orderId)) this.#due.set(orderId, { visit, since: performance.now() });
    }
    await this.options.parking.deadLetterDue(settled);
  }

  /** Side by side with the looks: a log that is away takes long to say so. */
  async #lookForward(): Promise<void> {
    this.#isLookingForward = true;
    try {
      await this.options.hearing.lookForward();
      this.#logAnswersSince ??= performance.now();
      if (!this.#stop.signal.aborted) this.#fire();
    } catch (error) {
      this.#logAnswersSince = undefined;
      this.options.logger.debug({ err: error }, 'timers: the log does not answer, no deadline counts');
    } finally {
      this.#isLookingForward = false;
    }
  }

  async #sendAgain(resends: readonly Resend[]): Promise<void> {
    if (resends.length === 0) return;
    const now = new Date().toISOString();
    const due = resends.flatMap(({ commands, origin }) =>
      commands
        .filter(({ notBefore = now }) => notBefore <= now)
        .map((command) => this.options.send(command, origin)),
    );
    const failed = (await Promise.allSettled(due)).filter(({ status }) => status === 'rejected');
    if (due.length > 0) this.options.logger.debug({ commands: due.length }, 'sent again');
    if (failed.length > 0)
      this.options.logger.warn({ commands: failed.length }, 'not sent, and will be again');
  }

  /** Not waited for: what cannot be recorded now comes up again. */
  #fire(): void {
    const { hearing, runner, graceMs, logger } = this.options;
    if (performance.now() - (this.#logAnswersSince ?? Infinity) < graceMs) return;
    for (const [orderId, { visit, since }] of this.#due) {
      const heardUpTo = hearing.heardUpTo(partitionOf(orderId));
      if (heardUpTo !== undefined && heardUpTo < since) continue;
      this.#due.delete(orderId);
      if (heardUpTo === undefined) continue;
      logger.info({ orderId, ...visit }, 'a stage took too long');
      runner.passDeadline(orderId, visit).catch((error: unknown) => {
        logger.warn({ err: error, orderId }, 'a deadline was not recorded');
      });
    }
  }
}

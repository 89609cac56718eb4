import { performance } from 'node:perf_hooks';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { sleep } from '@orders/shared-events/transport/waiting.js';
import type { Parking } from '../parking/parking.js';
import type { Effects, ProcessRunner } from '../process.js';
import type { DeferredRetries } from './deferred-retries.js';
import type { Hearing } from './hearing.js';
import type { DueDeadline, ProcessesTable, Resend } from './processes.table.js';

const LOOK_EVERY_MS = 200;

export interface TimersOptions {
  readonly hearing: Pick<Hearing, 'partitions' | 'settled'>;
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
 * boot, a takeover or a broker's absence everything outstanding is sent and a grace period passes first.
 */
export class Timers {
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #projected = false;
  #connectedSince: number | undefined;

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
    if (settled.length === 0) return;
    this.#fire(await options.table.takeDeadlines(settled));
    await options.parking.deadLetterDue(settled);
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
  #fire(deadlines: readonly DueDeadline[]): void {
    for (const { orderId, ...deadline } of deadlines) {
      this.options.logger.info({ orderId, ...deadline }, 'a stage took too long');
      this.options.runner.passDeadline(orderId, deadline).catch((error: unknown) => {
        this.options.logger.warn({ err: error, orderId }, 'a deadline was not recorded');
      });
    }
  }
}

import { performance } from 'node:perf_hooks';
import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { ProcessStage } from '@orders/shared-events/contracts/orderProcess.events.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { BoundedCache } from '@orders/shared-events/transport/bounded-cache.js';
import { sleep } from '@orders/shared-events/transport/waiting.js';
import type { Overdue } from '../parking/parked.table.js';
import type { Parking } from '../parking/parking.js';
import type { Effects, ProcessRunner } from '../process.js';
import { AskedAnew, type Holds } from './asked-anew.js';
import type { DeferredRetries } from './deferred-retries.js';
import type { Hearing } from './hearing.js';
import { partitionOf } from './partition.js';
import { type DueDeadline, MOST_RESENDS, type ProcessesTable, type Resend } from './processes.table.js';

const LOOK_EVERY_MS = 200;
const MOST_UNSENT = 10_000;

export interface TimersOptions {
  readonly hearing: Pick<Hearing, 'holds' | 'settled' | 'lookForward' | 'heardUpTo'>;
  readonly runner: Pick<ProcessRunner, 'passDeadline'>;
  readonly table: Pick<ProcessesTable, 'bringForward' | 'takeResends' | 'takeDeadlines'>;
  /** The pace of those that wait for the payment provider. */
  readonly deferred: Pick<DeferredRetries, 'due'>;
  /** What waits for something that does not come. */
  readonly parking: Pick<Parking, 'overdue' | 'deadLetterDue'>;
  readonly send: Effects['send'];
  /** Whether the projection has reached what was the log's head when this instance booted. */
  readonly projected: () => Promise<boolean>;
  /** Whether commands can be sent at all. */
  readonly connected: () => boolean;
  /** For how long an answer may come before a deadline that passed meanwhile counts. Milliseconds. */
  readonly graceMs: number;
  /** The same where somebody was asked for the answer, who may have been asked for much at once. Milliseconds. */
  readonly patienceMs: (stage: ProcessStage) => number;
  readonly logger: LogSink;
}

/**
 * Sends again what was not answered, and tells processes that a stage took too long, as the rows of the
 * partitions that this instance hears say.
 *
 * A deadline says that others took too long, so none counts while they could not be asked or heard: after a
 * boot, a takeover or an absence of the broker or the log everything outstanding is sent first. Then passes a grace
 * period, of an order that waits for an answer the time of its stage: the one who is asked may be asked for much at
 * once. And none counts before everything was heard that stood in the log when it was due: this instance may be slow,
 * or behind. What is parked waits in the same way.
 */
export class Timers {
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #projected = false;
  readonly #asked: AskedAnew;
  /** Deadlines that are due, and since when they are known to be: one an order, however often its row comes up. */
  readonly #due = new Map<OrderId, { readonly deadline: DueDeadline; readonly since: number }>();
  /** Partitions in which something has been parked for too long, and since when that is known. */
  readonly #overdue = new Map<number, { readonly overdue: Overdue; readonly since: number }>();
  /** Commands that were not sent when their turn came, by their ids: nobody was asked. */
  readonly #unsent = new BoundedCache<string, true>(MOST_UNSENT);
  #logAnswers = false;
  #lookedForwardAt = -Infinity;
  #isLookingForward = false;

  constructor(private readonly options: TimersOptions) {
    this.#asked = new AskedAnew(options.table);
  }

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
    const { projected, connected, hearing, graceMs } = this.options;
    this.#projected ||= await projected();
    if (!connected()) this.#asked.forget();
    if (this.#isTimeToLookForward()) void this.#lookForward();
    if (!this.#projected || !connected() || hearing.holds.size === 0) return;
    await this.#ask(hearing.holds);
    const waitedFor = this.#waitedFor(hearing.settled(graceMs));
    if (waitedFor.length > 0) await this.#takeDue(waitedFor);
  }

  async #ask(holds: Holds): Promise<void> {
    const { deferred } = this.options;
    const partitions = [...holds.keys()];
    if (this.#logAnswers) await this.#asked.bringForward(holds, performance.now());
    const resends = await this.#takeResends(partitions);
    await this.#sendAgain(resends);
    this.#asked.sentBefore(leftFrom(resends), performance.now());
    await this.#sendAgain(await deferred.due(partitions, performance.now()));
  }

  /** Where the answer is lost, so are the turns that were taken. */
  async #takeResends(partitions: readonly number[]): Promise<readonly Resend[]> {
    try {
      return await this.options.table.takeResends(partitions);
    } catch (error) {
      this.#asked.forget();
      throw error;
    }
  }

  #waitedFor(partitions: readonly number[]): number[] {
    const { hearing, graceMs } = this.options;
    const [now, { holds }] = [performance.now(), hearing];
    return partitions.filter((partition) =>
      this.#asked.hasBeenFor(partition, holds.get(partition), graceMs, now),
    );
  }

  async #takeDue(partitions: readonly number[]): Promise<void> {
    const { table, parking } = this.options;
    for (const deadline of await table.takeDeadlines(partitions)) {
      const { orderId, awaits } = deadline;
      const isAsked = awaits.every((commandId) => this.#unsent.get(commandId) === undefined);
      const isDue = isAsked && this.#hadItsTime(deadline);
      if (isDue && !this.#due.has(orderId)) this.#due.set(orderId, { deadline, since: performance.now() });
    }
    for (const overdue of await parking.overdue(partitions)) {
      const { partition } = overdue;
      if (!this.#overdue.has(partition)) this.#overdue.set(partition, { overdue, since: performance.now() });
    }
  }

  /** Whether it has been since everything was asked anew for as long as the one who is asked may take for all of it. */
  #hadItsTime({ orderId, visit, awaits }: DueDeadline): boolean {
    const { hearing, graceMs, patienceMs } = this.options;
    const [partition, now] = [partitionOf(orderId), performance.now()];
    const ms = awaits.length === 0 ? graceMs : patienceMs(visit.stage);
    return this.#asked.hasBeenFor(partition, hearing.holds.get(partition), ms, now);
  }

  /** Also where nothing is due: that the log does not answer is to be noticed. */
  #isTimeToLookForward(): boolean {
    if (this.#isLookingForward) return false;
    const isAwaited = this.#due.size > 0 || this.#overdue.size > 0 || !this.#logAnswers;
    return isAwaited || performance.now() - this.#lookedForwardAt >= this.options.graceMs;
  }

  /** Side by side with the looks: a log that is away takes long to say so. */
  async #lookForward(): Promise<void> {
    this.#isLookingForward = true;
    try {
      await this.options.hearing.lookForward();
      this.#logAnswers = true;
      this.#lookedForwardAt = performance.now();
      if (this.#stop.signal.aborted) return;
      this.#fire();
      await this.#deadLetter();
    } catch (error) {
      this.#logAnswers = false;
      this.#asked.forget();
      this.options.logger.debug({ err: error }, 'timers: the log does not answer, no deadline counts');
    } finally {
      this.#isLookingForward = false;
    }
  }

  async #sendAgain(resends: readonly Resend[]): Promise<void> {
    if (resends.length === 0) return;
    const now = new Date().toISOString();
    const due = resends.flatMap(({ commands, origin }) =>
      commands.filter(({ notBefore = now }) => notBefore <= now).map((command) => ({ command, origin })),
    );
    const outcomes = await Promise.allSettled(
      due.map(({ command, origin }) => this.options.send(command, origin)),
    );
    const failed = due.filter((_one, index) => outcomes[index]?.status === 'rejected');
    for (const { command } of due) this.#unsent.delete(command.commandId);
    for (const { command } of failed) this.#unsent.set(command.commandId, true);
    if (due.length > 0) this.options.logger.debug({ commands: due.length }, 'sent again');
    if (failed.length > 0)
      this.options.logger.warn({ commands: failed.length }, 'not sent, and will be again');
  }

  /** Not waited for: what cannot be recorded now comes up again. */
  #fire(): void {
    const { hearing, runner, logger } = this.options;
    for (const [orderId, { deadline, since }] of this.#due) {
      const heardUpTo = hearing.heardUpTo(partitionOf(orderId));
      if (heardUpTo !== undefined && heardUpTo < since) continue;
      this.#due.delete(orderId);
      // It comes up again where it still holds once they have been asked.
      if (heardUpTo === undefined || !this.#hadItsTime(deadline)) continue;
      logger.info({ orderId, ...deadline.visit }, 'a stage took too long');
      runner.passDeadline(orderId, deadline.visit).catch((error: unknown) => {
        logger.warn({ err: error, orderId }, 'a deadline was not recorded');
      });
    }
  }

  /** What its time was over for by when everything was heard. What cannot be done now comes up again. */
  async #deadLetter(): Promise<void> {
    const { hearing, parking, logger } = this.options;
    for (const [partition, { overdue, since }] of this.#overdue) {
      const heardUpTo = hearing.heardUpTo(partition);
      if (heardUpTo !== undefined && heardUpTo < since) continue;
      this.#overdue.delete(partition);
      if (heardUpTo === undefined) continue;
      await parking.deadLetterDue(overdue).catch((error: unknown) => {
        logger.warn({ err: error, partition }, 'what was parked for too long was not dead-lettered');
      });
    }
  }
}

/** Those whose turn came first were taken: from the last of their turns on, others may be left. */
const leftFrom = (resends: readonly Resend[]): bigint | undefined =>
  resends.length < MOST_RESENDS
    ? undefined
    : resends.reduce((last, { dueAt }) => (dueAt > last ? dueAt : last), 0n);

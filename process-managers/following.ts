import { performance } from 'node:perf_hooks';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { backoff, sleep } from '@orders/shared-events/transport/waiting.js';
import { BEGINNING, type Checkpoints, type Claim, type Move } from './checkpoints.js';
import type { Keeper, Lease } from './leases.js';

/** What follows the log from where it was left, over one run. After a failure another one begins. */
export interface Follower {
  /** Deals with a run of events in log order: once this resolves, their position may be stored. May throw NotYet. */
  take(events: readonly RecordedEvent[], signal: AbortSignal): Promise<void>;
  /** Stores how far it came, by compare-and-set; false where the checkpoint is somebody else's. */
  store(move: Move): Promise<boolean>;
}

/** What comes next cannot be dealt with yet: it is tried again, and what came before it is not. */
export class NotYet extends Error {
  override readonly name = 'NotYet';

  /** @param upTo the position of the last event that was dealt with; undefined where that is none of this run's */
  constructor(
    readonly upTo: bigint | undefined,
    message: string,
    options: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface FollowingOptions {
  /** Of its lease and its checkpoint. */
  readonly name: string;
  readonly prefixes: readonly string[];
  /** What happened within this time is stored at once. */
  readonly storeEveryMs: number;
  readonly log: Pick<EventStore, 'subscribe'>;
  readonly checkpoints: Pick<Checkpoints, 'claim' | 'held'>;
  readonly logger: LogSink;
}

/** How often a checkpoint that stands still says that nothing was waiting. */
const IDLE_NEWS_MS = 5_000;

/** Work that follows the log on one instance at a time: whichever has the lease. */
export class SoleFollower implements Keeper {
  readonly names: readonly string[];
  #session: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;

  constructor(
    private readonly options: FollowingOptions,
    private readonly begin: () => Follower,
  ) {
    this.names = [options.name];
  }

  async gained(leases: readonly Lease[]): Promise<void> {
    const [claim] = await this.options.checkpoints.claim(leases);
    if (!claim) return;
    const stop = new AbortController();
    this.#session = { stop, ended: this.#run(claim, stop.signal) };
  }

  lost(): void {
    this.#session?.stop.abort();
    this.#session = undefined;
  }

  async release(): Promise<void> {
    const ended = this.#session?.ended;
    this.lost();
    await ended;
  }

  /** Begins again from the stored position after whatever went wrong, until the lease is gone. */
  async #run(claim: Claim, signal: AbortSignal): Promise<void> {
    const { name, checkpoints, logger } = this.options;
    for (let repeat = 0; !signal.aborted; repeat++) {
      try {
        const [held] = await checkpoints.held([claim]);
        if (!held) return;
        await new Following(this.options, this.begin(), held, signal).run();
      } catch (error) {
        logger.error({ err: error, name }, 'following the log failed, beginning again');
        await sleep(backoff(repeat), signal);
      }
    }
  }
}

class Following {
  /** Up to here everything was taken. */
  #taken: bigint;
  #caughtUp = false;
  #stored: { position: bigint; at: number };

  constructor(
    private readonly options: FollowingOptions,
    private readonly follower: Follower,
    private readonly claim: Claim,
    private readonly lease: AbortSignal,
  ) {
    this.#taken = claim.position;
    this.#stored = { position: claim.position, at: -Infinity };
  }

  /** Reads and stores side by side; where one fails, the other ends too. */
  async run(): Promise<void> {
    const failed = new AbortController();
    const signal = AbortSignal.any([this.lease, failed.signal]);
    const outcomes = await Promise.allSettled(
      [this.#read(signal), this.#storeEverySoOften(signal)].map((part) => part.finally(() => failed.abort())),
    );
    const failures = outcomes.flatMap((outcome): unknown[] =>
      outcome.status === 'rejected' ? [outcome.reason] : [],
    );
    if (failures.every((failure) => failure instanceof NotYet)) await this.#store();
    for (const failure of failures) throw failure;
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { name, prefixes, log } = this.options;
    const after = this.#taken === BEGINNING ? undefined : this.#taken;
    for await (const batch of log.subscribe({ name, after, prefixes, signal })) {
      this.#caughtUp = false;
      await this.#take(batch.events, signal);
      if (signal.aborted) return;
      this.#taken = batch.position;
      this.#caughtUp = batch.caughtUp;
    }
  }

  async #take(events: readonly RecordedEvent[], signal: AbortSignal): Promise<void> {
    try {
      await this.follower.take(events, signal);
    } catch (error) {
      if (error instanceof NotYet) this.#taken = error.upTo ?? this.#taken;
      throw error;
    }
  }

  async #storeEverySoOften(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.options.storeEveryMs, signal);
      if (!signal.aborted) await this.#store();
    }
  }

  async #store(): Promise<void> {
    const at = performance.now();
    const idleNews = this.#caughtUp && at - this.#stored.at >= IDLE_NEWS_MS;
    if (this.#taken === this.#stored.position && !idleNews) return;
    const to = this.#taken;
    const caughtUpFor = this.#caughtUp ? 0 : undefined;
    const stored = await this.follower.store({
      ...this.claim,
      position: this.#stored.position,
      to,
      caughtUpFor,
    });
    if (!stored) throw new Error(`the checkpoint of ${this.claim.name} moved under its holder`);
    this.#stored = { position: to, at };
  }
}

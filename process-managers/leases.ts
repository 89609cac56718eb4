/**
 * Several instances share the work by leases: rows in Postgres with a holder, a fencing token and an expiry by
 * Postgres' clock. A lease is renewed well before it expires; one that was not renewed may be taken by anyone,
 * with the next token. An instance that cannot renew (or was asleep) lets go by its own clock as well. Leases are
 * renewed side by side with everything else: work that takes long to begin or to end holds up no renewal, not even
 * its own.
 *
 * A lease keeps two instances from doing the same work for long; it does not make that impossible. What must
 * not happen twice is held by expected revisions and by the checkpoints' compare-and-set on the token.
 */
import { performance } from 'node:perf_hooks';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { isOutage } from '@orders/shared-events/transport/outage.js';
import { sleep, within } from '@orders/shared-events/transport/waiting.js';
import type { Pool } from 'pg';
import { type Lease, LeasesTable } from './leases.table.js';

export type { Lease } from './leases.table.js';

/** Work that goes with leases. */
export interface Keeper {
  readonly names: readonly string[];
  /** Begins the work. A keeper that throws loses the leases again. What is lost meanwhile is told again after it. */
  gained(leases: readonly Lease[]): Promise<void>;
  /** Somebody else may have them already: stop at once, write nothing more. */
  lost(names: readonly string[]): void;
  /** Still ours: finish what is in hand and store how far it came. */
  release(names: readonly string[]): Promise<void>;
}

export interface LeaseTimes {
  readonly ttlMs: number;
  readonly renewEveryMs: number;
}

/** A dead holder's work is taken over within ttl + renewal: 6.5 s. */
export const LEASE_TIMES: LeaseTimes = { ttlMs: 5_000, renewEveryMs: 1_500 };

export class Leases {
  readonly #held = new Map<string, Lease>();
  readonly #table: LeasesTable;
  /** No more is taken, and then: nothing is renewed any more. */
  readonly #stop = new AbortController();
  readonly #over = new AbortController();
  #renewedAt = performance.now();
  #renewing: Promise<void> = Promise.resolve();
  #sharing: Promise<void> = Promise.resolve();
  #isSharing = false;

  constructor(
    pool: Pool,
    instance: string,
    private readonly keepers: readonly Keeper[],
    private readonly logger: LogSink,
    private readonly times: LeaseTimes = LEASE_TIMES,
  ) {
    this.#table = new LeasesTable(pool, instance, times.ttlMs);
  }

  /**
   * Takes what is free and goes on renewing until `stop`. Throws where the work cannot begin, or where the database is
   * away; where it goes away while work begins, the next turn tries again.
   */
  async start(): Promise<void> {
    await this.#table.seed(this.keepers.flatMap(({ names }) => names));
    await this.#turn();
    this.#renewing = this.#keepRenewing();
    try {
      await this.#sharing;
    } catch (error) {
      if (isOutage(error)) return;
      this.#stop.abort();
      this.#over.abort();
      throw error;
    }
  }

  /** Lets all work finish, then frees the leases, so that another instance goes on at once. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#sharing.catch(() => undefined);
    try {
      await Promise.all(this.keepers.map((keeper) => this.#giveUp(keeper, this.#heldBy(keeper))));
      await this.#stopRenewing();
      await this.#table.leave();
    } catch (error) {
      this.logger.warn({ err: error }, 'leases not freed: they will expire');
      await this.#stopRenewing();
    }
  }

  async #stopRenewing(): Promise<void> {
    this.#over.abort();
    await this.#renewing;
  }

  async #keepRenewing(): Promise<void> {
    const { signal } = this.#over;
    for (;;) {
      await sleep(this.times.renewEveryMs, signal);
      if (signal.aborted) return;
      try {
        await this.#turn();
      } catch (error) {
        this.logger.warn({ err: error }, 'leases could not be renewed');
        if (this.#leftMs() <= 0) this.#lose([...this.#held.keys()]);
      }
    }
  }

  async #turn(): Promise<void> {
    await this.#renew();
    this.#shareOut(await this.#inTime(this.#table.report()));
  }

  async #renew(): Promise<void> {
    const began = performance.now();
    const held = [...this.#held.values()];
    if (this.#leftMs() <= 0) {
      this.#lose(held.map(({ name }) => name));
    } else if (held.length > 0) {
      const renewed = await this.#inTime(this.#table.renew(held));
      this.#lose(held.filter((one) => this.#holds(one) && !renewed.has(one.name)).map(({ name }) => name));
    }
    this.#renewedAt = began;
  }

  /** An answer that comes when nothing is held any more is of no use. */
  #inTime<T>(answer: Promise<T>): Promise<T> {
    return within(Math.ceil(this.#leftMs()) + 1, 'leases', answer);
  }

  #leftMs(): number {
    return this.#renewedAt + this.times.ttlMs - performance.now();
  }

  /** One after the other: while work begins or ends nothing else is taken or given up. */
  #shareOut(living: number): void {
    if (this.#isSharing || this.#stop.signal.aborted) return;
    this.#isSharing = true;
    this.#sharing = this.#share(living).finally(() => (this.#isSharing = false));
    this.#sharing.catch((error: unknown) => this.logger.warn({ err: error }, 'leases not shared out'));
  }

  async #share(living: number): Promise<void> {
    for (const keeper of this.keepers) {
      const held = this.#heldBy(keeper);
      const share = Math.ceil(keeper.names.length / living);
      if (held.length > share) await this.#giveUp(keeper, held.slice(share));
      else if (held.length < share) await this.#take(keeper, share - held.length);
    }
  }

  async #take(keeper: Keeper, most: number): Promise<void> {
    const leases = await this.#table.take(keeper.names, most);
    if (leases.length === 0) return;
    for (const lease of leases) this.#held.set(lease.name, lease);
    this.logger.info({ leases: leases.map(({ name }) => name) }, 'leases taken');
    try {
      await keeper.gained(leases);
    } catch (error) {
      await this.#giveUp(keeper, leases);
      throw error;
    }
    const lost = leases.filter((lease) => !this.#holds(lease));
    if (lost.length > 0) keeper.lost(lost.map(({ name }) => name));
  }

  async #giveUp(keeper: Keeper, leases: readonly Lease[]): Promise<void> {
    if (leases.length === 0) return;
    const names = leases.map(({ name }) => name);
    try {
      await keeper.release(names);
    } finally {
      for (const lease of leases) if (this.#holds(lease)) this.#held.delete(lease.name);
    }
    await this.#table.free(leases);
    this.logger.info({ leases: names }, 'leases given up');
  }

  #lose(names: readonly string[]): void {
    if (names.length === 0) return;
    for (const name of names) this.#held.delete(name);
    this.logger.warn({ leases: names }, 'leases lost');
    for (const keeper of this.keepers) {
      const its = names.filter((name) => keeper.names.includes(name));
      if (its.length > 0) keeper.lost(its);
    }
  }

  #holds(lease: Lease): boolean {
    return this.#held.get(lease.name) === lease;
  }

  #heldBy(keeper: Keeper): Lease[] {
    return keeper.names.flatMap((name) => this.#held.get(name) ?? []);
  }
}

/**
 * Several instances share the work by leases: rows in Postgres with a holder, a fencing token and an expiry by
 * Postgres' clock. A lease is renewed well before it expires; one that was not renewed may be taken by anyone,
 * with the next token. An instance that cannot renew (or was asleep) lets go by its own clock as well.
 *
 * A lease keeps two instances from doing the same work for long; it does not make that impossible. What must
 * not happen twice is held by expected revisions and by the checkpoints' compare-and-set on the token.
 */
import { performance } from 'node:perf_hooks';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { sleep } from '@orders/shared-events/transport/waiting.js';
import type { Pool } from 'pg';

export interface Lease {
  readonly name: string;
  readonly token: bigint;
}

/** Work that goes with leases. */
export interface Keeper {
  readonly names: readonly string[];
  /** Begins the work. A keeper that throws loses the leases again. */
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

const SEED = {
  name: 'leases-seed',
  text: `
    INSERT INTO process_managers.leases (name)
    SELECT name FROM unnest($1::text[]) AS name ON CONFLICT (name) DO NOTHING`,
};
/** Says that this instance is alive, forgets those long gone, and counts the living. */
const REPORT = {
  name: 'leases-report',
  text: `
    WITH me AS (
      INSERT INTO process_managers.instances (name) VALUES ($1)
      ON CONFLICT (name) DO UPDATE SET seen_at = now()
    ), gone AS (
      DELETE FROM process_managers.instances WHERE seen_at < now() - interval '1 hour' AND name <> $1
    )
    SELECT count(*)::int + 1 AS living FROM process_managers.instances
    WHERE seen_at > now() - $2 * interval '1 millisecond' AND name <> $1`,
};
const RENEW = {
  name: 'leases-renew',
  text: `
    UPDATE process_managers.leases AS l SET expires_at = now() + $4 * interval '1 millisecond'
    FROM unnest($2::text[], $3::bigint[]) AS held (name, token)
    WHERE l.name = held.name AND l.token = held.token AND l.holder = $1
    RETURNING l.name`,
};
const TAKE = {
  name: 'leases-take',
  text: `
    UPDATE process_managers.leases
    SET holder = $1, token = token + 1, expires_at = now() + $4 * interval '1 millisecond'
    WHERE name IN (
      SELECT name FROM process_managers.leases
      WHERE name = ANY($2) AND expires_at <= now()
      ORDER BY random() LIMIT $3 FOR UPDATE SKIP LOCKED)
    RETURNING name, token`,
};
const FREE = {
  name: 'leases-free',
  text: `
    UPDATE process_managers.leases AS l SET holder = NULL, expires_at = '-infinity'
    FROM unnest($2::text[], $3::bigint[]) AS held (name, token)
    WHERE l.name = held.name AND l.token = held.token AND l.holder = $1`,
};
const LEAVE = { name: 'leases-leave', text: 'DELETE FROM process_managers.instances WHERE name = $1' };

export class Leases {
  readonly #held = new Map<string, Lease>();
  readonly #stop = new AbortController();
  #renewedAt = performance.now();
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly pool: Pool,
    private readonly instance: string,
    private readonly keepers: readonly Keeper[],
    private readonly logger: LogSink,
    private readonly times: LeaseTimes = LEASE_TIMES,
  ) {}

  /** Takes what is free and goes on renewing until `stop`. */
  async start(): Promise<void> {
    await this.pool.query({ ...SEED, values: [this.keepers.flatMap(({ names }) => names)] });
    await this.#turn();
    this.#running = this.#run();
  }

  /** Lets all work finish, then frees the leases, so that another instance goes on at once. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    try {
      await Promise.all(this.keepers.map((keeper) => this.#giveUp(keeper, this.#heldBy(keeper))));
      await this.pool.query({ ...LEAVE, values: [this.instance] });
    } catch (error) {
      this.logger.warn({ err: error }, 'leases not freed: they will expire');
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      await sleep(this.times.renewEveryMs, signal);
      if (signal.aborted) return;
      try {
        await this.#turn();
      } catch (error) {
        this.logger.warn({ err: error }, 'leases could not be renewed');
        if (performance.now() - this.#renewedAt >= this.times.ttlMs) this.#lose([...this.#held.keys()]);
      }
    }
  }

  async #turn(): Promise<void> {
    await this.#renew();
    const living = await this.#report();
    for (const keeper of this.keepers) {
      const held = this.#heldBy(keeper);
      const share = Math.ceil(keeper.names.length / living);
      if (held.length > share) await this.#giveUp(keeper, held.slice(share));
      else if (held.length < share) await this.#take(keeper, share - held.length);
    }
  }

  async #renew(): Promise<void> {
    const began = performance.now();
    const held = [...this.#held.values()];
    if (began - this.#renewedAt >= this.times.ttlMs)
      return this.#lose(
        held.map(({ name }) => name),
        began,
      );
    if (held.length > 0) {
      const values = [this.instance, ...columns(held), this.times.ttlMs];
      const { rows } = await this.pool.query<{ name: string }>({ ...RENEW, values });
      const renewed = new Set(rows.map(({ name }) => name));
      this.#lose(held.map(({ name }) => name).filter((name) => !renewed.has(name)));
    }
    this.#renewedAt = began;
  }

  async #report(): Promise<number> {
    const values = [this.instance, this.times.ttlMs];
    const { rows } = await this.pool.query<{ living: number }>({ ...REPORT, values });
    return rows[0]?.living ?? 1;
  }

  async #take(keeper: Keeper, most: number): Promise<void> {
    const values = [this.instance, keeper.names, most, this.times.ttlMs];
    const { rows } = await this.pool.query<{ name: string; token: string }>({ ...TAKE, values });
    const leases = rows.map(({ name, token }) => ({ name, token: BigInt(token) }));
    if (leases.length === 0) return;
    for (const lease of leases) this.#held.set(lease.name, lease);
    this.logger.info({ leases: leases.map(({ name }) => name) }, 'leases taken');
    try {
      await keeper.gained(leases);
    } catch (error) {
      await this.#giveUp(keeper, leases);
      throw error;
    }
  }

  async #giveUp(keeper: Keeper, leases: readonly Lease[]): Promise<void> {
    if (leases.length === 0) return;
    const names = leases.map(({ name }) => name);
    for (const name of names) this.#held.delete(name);
    await keeper.release(names);
    await this.pool.query({ ...FREE, values: [this.instance, ...columns(leases)] });
    this.logger.info({ leases: names }, 'leases given up');
  }

  #lose(names: readonly string[], renewedAt = this.#renewedAt): void {
    this.#renewedAt = renewedAt;
    if (names.length === 0) return;
    for (const name of names) this.#held.delete(name);
    this.logger.warn({ leases: names }, 'leases lost');
    for (const keeper of this.keepers) {
      const its = names.filter((name) => keeper.names.includes(name));
      if (its.length > 0) keeper.lost(its);
    }
  }

  #heldBy(keeper: Keeper): Lease[] {
    return keeper.names.flatMap((name) => this.#held.get(name) ?? []);
  }
}

const columns = (leases: readonly Lease[]): [string[], bigint[]] => [
  leases.map(({ name }) => name),
  leases.map(({ token }) => token),
];

import type { Pool } from 'pg';

export interface Lease {
  readonly name: string;
  readonly token: bigint;
}

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

/** The rows of the leases, as one instance sees them. `ttlMs`: for how long one that was taken or renewed is held. */
export class LeasesTable {
  constructor(
    private readonly pool: Pool,
    private readonly instance: string,
    private readonly ttlMs: number,
  ) {}

  /** Makes the missing ones. */
  async seed(names: readonly string[]): Promise<void> {
    await this.pool.query({ ...SEED, values: [names] });
  }

  /** Answers with how many instances live. */
  async report(): Promise<number> {
    const { rows } = await this.pool.query<{ living: number }>({
      ...REPORT,
      values: [this.instance, this.ttlMs],
    });
    return rows[0]?.living ?? 1;
  }

  /** Answers with the names of those that are still held. */
  async renew(held: readonly Lease[]): Promise<ReadonlySet<string>> {
    const values = [this.instance, ...columns(held), this.ttlMs];
    const { rows } = await this.pool.query<{ name: string }>({ ...RENEW, values });
    return new Set(rows.map(({ name }) => name));
  }

  /** Takes so many of those that nobody holds. */
  async take(names: readonly string[], most: number): Promise<Lease[]> {
    const values = [this.instance, names, most, this.ttlMs];
    const { rows } = await this.pool.query<{ name: string; token: string }>({ ...TAKE, values });
    return rows.map(({ name, token }) => ({ name, token: BigInt(token) }));
  }

  async free(leases: readonly Lease[]): Promise<void> {
    await this.pool.query({ ...FREE, values: [this.instance, ...columns(leases)] });
  }

  /** This instance does not live any more. */
  async leave(): Promise<void> {
    await this.pool.query({ ...LEAVE, values: [this.instance] });
  }
}

const columns = (leases: readonly Lease[]): [string[], bigint[]] => [
  leases.map(({ name }) => name),
  leases.map(({ token }) => token),
];

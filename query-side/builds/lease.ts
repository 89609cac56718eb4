import type { Queryable } from '../database/database.js';
import { announce } from '../feed/announcement.js';

/** How long a builder that has stopped breathing keeps others out. */
const LEASE_SECONDS = 6;
export const LEASE_MS = LEASE_SECONDS * 1_000;
export const RENEW_EVERY_MS = 1_500;
/** Nobody waits longer for one renewal: the lease has time for the next. */
export const ANSWER_MS = 2_000;
/**
 * How long a builder may stand still in the middle of a batch. Postgres then ends its connection: whoever wants the
 * lease meanwhile waits for the row that the batch has locked, lease or no lease.
 */
const STANDSTILL_SECONDS = 5;

export async function endWhereItStandsStill(client: Queryable): Promise<void> {
  await client.query({ text: `SET idle_in_transaction_session_timeout TO '${STANDSTILL_SECONDS}s'` });
}

export interface Checkpoint {
  /** -1n before the first event. */
  readonly position: bigint;
  readonly logIdentity: string;
}

/** A lease that has run out, or whose holder's connection is gone, is free. */
const IS_FREE = `(builder IS NULL OR lease_until < now()
                  OR NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = held.builder_pid))`;

/** Whether somebody may write the build. Those who stand by ask that every second: it costs no connection of its own. */
export async function isHeld(database: Queryable, build: string): Promise<boolean> {
  const { rowCount } = await database.query({
    name: 'is_held',
    text: `SELECT FROM read_models.checkpoints AS held WHERE build = $1 AND NOT ${IS_FREE}`,
    values: [build],
  });
  return rowCount === 1;
}

/**
 * Makes `builder` the only one that may write the build, or undefined where another is. `client` is the connection
 * that shall hold it.
 */
export async function acquire(
  client: Queryable,
  build: string,
  builder: string,
): Promise<Checkpoint | undefined> {
  const { rows } = await client.query<{ position: string; log_identity: string }>({
    text: `UPDATE read_models.checkpoints AS held
           SET builder = $2, builder_pid = pg_backend_pid(), lease_until = now() + make_interval(secs => $3)
           WHERE build = $1 AND (builder = $2 OR ${IS_FREE})
           RETURNING position::text, log_identity`,
    values: [build, builder, LEASE_SECONDS],
  });
  const [row] = rows;
  return row && { position: BigInt(row.position), logIdentity: row.log_identity };
}

/**
 * False where the lease belongs to another, or the build is gone: the builder must stop. From this moment on, also in a
 * transaction that began long before.
 */
export async function renew(database: Queryable, build: string, builder: string): Promise<boolean> {
  const { rowCount } = await database.query({
    name: 'renew_lease',
    text: `UPDATE read_models.checkpoints SET lease_until = clock_timestamp() + make_interval(secs => $3)
           WHERE build = $1 AND builder = $2`,
    values: [build, builder, LEASE_SECONDS],
  });
  return rowCount === 1;
}

/** Lets the next builder in at once. */
export async function release(database: Queryable, build: string, builder: string): Promise<void> {
  const { rowCount } = await database.query({
    text: `UPDATE read_models.checkpoints SET builder = NULL, builder_pid = NULL, lease_until = now()
           WHERE build = $1 AND builder = $2`,
    values: [build, builder],
  });
  if (rowCount === 1) await announce(database, { kind: 'builds' });
}

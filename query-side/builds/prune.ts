import type { Pool } from 'pg';
import { type Queryable, transaction } from '../database/database.js';
import { type Build, listBuilds, lockBuilds } from './builds.js';
import { viewsOf } from './promotion.js';

/** A build that its builder has left for so long is not needed for a rollback any more. */
const KEPT_FOR_SECONDS = 600;

/** Shorter than the second after which Postgres looks for deadlocks: dropping gives way to readers, never they to it. */
const LOCK_TIMEOUT_MS = 500;

/**
 * Drops builds that are of no use: what an abandoned replay left, and builds that were superseded and that nobody
 * has written for ten minutes (`keptFor` seconds). Never the live one, never one that somebody writes. Returns
 * what was dropped; what could not be locked is dropped another time.
 */
export async function prune(
  pool: Pool,
  contract: string,
  keptFor = KEPT_FOR_SECONDS,
): Promise<readonly string[]> {
  const dropped: string[] = [];
  for (const build of await listBuilds(pool, contract)) {
    if (isUseless(build, keptFor) && (await dropBuild(pool, contract, build.build)))
      dropped.push(build.build);
  }
  return dropped;
}

/** Of a replay's candidate, `dropBuild` finds out whether the replay still runs: its lease may outlive it. */
function isUseless({ state, purpose, abandonedFor }: Build, keptFor: number): boolean {
  if (state === 'live') return false;
  return (state === 'filling' && purpose === 'replay') || abandonedFor > keptFor;
}

/** False where it is live, or somebody writes it. Rejects when a lock is not to be had. */
export const dropBuild = (pool: Pool, contract: string, build: string): Promise<boolean> =>
  transaction(pool, async (client) => {
    await client.query({ text: `SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}` });
    await lockBuilds(client);
    if (!(await forget(client, build))) return false;
    await client.query({ text: `DROP SCHEMA IF EXISTS ${viewsOf(contract, build)} CASCADE` });
    await client.query({ text: `DROP SCHEMA IF EXISTS ${build} CASCADE` });
    return true;
  });

async function forget(client: Queryable, build: string): Promise<boolean> {
  const { rowCount } = await client.query({
    text: `DELETE FROM read_models.builds USING read_models.checkpoints AS held
           WHERE builds.build = $1 AND held.build = $1 AND state <> 'live'
             AND (builder IS NULL OR lease_until < now()
                  OR NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = builder_pid))`,
    values: [build],
  });
  return rowCount === 1;
}

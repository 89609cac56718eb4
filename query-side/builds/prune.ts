import type { Pool } from 'pg';
import { type Queryable, transaction } from '../database/database.js';
import { type Build, contractsBefore, listBuilds, lockBuilds } from './builds.js';
import { viewsOf } from './promotion.js';

/** A build that its builder has left for so long is not needed for a rollback any more. */
const KEPT_FOR_SECONDS = 600;

/** Shorter than the second after which Postgres looks for deadlocks: dropping gives way to readers, never they to it. */
const LOCK_TIMEOUT_MS = 500;

/** What is to go, with the schema of its views. */
interface Doomed {
  readonly build: string;
  readonly views: string;
  readonly even: 'live' | 'not live';
}

/**
 * Drops builds that are of no use: what an abandoned replay left, and builds that were superseded, by another one or
 * by a later contract, and that nobody has written for ten minutes (`keptFor` seconds). Never the contract's live one,
 * never one that somebody writes. Returns what was dropped; what could not be locked is dropped another time.
 */
export async function prune(
  pool: Pool,
  contract: string,
  keptFor = KEPT_FOR_SECONDS,
): Promise<readonly string[]> {
  const dropped: string[] = [];
  for (const doomed of [
    ...(await useless(pool, contract, keptFor)),
    ...(await outdated(pool, contract, keptFor)),
  ]) {
    if (await drop(pool, doomed)) dropped.push(doomed.build);
  }
  return dropped;
}

async function useless(pool: Pool, contract: string, keptFor: number): Promise<Doomed[]> {
  const builds = await listBuilds(pool, contract);
  return builds.filter((build) => isUseless(build, keptFor)).map(({ build }) => superseded(contract, build));
}

/** Of a replay's candidate, `drop` finds out whether the replay still runs: its lease may outlive it. */
function isUseless({ state, purpose, abandonedFor }: Build, keptFor: number): boolean {
  if (state === 'live') return false;
  return (state === 'filling' && purpose === 'replay') || abandonedFor > keptFor;
}

/** All that an earlier contract's readers had, once nobody keeps it up to date for them. */
async function outdated(pool: Pool, contract: string, keptFor: number): Promise<Doomed[]> {
  const doomed: Doomed[] = [];
  for (const earlier of await contractsBefore(pool, contract)) {
    for (const { build, state, abandonedFor } of await listBuilds(pool, earlier)) {
      if (abandonedFor <= keptFor) continue;
      doomed.push(state === 'live' ? { build, views: earlier, even: 'live' } : superseded(earlier, build));
    }
  }
  return doomed;
}

const superseded = (contract: string, build: string): Doomed => ({
  build,
  views: viewsOf(contract, build),
  even: 'not live',
});

/** False where it is live, or somebody writes it. Rejects when a lock is not to be had. */
export const dropBuild = (pool: Pool, contract: string, build: string): Promise<boolean> =>
  drop(pool, superseded(contract, build));

const drop = (pool: Pool, doomed: Doomed): Promise<boolean> =>
  transaction(pool, async (client) => {
    await client.query({ text: `SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}` });
    await lockBuilds(client);
    if (!(await forget(client, doomed))) return false;
    await client.query({ text: `DROP SCHEMA IF EXISTS ${doomed.views} CASCADE` });
    await client.query({ text: `DROP SCHEMA IF EXISTS ${doomed.build} CASCADE` });
    return true;
  });

async function forget(client: Queryable, { build, even }: Doomed): Promise<boolean> {
  const { rowCount } = await client.query({
    text: `DELETE FROM read_models.builds USING read_models.checkpoints AS held
           WHERE builds.build = $1 AND held.build = $1 AND (state <> 'live' OR $2)
             AND (builder IS NULL OR lease_until < now()
                  OR NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = builder_pid))`,
    values: [build, even === 'live'],
  });
  return rowCount === 1;
}

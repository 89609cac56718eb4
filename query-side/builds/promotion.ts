import type { Client } from 'pg';
import { type Queryable, inTransaction } from '../database/database.js';
import { announce } from '../feed/announcement.js';
import type { Definition } from '../read-models/definition.js';
import { inSchema, lockBuilds } from './builds.js';

/**
 * The views of a build are in a schema of their own. The schema of the live build's views bears the name of the
 * contract; promotion renames two schemas, which takes no lock that a reader would wait for.
 */
export const viewsOf = (contract: string, build: string): string => `${contract}_of_${build}`;

/** Makes the views of a build that is not live. False where they were there already. Within a transaction. */
export async function createViews(
  client: Queryable,
  build: string,
  { contract, readModels }: Definition,
): Promise<boolean> {
  const schema = viewsOf(contract, build);
  if (await schemaExists(client, schema)) return false;
  await client.query({ text: `CREATE SCHEMA ${schema}` });
  await inSchema(
    client,
    schema,
    readModels.map(({ views }) => views.replaceAll(/\bbuild\./g, `${build}.`)),
  );
  return true;
}

export interface Promotion {
  readonly build: string;
  readonly contract: string;
  /**
   * Brings the candidate's rows up to the position at least. The live build's builder waits meanwhile, so this
   * must be short: call `promote` on a candidate that has caught up.
   */
  readonly advanceTo: (position: bigint) => Promise<void>;
}

/** The candidate is behind the live build: promoted, it would take back what readers have seen. */
export class CandidateBehind extends Error {
  override readonly name = 'CandidateBehind';
}

/** Promotion waits no longer than this for a lock; whoever calls tries again. Readers must not queue behind it. */
const LOCK_TIMEOUT_MS = 500;
/** Nobody writes the live build while its checkpoint is held: not for longer than they wait for it. */
const HELD_MS = 10_000;

/**
 * Makes a candidate the build that readers see, in one short transaction on a connection of its own: holds the
 * live build's checkpoint, brings the candidate up to it, demands candidate >= live, renames. Rejects with
 * nothing changed when a lock is not to be had or the candidate stays behind; the connection must then be ended.
 */
export const promote = (client: Client, promotion: Promotion): Promise<void> =>
  inTransaction(client, async () => {
    await client.query({ text: `SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}` });
    await limitHolding(client);
    await lockBuilds(client);
    const live = await holdLive(client, promotion.contract);
    if (live?.build === promotion.build) return;
    if (live) await promotion.advanceTo(live.position);
    await demandNotBehind(client, promotion.build, live?.position ?? -1n);
    await swap(client, promotion, live?.build);
    await announce(client, { kind: 'builds' });
  });

/** Within a transaction: the server ends it, and what it holds, when its client says nothing for so long. */
export async function limitHolding(client: Queryable): Promise<void> {
  await client.query({ text: `SET LOCAL idle_in_transaction_session_timeout = ${HELD_MS}` });
}

async function holdLive(client: Queryable, contract: string) {
  const { rows } = await client.query<{ build: string; position: string }>({
    text: `SELECT build, position::text FROM read_models.builds JOIN read_models.checkpoints AS held USING (build)
           WHERE contract = $1 AND state = 'live' FOR UPDATE OF held`,
    values: [contract],
  });
  const [live] = rows;
  return live && { build: live.build, position: BigInt(live.position) };
}

async function demandNotBehind(client: Queryable, build: string, livePosition: bigint): Promise<void> {
  const { rows } = await client.query<{ position: string }>({
    text: 'SELECT position::text FROM read_models.checkpoints WHERE build = $1 FOR UPDATE',
    values: [build],
  });
  const position = BigInt(rows[0]?.position ?? -2);
  if (position < livePosition) {
    throw new CandidateBehind(`${build} is at ${position}, the live build at ${livePosition}`);
  }
}

/** Renames. Within a transaction that has called `lockBuilds` and knows the live build, if any. */
export async function swap(
  client: Queryable,
  { build, contract }: Pick<Promotion, 'build' | 'contract'>,
  live: string | undefined,
): Promise<void> {
  if (live !== undefined) {
    await client.query({
      text: `UPDATE read_models.builds SET state = 'retired', retired_at = now() WHERE build = $1`,
      values: [live],
    });
    await client.query({ text: `ALTER SCHEMA ${contract} RENAME TO ${viewsOf(contract, live)}` });
  }
  await client.query({ text: `ALTER SCHEMA ${viewsOf(contract, build)} RENAME TO ${contract}` });
  await client.query({
    text: `UPDATE read_models.builds SET state = 'live', promoted_at = now() WHERE build = $1`,
    values: [build],
  });
}

async function schemaExists(client: Queryable, schema: string): Promise<boolean> {
  const { rowCount } = await client.query({
    text: 'SELECT FROM pg_namespace WHERE nspname = $1',
    values: [schema],
  });
  return rowCount === 1;
}

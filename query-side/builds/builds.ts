import { readFileSync } from 'node:fs';
import type { Pool } from 'pg';
import { type Queryable, transaction } from '../database/database.js';
import type { Definition } from '../read-models/definition.js';

/** One build of the read models: a set of tables, filled from the log under a checkpoint of its own. */
export interface Build {
  /** Also the name of the schema of its tables. */
  readonly build: string;
  readonly sequence: number;
  readonly definition: string;
  readonly purpose: 'deploy' | 'replay';
  readonly state: 'filling' | 'live' | 'retired';
  readonly position: bigint;
  readonly logIdentity: string;
  /** Seconds since somebody last held its lease; 0 while somebody does. */
  readonly abandonedFor: number;
}

const structure = readFileSync(new URL('./builds.sql', import.meta.url), 'utf8');

/** Makes the tables of builds and checkpoints where they are missing. Any number of processes may do so at once. */
export const ensureStructure = (pool: Pool): Promise<void> =>
  transaction(pool, async (client) => {
    await lockBuilds(client);
    await client.query({ text: structure });
  });

/** Serialises what makes, promotes and drops builds, until the end of the transaction. */
export async function lockBuilds(client: Queryable): Promise<void> {
  await client.query({ text: `SELECT pg_advisory_xact_lock(hashtextextended('orders.read_models', 0))` });
}

/** All builds under a contract, oldest first. */
export async function listBuilds(database: Queryable, contract: string): Promise<readonly Build[]> {
  const { rows } = await database.query<Omit<Build, 'position'> & { position: string }>({
    name: 'list_builds',
    text: `SELECT build, sequence, definition, purpose, state, position::text, log_identity AS "logIdentity",
                  greatest(0, extract(epoch FROM now() - lease_until))::float8 AS "abandonedFor"
           FROM read_models.builds JOIN read_models.checkpoints USING (build)
           WHERE contract = $1 ORDER BY sequence`,
    values: [contract],
  });
  return rows.map((row) => ({ ...row, position: BigInt(row.position) }));
}

export async function liveBuild(database: Queryable, contract: string): Promise<Build | undefined> {
  const builds = await listBuilds(database, contract);
  return builds.find(({ state }) => state === 'live');
}

/** The earlier contracts that there are builds of: `read_v1` is earlier than `read_v2`. */
export async function contractsBefore(database: Queryable, contract: string): Promise<readonly string[]> {
  const { rows } = await database.query<{ contract: string }>({
    text: 'SELECT DISTINCT contract FROM read_models.builds',
  });
  return rows.map((row) => row.contract).filter((other) => numberOf(other) < numberOf(contract));
}

const numberOf = (contract: string): number => Number(/^read_v(\d+)$/.exec(contract)?.[1]);

/**
 * A new build with empty tables, its checkpoint before the first event. Within a transaction that has called
 * `lockBuilds`. Without indexes it fills faster; `createIndexes` makes them before it is promoted.
 */
export async function createBuild(
  client: Queryable,
  definition: Definition,
  { purpose, logIdentity }: Pick<Build, 'purpose' | 'logIdentity'>,
): Promise<string> {
  const { rows } = await client.query<{ build: string }>({
    text: `INSERT INTO read_models.builds (build, sequence, contract, definition, purpose)
           SELECT 'build_' || $2::text || '_' || number, number, $1, $2, $3
           FROM nextval('read_models.build_numbers') AS number
           RETURNING build`,
    values: [definition.contract, definition.hash, purpose],
  });
  const build = rows[0]?.build;
  if (build === undefined) throw new Error('no build was made');
  await client.query({
    text: 'INSERT INTO read_models.checkpoints (build, log_identity) VALUES ($1, $2)',
    values: [build, logIdentity],
  });
  await client.query({ text: `CREATE SCHEMA ${build}` });
  await inSchema(
    client,
    build,
    definition.readModels.map(({ tables }) => tables),
  );
  return build;
}

/** Within a transaction. */
export const createIndexes = (client: Queryable, build: string, { readModels }: Definition): Promise<void> =>
  inSchema(
    client,
    build,
    readModels.map(({ indexes }) => indexes),
  );

/** Runs SQL that names its tables without a schema; for the rest of the transaction, names mean that schema's. */
export async function inSchema(client: Queryable, schema: string, sql: readonly string[]): Promise<void> {
  await client.query({ text: `SET LOCAL search_path TO ${schema}` });
  for (const text of sql.filter((text) => text.trim() !== '')) await client.query({ text });
  await client.query({ text: 'SET LOCAL search_path TO DEFAULT' });
}

import {
  type Client,
  type CustomTypesConfig,
  type Pool,
  type QueryResult,
  type QueryResultRow,
  types,
} from 'pg';
import {
  type PostgresOptions,
  openConnection as open,
  openPool,
} from '@orders/shared-events/transport/postgres.js';
import type { Statement } from './statement.js';

/** What can run a statement: a pool, or a connection of its own. */
export interface Queryable {
  query<Row extends QueryResultRow>(statement: Statement): Promise<QueryResult<Row>>;
}

/** COMMIT did not commit: a statement before it had failed. */
export class NotCommitted extends Error {
  override readonly name = 'NotCommitted';
}

/** So long may take what goes through all rows, such as making an index: the end of a wait that nothing else ends. */
export const PATIENTLY_MS = 3_600_000;

type Options = Omit<PostgresOptions, 'types'>;

export const createPool = (options: Options & { readonly max: number }): Pool =>
  openPool({ ...options, types: readableTypes });

/** A connection of its own. Whoever asks for it ends it. */
export const openConnection = (options: Options): Promise<Client> =>
  open({ ...options, types: readableTypes });

/**
 * Runs the work in one transaction on that connection. Rejects with what the work threw, or NotCommitted; after
 * either, only the end of the connection is certain to leave nothing behind, so the caller must end it.
 */
export async function inTransaction<T>(client: Queryable, work: () => Promise<T>): Promise<T> {
  await client.query({ text: 'BEGIN' });
  const result = await work();
  await commit(client);
  return result;
}

/** As `inTransaction`, on a pooled connection that is destroyed when anything fails. */
export async function transaction<T>(pool: Pool, work: (client: Queryable) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    const result = await inTransaction(client, () => work(client));
    client.release();
    return result;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

async function commit(client: Queryable): Promise<void> {
  const { command } = await client.query({ text: 'COMMIT' });
  // In a failed transaction COMMIT succeeds and rolls back.
  if (command !== 'COMMIT') throw new NotCommitted(`COMMIT answered ${command}`);
}

/** int8 as a number that holds it exactly, timestamptz as RFC 3339 with all its digits: a Date keeps three. */
const readableTypes: CustomTypesConfig = {
  getTypeParser(oid, format) {
    if (format !== 'binary' && oid === types.builtins.INT8) return exactInteger;
    if (format !== 'binary' && oid === types.builtins.TIMESTAMPTZ) return instant;
    return types.getTypeParser(oid, format) as (text: string) => unknown;
  },
};

function exactInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} does not fit a number; select it as text`);
  return value;
}

/** `2026-01-31 12:00:00.5+00` as `2026-01-31T12:00:00.5Z`; sessions are in UTC. */
const instant = (text: string): string => text.replace(' ', 'T').replace(/\+00(:?00)?$/, 'Z');

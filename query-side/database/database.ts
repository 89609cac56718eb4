import {
  Client,
  type ClientConfig,
  type CustomTypesConfig,
  Pool,
  type QueryResult,
  type QueryResultRow,
  types,
} from 'pg';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import type { Statement } from './statement.js';

/** What can run a statement: a pool, or a connection of its own. */
export interface Queryable {
  query<Row extends QueryResultRow>(statement: Statement): Promise<QueryResult<Row>>;
}

/** COMMIT did not commit: a statement before it had failed. */
export class NotCommitted extends Error {
  override readonly name = 'NotCommitted';
}

export interface ConnectionOptions {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  readonly logger: LogSink;
  /** How long one statement may take; 0 waits for ever. A connection that exceeded it is destroyed. */
  readonly statementTimeoutMs: number;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** So long after the server's own limit the client stops believing in an answer. */
const ANSWER_GRACE_MS = 5_000;

export function createPool(options: ConnectionOptions & { readonly max: number }): Pool {
  const pool = new Pool({ ...configuration(options), max: options.max });
  pool.on('error', (error) => options.logger.warn({ err: error }, 'idle Postgres connection lost'));
  return pool;
}

/** A connection of its own. Whoever asks for it ends it. */
export async function openConnection(options: ConnectionOptions): Promise<Client> {
  const client = new Client(configuration(options));
  client.on('error', (error) => options.logger.warn({ err: error }, 'Postgres connection lost'));
  await client.connect();
  return client;
}

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

function configuration({ url, name, statementTimeoutMs }: ConnectionOptions): ClientConfig {
  return {
    connectionString: url,
    application_name: name,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    options: '-c TimeZone=UTC -c DateStyle=ISO',
    types: readableTypes,
    ...(statementTimeoutMs > 0
      ? { statement_timeout: statementTimeoutMs, query_timeout: statementTimeoutMs + ANSWER_GRACE_MS }
      : {}),
  };
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

import { fileURLToPath } from 'node:url';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { runner } from 'node-pg-migrate';
import { Pool } from 'pg';

export const SCHEMA = 'process_managers';

/** Any number will do, as long as it stays: instances that start together migrate one after the other. */
const MIGRATION_LOCK = 730_119_001;
const CONNECTIONS = 8;
const STATEMENT_TIMEOUT_MS = 10_000;

/**
 * The process managers' own connections. Every statement of theirs is atomic by itself and goes through
 * `pool.query`, which destroys a connection whose statement failed.
 */
export function openPool(url: string, logger: LogSink): Pool {
  const pool = new Pool({
    connectionString: url,
    application_name: 'process-managers',
    max: CONNECTIONS,
    connectionTimeoutMillis: 5_000,
    query_timeout: STATEMENT_TIMEOUT_MS,
    keepAlive: true,
  });
  pool.on('error', (error) => logger.warn({ err: error }, 'an idle database connection failed'));
  return pool;
}

/** Brings the schema up to date; several instances may do so at once. Throws when the database is newer. */
export async function migrate(url: string, logger: LogSink): Promise<void> {
  const migrations = await runner({
    databaseUrl: url,
    dir: fileURLToPath(new URL('./migrations', import.meta.url)),
    schema: SCHEMA,
    createSchema: true,
    migrationsTable: 'migrations',
    direction: 'up',
    advisoryLockMode: 'wait',
    lockValue: MIGRATION_LOCK,
    log: (message) => logger.debug({ migration: message }, 'migration'),
  });
  for (const { name } of migrations) logger.info({ migration: name }, 'migrated');
}

/** A column as an instant in RFC 3339, UTC, with microseconds: a cursor that holds it hits its row exactly. */
export const instant = (column: string, name: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "${name}"`;

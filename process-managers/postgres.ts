import { fileURLToPath } from 'node:url';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { runner } from 'node-pg-migrate';
import type { Pool } from 'pg';
import { openConnection, openPool as openBoundedPool } from '@orders/shared-events/transport/postgres.js';

export const SCHEMA = 'process_managers';

/** Any number will do, as long as it stays: instances that start together migrate one after the other. */
const MIGRATION_LOCK = 730_119_001;
const CONNECTIONS = 8;
const NAME = 'process-managers';
const STATEMENT_TIMEOUT_MS = 8_000;
/** A migration may have many rows to go through, and those who start together wait for whoever is first. */
const MIGRATION_TIMEOUT_MS = 30_000;

/**
 * The process managers' own connections. Every statement of theirs is atomic by itself and goes through
 * `pool.query`, which destroys a connection whose statement failed.
 */
export const openPool = (url: string, logger: LogSink): Pool =>
  openBoundedPool({
    ...{ url, logger, name: NAME, max: CONNECTIONS },
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });

/** Brings the schema up to date; several instances may do so at once. Throws when the database is newer. */
export async function migrate(url: string, logger: LogSink): Promise<void> {
  const client = await openConnection({
    ...{ url, logger, name: `${NAME} migrations` },
    statementTimeoutMs: MIGRATION_TIMEOUT_MS,
  });
  try {
    const migrations = await runner({
      dbClient: client,
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
  } finally {
    await client.end();
  }
}

/** A column as an instant in RFC 3339, UTC, with microseconds: a cursor that holds it hits its row exactly. */
export const instant = (column: string, name: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "${name}"`;

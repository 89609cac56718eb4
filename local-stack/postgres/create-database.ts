import { openConnection } from '@orders/shared-events/transport/postgres.js';
import { escapeIdentifier } from 'pg';
import { pino } from 'pino';

/** duplicate_database and unique_violation: another session created it between the look and the command. */
const EXISTS_ALREADY = ['42P04', '23505'];

/** It copies a template, on a disk that may have other things to do. */
const CREATION_TIMEOUT_MS = 60_000;
/** A link that breaks rejects the query in hand, which says enough. */
const nobody = pino({ level: 'silent' });

/**
 * Makes an empty database on the server of `url`, unless it exists already.
 * @param url any database of the server, as `postgres://user:password@host:port/database`
 * @returns the URL of the database called `name`
 */
export async function createDatabase(url: string, name: string): Promise<string> {
  const client = await openConnection({
    ...{ url, name: 'create database', statementTimeoutMs: CREATION_TIMEOUT_MS },
    logger: nobody,
  });
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${escapeIdentifier(name)}`);
  } catch (error) {
    if (!EXISTS_ALREADY.includes((error as { code?: string }).code ?? '')) throw error;
  } finally {
    await client.end();
  }
  const created = new URL(url);
  created.pathname = `/${encodeURIComponent(name)}`;
  return created.href;
}

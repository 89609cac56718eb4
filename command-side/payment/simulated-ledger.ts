import type { Pool, QueryConfig } from 'pg';
import { ProviderUnavailable } from './provider.js';

/** SQLSTATEs of a database that cannot answer now: connection exceptions, too little of something, shutdown. */
const NOT_NOW = /^(08|53|57)/;
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** Asks the simulated provider's books. Throws ProviderUnavailable where it is away, and never answers where it is silent. */
export async function rowsOf(ledger: Pool, query: QueryConfig): Promise<readonly unknown[]> {
  try {
    return (await ledger.query<object>(query)).rows;
  } catch (error) {
    // Whoever waits for it has to give up by himself.
    if (isSilence(error)) return new Promise<never>(() => undefined);
    if (isFault(error)) throw error;
    throw new ProviderUnavailable('the simulated provider cannot reach its books', { cause: error });
  }
}

/** The kind of a simulated outage, see the schema. */
const isSilence = (error: unknown): boolean =>
  error instanceof Error && 'detail' in error && error.detail === 'SILENT';

/** A statement that the database refused, rather than a database that is not there. */
function isFault(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && SQLSTATE.test(code) && !NOT_NOW.test(code);
}

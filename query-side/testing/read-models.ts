import { Client, type Pool } from 'pg';
import { silent } from '@orders/shared-events/testing/logger.js';
import { createBuild, ensureStructure, lockBuilds } from '../builds/builds.js';
import { createPool, openConnection, transaction } from '../database/database.js';
import { readModels } from '../read-models/read-models.js';

export interface TestDatabase {
  readonly url: string;
  readonly pool: Pool;
  /** Opens a connection of its own. */
  readonly connect: () => Promise<Client>;
  /** Ends what was opened. */
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;

export function testDatabase(url: string): TestDatabase {
  const options = { url, name: 'spec', logger: silent, statementTimeoutMs: TIMEOUT_MS };
  const pool = createPool({ ...options, max: 5 });
  const clients: Client[] = [];
  return {
    url,
    pool,
    async connect() {
      const client = await openConnection(options);
      clients.push(client);
      return client;
    },
    async close() {
      await Promise.allSettled([...clients.map((client) => client.end()), pool.end()]);
    },
  };
}

/** A build of the read models that nobody writes yet. Resolves with its name. */
export async function aBuild({ pool }: TestDatabase, logIdentity: string): Promise<string> {
  await ensureStructure(pool);
  return transaction(pool, async (client) => {
    await lockBuilds(client);
    return createBuild(client, readModels, { purpose: 'deploy', logIdentity });
  });
}

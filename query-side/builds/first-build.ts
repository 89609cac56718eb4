import type { Pool } from 'pg';
import { transaction } from '../database/database.js';
import type { Definition } from '../read-models/definition.js';
import { createBuild, createIndexes, ensureStructure, liveBuild, lockBuilds } from './builds.js';
import { createViews, swap } from './promotion.js';

/**
 * In a database without a live build, makes an empty one and promotes it at once: there is nothing that it could
 * take back from readers. Any number of processes may do so at once; one of them does.
 */
export async function ensureFirstBuild(
  pool: Pool,
  definition: Definition,
  logIdentity: string,
): Promise<void> {
  await ensureStructure(pool);
  if (await liveBuild(pool, definition.contract)) return;
  await transaction(pool, async (client) => {
    await lockBuilds(client);
    if (await liveBuild(client, definition.contract)) return;
    const build = await createBuild(client, definition, { purpose: 'deploy', logIdentity });
    await createIndexes(client, build, definition);
    await createViews(client, build, definition);
    await swap(client, { build, contract: definition.contract }, undefined);
  });
}

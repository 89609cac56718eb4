import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { orderId } from '@orders/shared-events/testing/examples.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { type Server, databaseOf, serverRows } from '@orders/shared-events/testing/servers.js';
import { Pool } from 'pg';
import { partitionOf } from '../order-process/partition.js';
import { migrate } from '../postgres.js';
import { QuarantineTable } from './quarantine.table.js';

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  let server: Server;
  let pool: Pool;
  beforeAll(async () => {
    server = await databaseOf(real);
    await migrate(server.url, silent);
    pool = new Pool({ connectionString: server.url });
    pool.on('error', () => undefined);
  });
  afterAll(async () => {
    await pool.end();
    await server.stop();
  });

  it('an order is put into quarantine whatever a stranger wrote into the reason', async () => {
    const table = new QuarantineTable(pool);
    await table.put(orderId, { position: 7n, reason: 'unknown type "a\u0000b\ud800"', newer: false });
    expect(await table.ofPartitions([partitionOf(orderId)])).toEqual([
      { orderId, position: 7n, reason: 'unknown type "a\ufffdb\ufffd"', newer: false },
    ]);
  });
});

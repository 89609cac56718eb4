import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Client } from 'pg';
import { mug } from '@orders/shared-events/testing/examples.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { readModels } from '../read-models/read-models.js';
import { type TestDatabase, aBuild, testDatabase } from '../testing/read-models.js';
import { recorded } from '../testing/recorded.js';
import { type BackEnds, backEnds } from '../testing/servers.js';
import { acquire } from './lease.js';
import { BuildSession, LeaseNotRenewed } from './session.js';

const LOG = 'log';

describe.each(serverRows('EVENTSTORE_URL', 'DATABASE_URL'))('a builder on %s', (_title, real) => {
  let servers: BackEnds;
  let database: TestDatabase;
  let build: string;
  let session: BuildSession;

  beforeAll(async () => {
    servers = await backEnds(real);
  });
  afterAll(() => servers.stop());
  beforeEach(async () => {
    database = testDatabase(await servers.database());
    build = await aBuild(database, LOG);
    const opened = await BuildSession.open(
      build,
      { announces: true, lazyCommits: false },
      { ...database, definition: readModels, logIdentity: LOG, logger: silent },
    );
    if (!opened) throw new Error('another holds the build');
    session = opened;
  });
  afterEach(async () => {
    await session.close();
    await database.close();
  });

  /** A connection that keeps others waiting until it ends. */
  async function holdingUp(lock: string): Promise<Client> {
    const client = await database.connect();
    await client.query('SET idle_in_transaction_session_timeout TO 0');
    await client.query('BEGIN');
    await client.query(lock);
    return client;
  }
  const holdingUpThe = (table: string) => holdingUp(`LOCK TABLE ${build}.${table}`);

  const writeBatch = () =>
    session.writer.write({
      events: recorded({ type: 'StockReceived', data: { sku: mug, receiptId: 'r1', quantity: 1 } }),
      position: 1n,
    });

  /** The statements that begin so and wait for somebody else's lock. */
  async function waiting(start: string): Promise<number> {
    const { rowCount } = await database.pool.query(
      `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND starts_with(query, $1)`,
      [start],
    );
    return rowCount ?? 0;
  }
  const RENEWAL = 'UPDATE read_models.checkpoints SET lease_until';
  const isLost = () => session.lost.aborted || once(session.lost, 'abort');

  it('asks for no renewal while the last one has time for its answer', async () => {
    await holdingUp('SELECT FROM read_models.checkpoints FOR UPDATE');
    await isLost();
    // One every two seconds, of the six that it holds on.
    expect(await waiting(RENEWAL)).toBeLessThanOrEqual(2);
  });

  it('asks for none while a batch is being written, and loses the build where that is not answered', async () => {
    await holdingUpThe('stock_levels');
    const written = writeBatch();
    written.catch(() => undefined);
    await isLost();
    expect(session.lost.reason).toBeInstanceOf(LeaseNotRenewed);
    expect(await waiting(RENEWAL)).toBe(0);
    await expect(written).rejects.toThrow('Connection terminated');
  });

  it('keeps the build through a batch that takes longer than the lease, whoever waits for it', async () => {
    const [levels, log] = [await holdingUpThe('stock_levels'), await holdingUpThe('audit_log')];
    const written = writeBatch();
    // As others see it: the batch, and what goes along with it, is not committed.
    const leaseIsOver = async (): Promise<boolean> => {
      const { rowCount } = await database.pool.query(
        "SELECT FROM read_models.checkpoints WHERE lease_until < now() - interval '0.5 s'",
      );
      return rowCount === 1;
    };
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    await levels.end();
    await until(leaseIsOver);
    const another = acquire(await database.connect(), build, randomUUID());
    await until(async () => (await waiting('UPDATE read_models.checkpoints AS held')) === 1);
    await log.end();
    await written;
    expect(await another).toBeUndefined();
    expect(session.lost.aborted).toBe(false);
  });
});

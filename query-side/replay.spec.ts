import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { snapshotStream } from '@orders/shared-events/contracts/ids.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { Builder } from './builds/builder.js';
import { listBuilds, liveBuild } from './builds/builds.js';
import { CandidateBehind, promote } from './builds/promotion.js';
import { PositionFeed } from './feed/position-feed.js';
import { readModels } from './read-models/read-models.js';
import { rowHashes } from './read-models/row-hash.js';
import { AnotherReplay, type ReplayOptions, replay } from './replay/run-replay.js';
import { History } from './testing/history.js';
import { type TestDatabase, testDatabase } from './testing/read-models.js';
import { type BackEnds, backEnds } from './testing/servers.js';

describe.each(serverRows('EVENTSTORE_URL', 'DATABASE_URL'))('on %s', (_title, real) => {
  let servers: BackEnds;
  let database: TestDatabase;
  let builder: Builder;
  let feed: PositionFeed;
  let history: History;

  beforeAll(async () => {
    servers = await backEnds(real);
  });
  afterAll(() => servers.stop());
  beforeEach(async () => {
    database = testDatabase(await servers.database());
    const { pool, connect } = database;
    feed = new PositionFeed({ connect, contract: 'read_v2', logger: silent });
    builder = new Builder({
      log: servers.eventStore,
      pool,
      connect,
      connectPatiently: connect,
      feed,
      definition: readModels,
      logger: silent,
    });
    await builder.start();
    feed.start();
    history = new History(servers.eventStore);
  });
  afterEach(async () => {
    await Promise.all([builder.stop(), feed.stop()]);
    await database.close();
  });

  const run = (options: Partial<ReplayOptions> = {}) =>
    replay({
      dryRun: false,
      log: servers.eventStore,
      pool: database.pool,
      connect: database.connect,
      definition: readModels,
      logger: silent,
      signal: new AbortController().signal,
      onStage: () => undefined,
      onProgress: () => undefined,
      ...options,
    });
  const builds = () => listBuilds(database.pool, 'read_v2');
  const live = () => liveBuild(database.pool, 'read_v2');
  const caughtUp = async (): Promise<void> => {
    const head = await servers.eventStore.head();
    await until(async () => ((await live())?.position ?? -1n) >= head);
  };

  /** One order after another, until it is over. */
  async function ordering(over: AbortSignal): Promise<void> {
    for (let index = 0; !over.aborted; index++) await history.order(index);
  }

  /** Does the work while the others are busy, and ends them whatever comes of it. */
  async function amid<T>(
    others: readonly ((over: AbortSignal) => Promise<void>)[],
    work: () => Promise<T>,
  ): Promise<T> {
    const over = new AbortController();
    const busy = Promise.all(others.map((other) => other(over.signal)));
    try {
      return await work();
    } finally {
      over.abort();
      await busy;
    }
  }

  describe('a replay', () => {
    it('gives the rows that the live projection has', async () => {
      for (let index = 0; index < 10; index++) {
        await history.order(index);
        await history.eventfulOrder();
      }
      await caughtUp();
      const before = await rowHashes(database.pool, 'read_v2');
      const { build, replaced } = await run();
      expect(await live()).toMatchObject({ build });
      expect(build).not.toBe(replaced);
      expect(await rowHashes(database.pool, 'read_v2')).toEqual(before);
    });

    it('and the live projection pass over snapshots of the command side', async () => {
      await history.order(0);
      await caughtUp();
      const before = await rowHashes(database.pool, 'read_v1');
      const snapshots = snapshotStream(`stock-${randomUUID()}`, 1);
      const snapshot = { id: randomUUID(), type: 'SnapshotTaken', data: Uint8Array.of(1, 2, 3) };
      await servers.eventStore.keepLastOnly(snapshots);
      await servers.eventStore.appendSnapshot(snapshots, 'no_stream', snapshot);
      await run();
      expect(await rowHashes(database.pool, 'read_v1')).toEqual(before);
      await history.order(1);
      await caughtUp();
      expect(await run({ dryRun: true })).toMatchObject({ comparison: { different: [] } });
    });

    it('swaps while events arrive and readers read: no read fails, no event is missed', async () => {
      for (let index = 0; index < 20; index++) await history.order(index);
      const failures: unknown[] = [];
      let reads = 0;
      const reader = async (over: AbortSignal) => {
        const statement = {
          name: 'read',
          text: 'SELECT count(*) FROM read_v2.orders JOIN read_v2.order_lines USING (order_id)',
        };
        const client = await database.connect();
        for (; !over.aborted && failures.length === 0; reads++) {
          await client.query(statement).catch((error: unknown) => failures.push(error));
        }
      };
      const swaps = await amid([reader, reader, reader, ordering], async () => [await run(), await run()]);
      expect(failures).toEqual([]);
      expect(reads).toBeGreaterThan(10);
      expect(swaps[1]?.replaced).toBe(swaps[0]?.build);
      await caughtUp();
      await builder.stop();
      expect(await run({ dryRun: true })).toMatchObject({ comparison: { different: [] } });
    });

    it('leaves the new build to the running projection', async () => {
      const { build } = await run();
      await until(() => builder.state.is === 'projecting' && builder.state.build === build);
      await history.order();
      await caughtUp();
      expect(await live()).toMatchObject({ build });
    });

    it('does not take back what readers have seen', async () => {
      const { replaced } = await run();
      await until(() => builder.state.is === 'projecting' && builder.state.build !== replaced);
      await history.order();
      await caughtUp();
      const client = await database.connect();
      const behind = promote(client, {
        build: replaced ?? '',
        contract: 'read_v2',
        advanceTo: () => Promise.resolve(),
      });
      await expect(behind).rejects.toThrow(CandidateBehind);
      await client.end();
      expect(await live()).not.toMatchObject({ build: replaced });
    });

    it('leaves nothing behind when it is given up', async () => {
      await history.order();
      const before = await live();
      const giveUp = new AbortController();
      const replaying = run({
        signal: giveUp.signal,
        onStage: (stage) => stage === 'promoting' && giveUp.abort(),
      });
      await expect(replaying).rejects.toThrow();
      expect(await builds()).toMatchObject([{ build: before?.build, state: 'live' }]);
    });

    it('clears away what a killed one left, and leaves the live build alone', async () => {
      const before = await live();
      await database.pool.query(
        `INSERT INTO read_models.builds (build, sequence, contract, definition, purpose) VALUES ('build_dead_0', 0, 'read_v2', $1, 'replay')`,
        [readModels.hash],
      );
      await database.pool.query(
        `INSERT INTO read_models.checkpoints (build, log_identity, builder, builder_pid, lease_until)
       VALUES ('build_dead_0', 'log', gen_random_uuid(), -1, now() + interval '6 seconds')`,
      );
      await database.pool.query('CREATE SCHEMA build_dead_0');
      await run({ dryRun: true });
      expect(await builds()).toMatchObject([{ build: before?.build, state: 'live' }]);
      const { rows } = await database.pool.query(`SELECT FROM pg_namespace WHERE nspname = 'build_dead_0'`);
      expect(rows).toEqual([]);
    });

    it('is refused while another one runs', async () => {
      let second: Promise<unknown> | undefined;
      await run({
        onStage: (stage) => {
          if (stage === 'indexing') second = run().catch((error: unknown) => error);
        },
      });
      expect(await second).toBeInstanceOf(AnotherReplay);
    });
  });

  describe('a dry run', () => {
    it('finds the live rows equal, and changes nothing', async () => {
      for (let index = 0; index < 5; index++) await history.order(index);
      await caughtUp();
      const before = await builds();
      const { comparison } = await run({ dryRun: true });
      expect(comparison?.different).toEqual([]);
      expect(comparison?.live).toEqual(comparison?.candidate);
      expect((await builds()).map(({ build, state }) => ({ build, state }))).toEqual(
        before.map(({ build, state }) => ({ build, state })),
      );
    });

    it('compares at one position while events keep arriving', async () => {
      const comparisons = await amid([ordering], async () => [
        await run({ dryRun: true }),
        await run({ dryRun: true }),
      ]);
      expect(comparisons.map(({ comparison }) => comparison?.different)).toEqual([[], []]);
    });

    it('names the read models whose rows a replay would change', async () => {
      const orderId = await history.order();
      await caughtUp();
      const build = await live();
      await database.pool.query(`UPDATE ${build?.build}.orders SET total = total + 1 WHERE order_id = $1`, [
        orderId,
      ]);
      await database.pool.query(`DELETE FROM ${build?.build}.audit_log WHERE event_type = 'OrderShipped'`);
      const { comparison } = await run({ dryRun: true });
      expect(comparison?.different).toEqual(['audit_log', 'orders']);
    });
  });
});

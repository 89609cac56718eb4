import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type ConnectedStore, connectedTo } from '@orders/shared-events/testing/event-stores.js';
import { mug } from '@orders/shared-events/testing/examples.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { embeddedEventStore, serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { PositionFeed } from '../feed/position-feed.js';
import { type Definition, define } from '../read-models/definition.js';
import { readModels } from '../read-models/read-models.js';
import { rowHashes } from '../read-models/row-hash.js';
import { History } from '../testing/history.js';
import { type TestDatabase, testDatabase } from '../testing/read-models.js';
import { newEvent } from '../testing/recorded.js';
import { type BackEnds, backEnds } from '../testing/servers.js';
import { Builder, type EventLog } from './builder.js';
import { type Build, listBuilds } from './builds.js';
import { viewsOf } from './promotion.js';
import { prune } from './prune.js';
import { BuildSession, ForeignLog } from './session.js';

describe.each(serverRows('EVENTSTORE_URL', 'DATABASE_URL'))('on %s', (_title, real) => {
  let servers: BackEnds;
  let database: TestDatabase;
  let history: History;
  let running: Builder[];
  let feeds: PositionFeed[];

  beforeAll(async () => {
    servers = await backEnds(real);
  });
  afterAll(() => servers.stop());
  beforeEach(async () => {
    database = testDatabase(await servers.database());
    history = new History(servers.eventStore);
    running = [];
    feeds = [];
  });
  afterEach(async () => {
    await Promise.all([...running, ...feeds].map((part) => part.stop()));
    await database.close();
  });

  function instance(definition: Definition = readModels, log: EventLog = servers.eventStore): Builder {
    const { pool, connect } = database;
    const feed = new PositionFeed({ connect, contract: definition.contract, logger: silent });
    const builder = new Builder({
      log,
      pool,
      connect,
      connectPatiently: connect,
      feed,
      definition,
      logger: silent,
    });
    feeds.push(feed);
    running.push(builder);
    return builder;
  }

  async function started(definition?: Definition): Promise<Builder> {
    const builder = instance(definition);
    await builder.start();
    feeds.at(-1)?.start();
    return builder;
  }

  /** As a later version of the code would define them: the same rows, another hash. */
  const nextVersion = define(
    readModels.contract,
    readModels.readModels.map((model) => ({ ...model, projector: { ...model.projector, version: 99 } })),
  );

  const builds = (): Promise<readonly Build[]> => listBuilds(database.pool, readModels.contract);
  const live = async () => (await builds()).find(({ state }) => state === 'live');
  const count = async (table: string): Promise<number> =>
    Number((await database.pool.query<{ n: string }>(`SELECT count(*) AS n FROM ${table}`)).rows[0]?.n);
  const caughtUp = async (): Promise<void> => {
    const head = await servers.eventStore.head();
    await until(async () => ((await live())?.position ?? -1n) >= head);
  };

  describe('the builders of a system', () => {
    it('make one build between them at the first start, and one of them projects', async () => {
      const builders = await Promise.all([started(), started(), started()]);
      await until(() =>
        builders.every(({ state }) => state.is === 'projecting' || state.is === 'standing by'),
      );
      expect(builders.filter(({ state }) => state.is === 'projecting')).toHaveLength(1);
      expect(await builds()).toMatchObject([{ state: 'live', definition: readModels.hash }]);
    });

    it('show what happens', async () => {
      await started();
      const orderId = await history.order();
      await caughtUp();
      const { rows } = await database.pool.query('SELECT status FROM read_v2.orders WHERE order_id = $1', [
        orderId,
      ]);
      expect(rows).toEqual([{ status: 'COMPLETED' }]);
    });

    it('hand over when one stops', async () => {
      const first = await started();
      await until(() => first.state.is === 'projecting');
      const second = await started();
      await until(() => second.state.is === 'standing by');
      await first.stop();
      await until(() => second.state.is === 'projecting');
    });

    it('go on where one stands still in the middle of a batch, with its connection open', async () => {
      const first = await started();
      await history.order();
      await caughtUp();
      await first.stop();
      const { build = '', logIdentity = '' } = (await live()) ?? {};
      // Renews no lease.
      const pool = testDatabase(database.url).pool;
      await pool.end();
      const client = await database.connect();
      const options = { pool, definition: readModels, logIdentity, logger: silent };
      const frozen = await BuildSession.open(
        build,
        { announces: true, lazyCommits: false },
        { ...options, connect: () => Promise.resolve(client) },
      );
      try {
        await client.query('BEGIN');
        await client.query('UPDATE read_models.checkpoints SET updated_at = now() WHERE build = $1', [build]);
        const second = await started();
        await until(() => second.state.is === 'projecting');
        expect(frozen?.lost.aborted).toBe(true);
      } finally {
        await frozen?.close();
      }
      await history.order();
      await caughtUp();
    });

    it('project each event once, however often their connections are cut', async () => {
      await started();
      await started();
      const cutting = setInterval(() => {
        void database.pool
          .query('SELECT pg_terminate_backend(builder_pid) FROM read_models.checkpoints')
          .catch(() => undefined);
      }, 60);
      for (let index = 0; index < 60; index++) await history.order(index);
      clearInterval(cutting);
      await caughtUp();
      const head = await servers.eventStore.head();
      let events = 0;
      for await (const event of servers.eventStore.readAll()) events += Number(event.position <= head);
      expect(await count(`read_v2.audit_log WHERE position <= ${head}`)).toBe(events);
      expect(await count('read_v2.orders WHERE captured NOT IN (0, total)')).toBe(0);
    });

    it('refuse to start on another log than that of their read models', async () => {
      await (await started()).stop();
      const { eventStore } = servers;
      const other: EventLog = {
        identity: () => Promise.resolve('another log'),
        readAll: (options) => eventStore.readAll(options),
        subscribe: (options) => eventStore.subscribe(options),
      };
      const starting = instance(readModels, other).start();
      await expect(starting).rejects.toThrow(ForeignLog);
      await expect(starting).rejects.toThrow(
        /event log [-0-9a-f]+, but EVENTSTORE_URL leads to log another log/,
      );
    });
  });

  describe('a version that is deployed', () => {
    it('fills a build of its own beside the live one and takes its place, with the same rows', async () => {
      await started();
      for (let index = 0; index < 5; index++) await history.order(index);
      await caughtUp();
      const before = await rowHashes(database.pool, 'read_v2');
      await started(nextVersion);
      await until(async () => (await live())?.definition === nextVersion.hash);
      expect(await rowHashes(database.pool, 'read_v2')).toEqual(before);
    });

    it('leaves the build of the version before it to that version, which keeps it up to date', async () => {
      const old = await started();
      const next = await started(nextVersion);
      await until(async () => (await live())?.definition === nextVersion.hash);
      await until(() => next.state.is === 'projecting' && old.state.is === 'projecting');
      await history.order();
      const head = await servers.eventStore.head();
      await until(async () => (await builds()).every(({ position }) => position >= head));
      const [retired] = await builds();
      expect(await rowHashes(database.pool, viewsOf('read_v2', retired?.build ?? ''))).toEqual(
        await rowHashes(database.pool, 'read_v2'),
      );
    });

    it('is replaced by the version before it when it is rolled back', async () => {
      const old = await started();
      const next = await started(nextVersion);
      await until(async () => (await live())?.definition === nextVersion.hash);
      await until(() => next.state.is === 'projecting' && old.state.is === 'projecting');
      await next.stop();
      await database.pool.query(`UPDATE read_models.checkpoints SET lease_until = now() - interval '1 minute'
                               WHERE builder IS NULL`);
      await until(async () => (await live())?.definition === readModels.hash);
      await history.order();
      await caughtUp();
    });
  });

  describe('pruning', () => {
    it('drops what nobody has built for long, and neither the live build nor one that is being built', async () => {
      const old = await started();
      await started(nextVersion);
      await until(async () => (await live())?.definition === nextVersion.hash);
      await until(() => old.state.is === 'projecting');
      expect(await prune(database.pool, 'read_v2', 0)).toEqual([]);
      const [retired] = await builds();
      await old.stop();
      expect(await prune(database.pool, 'read_v2', 600)).toEqual([]);
      expect(await prune(database.pool, 'read_v2', 0)).toEqual([retired?.build]);
      expect(await builds()).toMatchObject([{ state: 'live' }]);
      expect(await count(`pg_namespace WHERE nspname LIKE '%${retired?.build}%'`)).toBe(0);
    });
  });

  describe('a version with another contract', () => {
    const nextContract = define(
      'read_v3',
      readModels.readModels.map((model) => ({
        ...model,
        views: model.views.replaceAll('CREATE VIEW orders AS', 'CREATE VIEW all_orders AS'),
      })),
    );

    it('is built beside the one before it, which its readers go on reading', async () => {
      await started();
      await history.order();
      await caughtUp();
      await started(nextContract);
      const orderId = await history.order();
      for (const view of ['read_v2.orders', 'read_v3.all_orders'])
        await until(async () => (await count(`${view} WHERE order_id = '${orderId}'`)) === 1);
      expect(await count('read_v3.all_orders')).toBe(await count('read_v2.orders'));
    });

    it('clears the one before it away once nobody builds that any more, and is not cleared away by it', async () => {
      const old = await started();
      await until(() => old.state.is === 'projecting');
      const next = await started(nextContract);
      await until(() => next.state.is === 'projecting');
      expect(await prune(database.pool, 'read_v3', 0)).toEqual([]);
      const [before] = await builds();
      await old.stop();
      expect(await prune(database.pool, 'read_v3', 600)).toEqual([]);
      expect(await prune(database.pool, 'read_v3', 0)).toEqual([before?.build]);
      expect(await count(`pg_namespace WHERE nspname IN ('read_v2', '${before?.build}')`)).toBe(0);
      await next.stop();
      expect(await prune(database.pool, 'read_v2', 0)).toEqual([]);
      expect(await count(`pg_namespace WHERE nspname = 'read_v3'`)).toBe(1);
    });
  });

  describe('an event that this version cannot read', () => {
    /** Embedded in any case: here is written what other specs could not read. */
    let own: ConnectedStore;
    beforeAll(async () => {
      own = await connectedTo(embeddedEventStore());
    });
    afterAll(() => own.stop());

    it('stops the projection before it, and the builder says so', async () => {
      const builder = instance(readModels, own.store);
      await builder.start();
      const known = newEvent(
        { type: 'StockReceived', data: { sku: mug, receiptId: 'r1', quantity: 1 } },
        'one',
      );
      await own.store.append(`stock-${mug}`, 'no_stream', [known]);
      await until(async () => (await count('read_v2.audit_log')) === 1);
      const unknown = {
        ...newEvent({ type: 'StockReceived', data: { sku: mug, receiptId: 'r2', quantity: 1 } }, 'two'),
        type: 'StockTeleported',
      };
      await own.store.append(`stock-${mug}`, 0n, [unknown]);
      await until(() => builder.state.is === 'failing');
      expect(builder.state).toMatchObject({ error: { name: 'UnreadableEvent' } });
      expect(await count('read_v2.audit_log')).toBe(1);
    });
  });
});

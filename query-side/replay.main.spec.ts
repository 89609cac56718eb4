import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silent } from '@orders/shared-events/testing/logger.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { Builder } from './builds/builder.js';
import { listBuilds, liveBuild } from './builds/builds.js';
import { PositionFeed } from './feed/position-feed.js';
import { readModels } from './read-models/read-models.js';
import { usage } from './replay/arguments.js';
import { History } from './testing/history.js';
import { type Finished, run } from './testing/processes.js';
import { type TestDatabase, testDatabase } from './testing/read-models.js';
import { type BackEnds, backEnds } from './testing/servers.js';

describe.each(serverRows('EVENTSTORE_URL', 'DATABASE_URL'))('on %s', (_title, real) => {
  let servers: BackEnds;
  let database: TestDatabase;
  let environment: Record<string, string>;
  let builder: Builder;
  let history: History;

  beforeAll(async () => {
    servers = await backEnds(real);
  });
  afterAll(() => servers.stop());
  beforeEach(async () => {
    database = testDatabase(await servers.database());
    environment = { EVENTSTORE_URL: servers.eventStoreUrl, DATABASE_URL: database.url };
    const { pool, connect } = database;
    builder = new Builder({
      log: servers.eventStore,
      pool,
      connect,
      connectPatiently: connect,
      feed: new PositionFeed({ connect, contract: 'read_v2', logger: silent }),
      definition: readModels,
      logger: silent,
    });
    await builder.start();
    history = new History(servers.eventStore);
    for (let index = 0; index < 5; index++) await history.order(index);
    const head = await servers.eventStore.head();
    await until(async () => ((await live())?.position ?? -1n) >= head);
  });
  afterEach(async () => {
    await builder.stop();
    await database.close();
  });

  const replay = (...args: readonly string[]): Promise<Finished> =>
    run('replay.main', environment, { args }).finished;
  const live = () => liveBuild(database.pool, 'read_v2');

  describe('npm run replay', () => {
    it('swaps a new build in, shows how far it is on standard error, and says what it did', async () => {
      const before = await live();
      const { code, stdout, stderr } = await replay();
      const after = await live();
      expect(code).toBe(0);
      expect(after?.build).not.toBe(before?.build);
      expect(stdout).toMatch(
        new RegExp(
          `^Readers now see ${after?.build}, built from \\d+ events in .* events/s\\), instead of ${before?.build}\\.\n$`,
        ),
      );
      expect(stderr).toMatch(/100% \| \d+ events \| \d+ events\/s \| ETA \d+:\d\d/);
    });

    it('gives one JSON object', async () => {
      const before = await live();
      const { code, stdout, stderr } = await replay('--json');
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toEqual({
        outcome: 'promoted',
        build: (await live())?.build,
        replaced: before?.build,
        events: expect.any(Number),
        position: expect.stringMatching(/^\d+$/),
        seconds: expect.any(Number),
        eventsPerSecond: expect.any(Number),
      });
      expect(stderr).toBe('');
    });

    it('only compares in a dry run', async () => {
      const before = await live();
      const { code, stdout } = await replay('--dry-run', '--json');
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        outcome: 'equal',
        readModels: expect.arrayContaining([
          { name: 'orders', equal: true, live: expect.anything(), replayed: expect.anything() },
        ]),
      });
      expect((await live())?.build).toBe(before?.build);
    });

    it('exits with 3 and names the read models when a dry run finds a difference', async () => {
      await database.pool.query(`UPDATE ${(await live())?.build}.orders SET total = total + 1`);
      const { code, stdout } = await replay('--dry-run');
      expect(code).toBe(3);
      expect(stdout).toMatch(/orders +\d+ rows live, +\d+ replayed: DIFFERENT/);
      expect(stdout).toContain('A replay would change orders of');
    });

    it('leaves the live build alone when it is killed, and the next one clears up', async () => {
      const before = await live();
      const { child, finished } = run('replay.main', environment);
      await until(async () => (await listBuilds(database.pool, 'read_v2')).length > 1);
      child.kill('SIGKILL');
      await finished;
      const left = await listBuilds(database.pool, 'read_v2');
      const wasPromoted = (await live())?.build !== before?.build;
      expect(left).toHaveLength(2);
      expect((await replay('--json')).code).toBe(0);
      const builds = await listBuilds(database.pool, 'read_v2');
      expect(builds.filter(({ state }) => state === 'filling')).toEqual([]);
      expect(builds.map(({ build }) => build).includes(left.at(-1)?.build ?? '')).toBe(wasPromoted);
    });

    it('ends with 130 when it is interrupted, and has cleared up', async () => {
      const before = await live();
      const { child, finished } = run('replay.main', environment);
      await until(async () => (await listBuilds(database.pool, 'read_v2')).length > 1);
      child.kill('SIGINT');
      const { code } = await finished;
      const builds = await listBuilds(database.pool, 'read_v2');
      if (code === 0) return;
      expect(code).toBe(130);
      expect(builds).toMatchObject([{ build: before?.build, state: 'live' }]);
    });

    it('explains itself', async () => {
      expect(await replay('--help')).toEqual({ code: 0, stdout: usage, stderr: '' });
    });

    it('refuses what it does not know', async () => {
      const { code, stderr } = await replay('--dryrun');
      expect(code).toBe(2);
      expect(stderr).toMatch(/--dryrun.*\n.*--help/);
    });

    it('refuses the read models of another log', async () => {
      await builder.stop();
      await database.pool.query(`UPDATE read_models.checkpoints SET log_identity = 'another'`);
      const { code, stderr } = await replay();
      expect(code).toBe(6);
      expect(stderr).toMatch(/^the read models in this database [^\n]+\n$/);
    });

    it.each([
      ['event store', { EVENTSTORE_URL: 'esdb://127.0.0.1:1?tls=false' }],
      ['database', { DATABASE_URL: 'postgres://127.0.0.1:1/none' }],
    ])('exits with 4 when the %s does not answer', async (_what, wrong) => {
      const { code, stderr } = await run('replay.main', { ...environment, ...wrong }).finished;
      expect(code).toBe(4);
      expect(stderr).toMatch(/^[^\n]+\n$/);
    });
  });

  describe('without the two variables', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'replay-'));
    });
    afterEach(() => rm(folder, { recursive: true }));

    it('finds the system that npm start runs', async () => {
      await mkdir(join(folder, '.data'));
      const urls = {
        eventStore: servers.eventStoreUrl,
        database: database.url,
        rabbitMq: 'amqp://127.0.0.1',
      };
      await writeFile(join(folder, '.data', 'stack.json'), JSON.stringify({ pid: 1, urls }));
      const { code } = await run('replay.main', {}, { args: ['--json'], cwd: folder }).finished;
      expect(code).toBe(0);
    });

    it('says so when none runs, and exits with 4', async () => {
      const { code, stderr } = await run('replay.main', {}, { cwd: folder }).finished;
      expect(code).toBe(4);
      expect(stderr).toBe('no system runs here: run npm start, or set EVENTSTORE_URL and DATABASE_URL\n');
    });
  });
});

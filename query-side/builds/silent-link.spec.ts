import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from '@jest/globals';
import { silent } from '@orders/shared-events/testing/logger.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { SeverableLink } from '@orders/shared-events/testing/severable-link.js';
import { until } from '@orders/shared-events/testing/until.js';
import { within } from '@orders/shared-events/transport/waiting.js';
import { PATIENTLY_MS, openConnection } from '../database/database.js';
import { ReadDatabase } from '../database/read-database.js';
import { PositionFeed } from '../feed/position-feed.js';
import { QuerySideReadiness } from '../health/readiness.js';
import { readModels } from '../read-models/read-models.js';
import { History } from '../testing/history.js';
import { type TestDatabase, testDatabase } from '../testing/read-models.js';
import { type BackEnds, backEnds } from '../testing/servers.js';
import { Builder } from './builder.js';
import { liveBuild } from './builds.js';
import { promote } from './promotion.js';

/** Longer than all that an instance waits for at its end. */
const STOP_DEADLINE_MS = 15_000;

interface Instance {
  readonly database: TestDatabase;
  readonly builder: Builder;
  readonly feed: PositionFeed;
  readonly readiness: QuerySideReadiness;
}

describe.each(serverRows('EVENTSTORE_URL', 'DATABASE_URL'))('on %s', (_title, real) => {
  let servers: BackEnds;
  let url: string;
  let history: History;
  let link: SeverableLink;
  let instances: Instance[];

  beforeAll(async () => {
    servers = await backEnds(real);
  });
  afterAll(() => servers.stop());
  beforeEach(async () => {
    url = await servers.database();
    history = new History(servers.eventStore);
    link = await SeverableLink.to(url);
    instances = [];
  });
  afterEach(async () => {
    link.restore();
    await Promise.all(instances.map(stop));
    await link.close();
  });

  async function started(at: string): Promise<Instance> {
    const database = testDatabase(at);
    const { pool, connect } = database;
    const { contract } = readModels;
    const feed = new PositionFeed({ connect, contract, logger: silent });
    const builder = new Builder({
      ...{ log: servers.eventStore, pool, connect, connectPatiently: connect, feed },
      ...{ definition: readModels, logger: silent },
    });
    const readiness = new QuerySideReadiness({
      ...{ eventStore: servers.eventStore, database: new ReadDatabase(pool), builder, contract },
      now: Date.now,
    });
    const instance = { database, builder, feed, readiness };
    instances.push(instance);
    await builder.start();
    feed.start();
    return instance;
  }

  async function stop({ builder, feed, database }: Instance): Promise<void> {
    await Promise.all([builder.stop(), feed.stop()]);
    await database.close();
  }

  const complaintOf = ({ readiness }: Instance): Promise<string> =>
    readiness.checks
      .find(({ name }) => name === 'projection')!
      .check()
      .then(
        () => '',
        (error: unknown) => (error as Error).message,
      );

  async function hasCaughtUp({ database: { pool } }: Instance): Promise<void> {
    const head = await servers.eventStore.head();
    await until(async () => ((await liveBuild(pool, readModels.contract))?.position ?? -1n) >= head);
  }

  const is = (instance: Instance, state: string) => until(() => instance.builder.state.is === state);

  describe('a builder whose database does not answer', () => {
    it('stops in time and says why, another goes on, and it stands by once it is answered again', async () => {
      const one = await started(link.url);
      await is(one, 'projecting');
      const two = await started(url);
      await is(two, 'standing by');

      link.blackhole();
      await history.order();
      await until(async () => (await complaintOf(one)).startsWith('the lease on build_'));
      await is(two, 'projecting');
      await hasCaughtUp(two);

      link.restore();
      await is(one, 'standing by');
      await until(async () => (await complaintOf(one)) === '');
    });

    it('does not hold up the end of its process', async () => {
      const one = await started(link.url);
      await is(one, 'projecting');
      link.blackhole();
      await history.order();
      await within(STOP_DEADLINE_MS, 'the end', stop(one));
      const two = await started(url);
      await is(two, 'projecting');
    });
  });

  describe('a promotion over a link that falls silent', () => {
    it('does not hold up whoever writes the live build', async () => {
      const one = await started(url);
      await is(one, 'projecting');
      const silenced = Promise.withResolvers<undefined>();
      const client = await openConnection({
        ...{ url: link.url, name: 'spec', logger: silent, statementTimeoutMs: PATIENTLY_MS },
      });
      const promoted = promote(client, {
        ...{ build: 'build_next', contract: readModels.contract },
        advanceTo: () => {
          link.blackhole();
          silenced.resolve(undefined);
          return new Promise(() => undefined);
        },
      });
      await Promise.race([silenced.promise, promoted]);
      await history.order();
      await hasCaughtUp(one);
      await client.end();
    });
  });

  describe('a connection that listens', () => {
    it('is replaced where it carries nothing any more', async () => {
      const [one, two] = [await started(url), await started(link.url)];
      await until(() => two.feed.position !== undefined);
      link.silenceConnections();
      await history.order();
      await is(one, 'projecting');
      const head = await servers.eventStore.head();
      await until(() => (two.feed.position ?? -1n) >= head);
    });
  });
});

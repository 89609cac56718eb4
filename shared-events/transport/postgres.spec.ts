import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client, Pool } from 'pg';
import { silent } from '../testing/logger.js';
import { type Server, databaseOf, serverRows } from '../testing/servers.js';
import { SeverableLink } from '../testing/severable-link.js';
import { isDatabaseOutage } from './outage.js';
import { openConnection, openPool } from './postgres.js';
import { within } from './waiting.js';

const STATEMENT_MS = 500;
/** Longer than any of these waits, and shorter than the system would take to find out by itself. */
const DEADLINE_MS = 20_000;

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  let server: Server;
  let link: SeverableLink;
  let opened: (Client | Pool)[];

  beforeAll(async () => {
    server = await databaseOf(real);
    const direct = await connection();
    await direct.query('CREATE TABLE counted (id integer PRIMARY KEY, n integer NOT NULL)');
    await direct.query('INSERT INTO counted VALUES (1, 0)');
    await direct.end();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    link = await SeverableLink.to(server.url);
    opened = [];
  });
  afterEach(async () => {
    await Promise.allSettled(opened.map((one) => one.end()));
    await link.close();
  });

  const options = (url: string) => ({
    ...{ url, name: 'spec', logger: silent, statementTimeoutMs: STATEMENT_MS },
  });

  async function connection(url = server.url): Promise<Client> {
    const client = await openConnection(options(url));
    opened?.push(client);
    return client;
  }

  function pool(max = 2): Pool {
    const made = openPool({ ...options(link.url), max });
    opened.push(made);
    return made;
  }

  /** What the promise rejects with. Throws where it does not, or not in time. */
  const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
    within(
      DEADLINE_MS,
      'the end of a wait',
      promise.then(
        () => Promise.reject(new Error('it was answered')),
        (error: unknown) => error,
      ),
    );
  const inTime = <T>(promise: Promise<T>): Promise<T> => within(DEADLINE_MS, 'the end of a wait', promise);

  describe('over a link that carries nothing', () => {
    it('no connection is waited for without an end', async () => {
      link.blackhole();
      const failures = await Promise.all([
        failureOf(connection(link.url)),
        failureOf(pool().query('SELECT 1')),
      ]);
      expect(failures.map(isDatabaseOutage)).toEqual([true, true]);
    });

    it('no turn is waited for without an end, either', async () => {
      const small = pool(1);
      await small.connect();
      expect(isDatabaseOutage(await failureOf(small.query('SELECT 1')))).toBe(true);
    });

    it('no answer is waited for without an end, and the next statement has another connection', async () => {
      const one = pool(1);
      await one.query('SELECT 1');
      link.blackhole();
      expect(isDatabaseOutage(await failureOf(one.query('SELECT 1')))).toBe(true);
      link.restore();
      expect((await inTime(one.query<{ n: number }>('SELECT 1 AS n'))).rows).toEqual([{ n: 1 }]);
    });

    it('a COMMIT whose answer is lost fails like any other statement', async () => {
      const client = await connection(link.url);
      await client.query('BEGIN');
      await client.query('UPDATE counted SET n = n + 1');
      link.swallowAnswers();
      expect(isDatabaseOutage(await failureOf(client.query('COMMIT')))).toBe(true);
    });

    it('a connection ends: idle or in the middle of a statement', async () => {
      const [idle, busy] = await Promise.all([connection(link.url), connection(link.url)]);
      link.blackhole();
      const answer = failureOf(busy.query('SELECT 1'));
      await inTime(Promise.all([idle.end(), busy.end()]));
      expect(isDatabaseOutage(await answer)).toBe(true);
    });

    it('a pool ends, whatever its connections are at', async () => {
      const many = openPool({ ...options(link.url), statementTimeoutMs: 10 * DEADLINE_MS, max: 3 });
      const held = await many.connect();
      await many.query('SELECT 1');
      link.blackhole();
      const answer = failureOf(many.query('SELECT 1'));
      await inTime(many.end());
      expect(isDatabaseOutage(await answer)).toBe(true);
      await expect(held.query('SELECT 1')).rejects.toThrow();
      held.release(true);
    });
  });

  describe('a connection in use that is cut', () => {
    it('fails what it was used for, and nothing else', async () => {
      const one = pool();
      const held = await one.connect();
      const answer = failureOf(held.query('SELECT pg_sleep(0.4)'));
      link.cut();
      expect(isDatabaseOutage(await answer)).toBe(true);
      held.release(true);
      await inTime(one.query('SELECT 1'));
    });
  });

  describe('the server', () => {
    it('ends a transaction whose client says nothing any more, and its locks', async () => {
      const gone = await connection(link.url);
      await gone.query('BEGIN');
      await gone.query('UPDATE counted SET n = n + 1');
      link.blackhole();
      const other = openPool({ ...options(server.url), max: 1 });
      opened.push(other);
      await inTime(untilDone(() => other.query('UPDATE counted SET n = n + 1')));
    });

    it('gives up a statement that waits for a lock', async () => {
      const waiter = await connection();
      const patient = await openConnection({ ...options(server.url), statementTimeoutMs: DEADLINE_MS });
      opened.push(patient);
      await patient.query('BEGIN');
      await patient.query('UPDATE counted SET n = n + 1');
      expect(await failureOf(waiter.query('UPDATE counted SET n = n + 1'))).toMatchObject({ code: '57014' });
    });
  });

  async function untilDone(work: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await work();
        return;
      } catch (error) {
        if (!isDatabaseOutage(error)) throw error;
      }
    }
  }
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { on } from 'node:events';
import { createInterface } from 'node:readline';
import { until } from '@orders/shared-events/testing/until.js';
import { ACCESS, ADMIN } from '@orders/shared-events/testing/access.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { History } from './testing/history.js';
import { type Running, run } from './testing/processes.js';
import { type TestDatabase, testDatabase } from './testing/read-models.js';
import { type BackEnds, backEnds } from './testing/servers.js';

describe.each(serverRows('EVENTSTORE_URL', 'DATABASE_URL'))('on %s', (_title, real) => {
  let servers: BackEnds;
  let database: TestDatabase;
  let environment: Record<string, string>;
  let processes: Running[];

  beforeAll(async () => {
    servers = await backEnds(real);
  });
  afterAll(() => servers.stop());
  beforeEach(async () => {
    database = testDatabase(await servers.database());
    environment = {
      ...{ EVENTSTORE_URL: servers.eventStoreUrl, DATABASE_URL: database.url, PORT: '0' },
      ...ACCESS,
    };
    processes = [];
  });
  afterEach(async () => {
    for (const { child } of processes) child.kill('SIGKILL');
    await Promise.all(processes.map(({ finished }) => finished));
    await database.close();
  });

  function start(more: Record<string, string> = {}): Running {
    const running = run('main', { ...environment, ...more });
    processes.push(running);
    return running;
  }

  type Line = Readonly<Record<string, unknown>>;

  /** The first such line of its log. */
  async function line(child: ChildProcess, isIt: (line: Line) => boolean): Promise<Line> {
    if (!child.stdout) throw new Error('the process has no output');
    for await (const [said] of on(createInterface({ input: child.stdout }), 'line', { close: ['close'] })) {
      const line = JSON.parse(String(said)) as Line;
      if (isIt(line)) return line;
    }
    throw new Error('it ended without such a line');
  }

  /** Where it listens, once it does. */
  const listening = async (child: ChildProcess): Promise<string> =>
    String((await line(child, ({ listening }) => listening !== undefined))['listening']);

  /** Connection of whoever holds the lease, undefined while nobody does. */
  async function holder(): Promise<number | undefined> {
    const { rows } = await database.pool
      .query<{ builder_pid: number }>(
        `SELECT builder_pid FROM read_models.checkpoints WHERE builder IS NOT NULL AND lease_until > now()`,
      )
      .catch(() => ({ rows: [] }));
    return rows[0]?.builder_pid;
  }
  const held = (): Promise<void> => until(async () => (await holder()) !== undefined);

  /** What it says that it does for the read models; empty while it says nothing of the kind. */
  async function builderOf(url: string): Promise<string> {
    const { details } = (await (await fetch(`${url}/health/ready`)).json()) as {
      readonly details?: { readonly projection?: { readonly builder?: string } };
    };
    return details?.projection?.builder ?? '';
  }

  /** Of an order, as that process answers. */
  async function statusAt(url: string, orderId: string): Promise<string | undefined> {
    const query = `{ order(orderId: "${orderId}") { status } }`;
    const headers = { ...ADMIN, 'content-type': 'application/json' };
    const answer = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query }),
    });
    const { data } = (await answer.json()) as {
      readonly data?: { readonly order?: { status: string } | null };
    };
    return data?.order?.status;
  }

  describe('a process of the query side', () => {
    it('is replaced by another when it is killed, and nothing is missed or done twice', async () => {
      const first = start();
      await held();
      const before = await holder();
      start();
      const history = new History(servers.eventStore);
      await history.order();
      first.child.kill('SIGKILL');
      await history.order();
      await until(async () => ![undefined, before].includes(await holder()));
      const orderId = await history.order();
      await until(async () => {
        const { rows } = await database.pool.query(
          `SELECT FROM read_v2.orders WHERE order_id = $1 AND status = 'COMPLETED'`,
          [orderId],
        );
        return rows.length === 1;
      });
      const { rows } = await database.pool.query(
        'SELECT FROM read_v2.orders WHERE customer_id = $1 AND captured = total',
        [history.customerId],
      );
      expect(rows).toHaveLength(3);
    });

    it('is one of any number that answer alike: one of them builds, and another goes on when that is killed', async () => {
      const started = [start(), start(), start()];
      const urls = await Promise.all(started.map(({ child }) => listening(child)));
      const roles = () => Promise.all(urls.map(builderOf));
      const are = (...expected: string[]) =>
        until(async () => (await roles()).toSorted().join() === expected.join());
      await are('projecting', 'standing by', 'standing by');
      const killed = (await roles()).indexOf('projecting');
      started[killed]?.child.kill('SIGKILL');
      urls.splice(killed, 1);
      const orderId = await new History(servers.eventStore).order();
      await are('projecting', 'standing by');
      for (const url of urls) await until(async () => (await statusAt(url, orderId)) === 'COMPLETED');
      expect(await roles()).toEqual(expect.arrayContaining(['projecting', 'standing by']));
    });

    it('stops when it is told, lets the next one in at once, and has said only JSON', async () => {
      const { child, finished } = start();
      await held();
      child.kill('SIGTERM');
      const { code, stdout, stderr } = await finished;
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(await holder()).toBeUndefined();
      const lines = stdout.trim().split('\n');
      expect(lines.map((line) => typeof JSON.parse(line))).toEqual(lines.map(() => 'object'));
    });

    it('tells of a request that its caller gave up under the correlation id of that request', async () => {
      const { child } = start();
      const url = await listening(child);
      // Until then whoever builds may wait for the lock, too.
      await held();
      const reader = await database.connect();
      const { rows } = await database.pool.query<{ build: string }>(
        `SELECT build FROM read_models.builds WHERE state = 'live'`,
      );
      await reader.query(`BEGIN; LOCK TABLE ${rows[0]?.build}.orders IN ACCESS EXCLUSIVE MODE`);
      const caller = new AbortController();
      const waiting = fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { ...ADMIN, 'content-type': 'application/json', 'x-correlation-id': 'given-up' },
        body: JSON.stringify({ query: '{ orders { pageInfo { hasNextPage } } }' }),
        signal: caller.signal,
      });
      await until(async () => {
        const { rowCount } = await database.pool.query(
          `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'SELECT%FROM read_v2.orders%'`,
        );
        return (rowCount ?? 0) > 0;
      });
      const told = line(child, ({ msg }) => msg === 'request aborted');
      caller.abort();
      await expect(waiting).rejects.toThrow('aborted');
      expect(await told).toMatchObject({ requestId: 'given-up', correlationId: 'given-up' });
      await reader.query('ROLLBACK');
    });

    it('ends with a line that names the variable that is wrong', async () => {
      const { code, stderr } = await start({ DATABASE_URL: 'http://127.0.0.1' }).finished;
      expect(code).toBe(78);
      expect(stderr).toMatch(/^DATABASE_URL [^\n]+\n$/);
    });

    it('refuses the read models of another log with a line that says so', async () => {
      const { child, finished } = start();
      await held();
      child.kill('SIGTERM');
      await finished;
      await database.pool.query(`UPDATE read_models.checkpoints SET log_identity = 'another'`);
      const { code, stderr } = await start().finished;
      expect(code).toBe(1);
      expect(stderr).toMatch(/^the read models in this database [^\n]+ event log another[^\n]+\n$/);
    });
  });
});

import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type OrderId, orderStream } from '@orders/shared-events/contracts/ids.js';
import { headerOf } from '@orders/shared-events/testing/access.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { deadLetterRoute } from '@orders/shared-events/transport/topology.js';
import { QuarantineTable } from './quarantine/quarantine.table.js';
import { type AdminStand, adminStand } from './testing/admin-stand.js';
import { anOrder } from './testing/order-story.js';

const MAIN = fileURLToPath(new URL('./dist/orders.main.js', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** As a program sees it: no terminal anywhere, and nobody to ask. */
async function said(argv: readonly string[], environment: NodeJS.ProcessEnv, cwd?: string): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...argv], {
    ...{ stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'], ...environment } },
    ...(cwd === undefined ? {} : { cwd }),
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: child.exitCode, stdout, stderr };
}

describe.each(serverRows('DATABASE_URL'))('npm run orders on %s', (_title, real) => {
  let admin: AdminStand;
  let folder: string;
  const orders = (...argv: string[]) => said(argv, { ADMIN_URL: admin.url(), ORDERS_TOKEN: admin.token });
  const json = async (...argv: string[]): Promise<Record<string, unknown>[]> =>
    (await orders(...argv, '--json')).stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  const [waiting, other, aside] = ['waiting', 'other', 'aside'].map((key) =>
    anOrder({ key, lines: [{ requiresShipping: true }] }),
  ) as [Order, Order, Order];
  type Order = ReturnType<typeof anOrder>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orders-'));
    admin = await adminStand(real);
    await admin.start();
    for (const { orderId, placed } of [waiting, other])
      await admin.commandSide.append(orderStream(orderId), 'OrderPlaced', placed.data);
    await until(async () => (await json('process', 'list', '--stage', 'shipment')).length === 2);
    await until(async () => typeof (await admin.get('/forwarder')).body['position'] === 'string');
    await new QuarantineTable(admin.servers.pool).put(aside.orderId, {
      ...{ position: 1n, reason: 'it cannot be read', newer: false },
    });
  });
  afterAll(async () => {
    await admin.stop();
    await rm(folder, { recursive: true });
  });

  const revisionOf = async (orderId: OrderId) => (await admin.get(`/processes/${orderId}`)).etag;

  describe('what it tells', () => {
    it('is a table for people, in which everything stands under its title', async () => {
      const { code, stdout, stderr } = await orders('process', 'list', '--sort', 'oldest');
      const [title = '', ...lines] = stdout.trimEnd().split('\n');
      expect([code, stderr]).toEqual([0, '']);
      expect(new Set(lines.map((line) => line.slice(0, 36)))).toEqual(
        new Set([waiting.orderId, other.orderId]),
      );
      for (const line of lines) expect(line.slice(title.indexOf('STAGE')).split(' ')[0]).toBe('shipment');
    });

    it('is a line of JSON for each row, as the API tells it', async () => {
      const { body } = await admin.get('/processes?state=OPEN');
      expect(await json('process', 'list', '--state', 'OPEN')).toEqual(body['processes']);
    });

    it('is no more than was asked for, and says that there is more', async () => {
      const { stdout, stderr } = await orders('process', 'list', '--limit', '1', '--json');
      expect(stdout.trimEnd().split('\n')).toHaveLength(1);
      expect(stderr).toBe('there are more; --limit says how many are shown\n');
    });

    it('is a note where there is nothing', async () => {
      expect(await orders('parked', 'list')).toEqual({
        code: 0,
        stdout: '',
        stderr: 'no events that wait\n',
      });
      expect(await json('process', 'list', '--search', 'nothing like that')).toEqual([]);
    });

    it.each([
      [
        'process show',
        () => [waiting.orderId],
        /^payment is +captured: \d+ of \d+ \w+ captured, AUTOMATIC$/m,
      ],
      ['process explain', () => [waiting.orderId], /^It waits for somebody to ship the goods/],
      ['quarantine list', () => [], /^\S{36} .* 1 +it cannot be read$/m],
      ['quarantine show', () => [aside.orderId], /^from position +1$/m],
      ['subscriptions', () => [], /^hearing-15 +\d+/m],
      ['leases', () => [], /^forwarder +\d+ /m],
      [
        'timers',
        () => [],
        new RegExp(`^(${waiting.orderId}|${other.orderId}) +shipment +deadline +in 29d`, 'm'),
      ],
      ['forwarder show', () => [], /^position +\d+$/m],
      ['forwarder replays', () => [], /^$/],
    ])('is told by %s', async (words, operands, expected) => {
      const argv = [...words.split(' '), ...operands()];
      expect(await orders(...argv)).toMatchObject({ code: 0, stdout: expect.stringMatching(expected) });
      expect((await orders(...argv, '--json')).code).toBe(0);
    });
  });

  describe('what it does', () => {
    const pause = (...argv: string[]) => orders('process', 'pause', ...argv);

    it('it does to what it has shown, under a key that it has told, and tells what came of it', async () => {
      const before = await revisionOf(waiting.orderId);
      const { code, stdout, stderr } = await pause(waiting.orderId, '--reason', 'TICKET-1', '--key', 'k-1');
      expect([code, stderr]).toEqual([
        0,
        expect.stringMatching(
          `^${waiting.orderId} at revision ${before?.slice(1, -1)}: FULFILLING, order confirmed, payment captured, in shipment for .+\nIdempotency-Key: k-1\n$`,
        ),
      ]);
      expect(stdout).toMatch(
        new RegExp(`^appended +OrderProcessPaused +orderProcess-${waiting.orderId} at`, 'm'),
      );
    });

    it('it does once under its key, and says so', async () => {
      const before = await revisionOf(waiting.orderId);
      const { code, stdout } = await pause(waiting.orderId, '--reason', 'TICKET-1', '--key', 'k-1');
      expect([code, stdout]).toEqual([
        0,
        expect.stringMatching(/^An earlier request under this key had done it/),
      ]);
      expect(await revisionOf(waiting.orderId)).toBe(before);
    });

    it('it does to what it has shown, and to nothing else', async () => {
      const meddler = createServer((request, response) => {
        void meddle(request, response);
      }).listen(0, '127.0.0.1');
      await once(meddler, 'listening');
      const { port } = meddler.address() as AddressInfo;
      const argv = ['process', 'retry', other.orderId, '--reason', 'r'];
      const ended = await said(argv, { ADMIN_URL: `http://127.0.0.1:${port}` });
      meddler.close();
      expect([ended.code, ended.stderr]).toEqual([8, expect.stringContaining('It has changed since')]);
    });

    /** Between the command and the API: what was read has changed by the time it is answered. */
    async function meddle({ method, url = '', headers }: IncomingMessage, response: ServerResponse) {
      const { 'idempotency-key': key = '', 'if-match': ifMatch = '' } = headers;
      const answer =
        method === 'GET' ? await admin.get(url) : await admin.act(url, key as string, { ifMatch });
      if (method === 'GET') await admin.act(`${url}/retry`, crypto.randomUUID());
      response.writeHead(answer.status, { etag: answer.etag ?? '' }).end(JSON.stringify(answer.body));
    }

    it('it only tells on a dry run', async () => {
      const argv = ['process', 'resume', waiting.orderId, '--reason', 'r', '--key', 'k-2', '--json'];
      const before = await revisionOf(waiting.orderId);
      const planned = await orders(...argv, '--dry-run');
      expect(await revisionOf(waiting.orderId)).toBe(before);
      const done = await orders(...argv);
      expect(JSON.parse(planned.stdout)).toEqual({
        ...(JSON.parse(done.stdout) as object),
        outcome: 'planned',
      });
    });

    it.each([
      ['there is nothing', 9, '/problems/process-not-found', () => [anOrder({ key: 'nobody' }).orderId]],
      ['it has changed since', 8, '/problems/changed-meanwhile', () => [waiting.orderId, '--if-match', '1']],
      ['it makes no sense', 8, '/problems/process-not-paused', () => [other.orderId]],
      ['its key is used', 8, '/problems/idempotency-key-reused', () => [waiting.orderId, '--key', 'k-1']],
    ])('it does not do where %s, and ends with %d', async (_what, code, type, argv) => {
      const { stdout, stderr, ...ended } = await orders(
        'process',
        'resume',
        ...argv(),
        '--reason',
        'r',
        '--json',
      );
      expect([ended.code, JSON.parse(stdout)]).toMatchObject([code, { type }]);
      expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^[A-Z]/);
    });

    it('it does not do unasked what cannot be taken back', async () => {
      const before = await revisionOf(other.orderId);
      const { code, stdout, stderr } = await orders('process', 'compensate', other.orderId, '--reason', 'r');
      expect([code, stdout, stderr]).toEqual([
        10,
        '',
        expect.stringContaining('--yes says that it is meant'),
      ]);
      expect(await revisionOf(other.orderId)).toBe(before);
      expect((await orders('process', 'compensate', other.orderId, '--reason', 'r', '--yes')).code).toBe(0);
      expect(await revisionOf(other.orderId)).not.toBe(before);
    });
  });

  describe('a message that came to nothing', () => {
    const command = () => ({
      ...admin.commandSide.receivedOf('ConfirmOrder', waiting.orderId)[0],
      commandId: crypto.randomUUID(),
    });

    /** Its id as a dead letter. */
    async function died(body: object): Promise<string> {
      const type = `Type-${crypto.randomUUID()}`;
      const { exchange, routingKey } = deadLetterRoute('commands.order');
      await admin.servers.bus.publish(exchange, routingKey, body, {
        ...{ type, messageId: crypto.randomUUID(), mandatory: true },
        headers: { 'x-attempt': 5, 'x-failure-reason': 'why\u001b[31m not' },
      });
      const found = () => json('dead-letters', 'list', '--type', type);
      await until(async () => (await found()).length === 1);
      return String((await found())[0]?.['id']);
    }
    const arrived = (commandId: string) =>
      until(() => admin.commandSide.received.some((message) => message.commandId === commandId));
    const requeue = (id: string, ...how: string[]) =>
      orders('dead-letters', 'requeue', id, '--reason', 'mended', ...how);

    it('is shown with its content, and does not steer the terminal', async () => {
      const id = await died({ hello: 'world' });
      const { stdout } = await orders('dead-letters', 'show', id);
      expect(stdout).toMatch(/^reason +why\ufffd\[31m not$[^]*^Content\n\{\n {2}"hello": "world"\n\}\n$/m);
      expect((await orders('dead-letters', 'discard', id, '--reason', 'r', '--yes')).code).toBe(0);
      const [shown] = await json('dead-letters', 'show', id);
      expect(shown).toMatchObject({ state: 'discarded' });
    });

    it('goes out as a file says', async () => {
      const id = await died({ ...command(), data: 'damaged' });
      const [mended, file] = [command(), join(folder, 'mended.json')];
      await writeFile(file, JSON.stringify(mended));
      expect(await requeue(id, '--content-file', file)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(new RegExp(`^sent +commands.order +${id}$`, 'm')),
      });
      await arrived(mended.commandId);
    });

    it('goes out as the editor leaves it, and not where that changes nothing', async () => {
      const before = command();
      const [id, after] = [await died({ ...before, data: 'damaged' }), crypto.randomUUID()];
      const edit = (editor: string) =>
        said(['dead-letters', 'requeue', id, '--reason', 'mended', '--edit'], {
          ...{ ADMIN_URL: admin.url(), ORDERS_TOKEN: admin.token, VISUAL: editor },
        });
      expect(await edit('true')).toMatchObject({ code: 10, stderr: expect.stringContaining('not changed') });
      expect(await edit('false')).toMatchObject({
        code: 10,
        stderr: expect.stringContaining('editor failed'),
      });
      expect((await edit('echo x >')).code).toBe(2);
      const data = JSON.stringify(before.data).replaceAll('"', '\\"');
      expect((await edit(`sed -i -e 's/"damaged"/${data}/' -e 's/${before.commandId}/${after}/'`)).code).toBe(
        0,
      );
      await arrived(after);
    });

    it('does not go out as what is no JSON', async () => {
      const file = join(folder, 'broken.json');
      await writeFile(file, '{');
      const id = crypto.randomUUID();
      for (const how of [[file], [join(folder, 'nothing')], [file, '--edit']])
        expect((await requeue(id, '--content-file', ...how)).code).toBe(2);
    });
  });

  describe('where it looks', () => {
    it('is said when nothing is there', async () => {
      expect(await said(['leases'], {}, folder)).toEqual({
        ...{ code: 4, stdout: '', stderr: 'no system runs here: run npm start, or set ADMIN_URL\n' },
      });
      expect(await said(['audit'], { ADMIN_URL: admin.url() })).toEqual({
        ...{ code: 78, stdout: '', stderr: 'GRAPHQL_URL is required, e.g. http://host:3000/graphql\n' },
      });
    });

    it('is said when something else answers there', async () => {
      const url = `${admin.url()}/health/live?`;
      expect((await said(['leases'], { ADMIN_URL: url })).code).toBe(1);
    });

    it('wants to know who asks, and whether they may', async () => {
      const somebody = await headerOf('ann', 'customer');
      for (const token of [undefined, 'nonsense', somebody.authorization.replace('Bearer ', '')]) {
        const { code, stdout, stderr } = await said(['leases'], {
          ...{ ADMIN_URL: admin.url(), ...(token === undefined ? {} : { ORDERS_TOKEN: token }) },
        });
        expect([code, stdout, stderr]).toEqual([77, '', expect.stringMatching(/^[^\n]+\n$/)]);
      }
    });

    it('may be the stack that npm start has left', async () => {
      const stack = { urls: { admin: admin.url() }, token: admin.token };
      await writeFile(join(folder, 'stack.json'), JSON.stringify(stack));
      expect((await said(['leases', '--json'], { DATA_DIR: folder })).code).toBe(0);
    });
  });

  it('ends where its reader has seen enough', async () => {
    const child = spawn(process.execPath, [MAIN, 'leases'], {
      ...{ env: { ADMIN_URL: admin.url(), ORDERS_TOKEN: admin.token }, stdio: ['ignore', 'pipe', 'pipe'] },
    });
    child.stdout.destroy();
    const [stderr] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect([child.exitCode, stderr]).toEqual([0, '']);
  });
});

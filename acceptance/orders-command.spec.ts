import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADMIN } from '@orders/shared-events/testing/access.js';
import { until } from '@orders/shared-events/testing/until.js';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type ActionAnswer, deedsOf } from './admin-actions.js';
import { newKey } from './client.js';
import { cancellationOf, givenUp, letter, lettersOf, undecodable } from './dead-letters.js';
import { ledgerOf } from './ledger.js';
import { Listener } from './listener.js';
import { notification, notify } from './notifications.js';
import {
  type Operated,
  type Standing,
  PRICE,
  aWaitingOrder,
  anOrder,
  cancelled,
  comesTo,
  completed,
  putAside,
  recordOf,
  waiting,
} from './operated-orders.js';
import { ship } from './orders.js';
import { type System, built, topologies } from './system.js';

const REASON = "the customer's wish";
const ORDERS_TOKEN = ADMIN.authorization.replace('Bearer ', '');

describe('npm run orders, beside one process', () => {
  let system: System;
  let folder: string;
  /** Their voids are refused for good, which takes a while: they begin first. */
  let unvoidable: readonly [toRetry: Operated, toResolve: Operated];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orders-command-'));
    system = await topologies['one process']();
    const goods = { paymentMethod: 'pm_fail_void', quantity: 0 };
    unvoidable = [await anOrder(system, goods), await anOrder(system, goods)];
  }, 120_000);
  afterAll(async () => {
    await system.stop();
    await rm(folder, { recursive: true });
  }, 60_000);

  async function orders(...argv: readonly string[]) {
    const child = spawn(process.execPath, [built('process-managers', 'orders.main.js'), ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...system.backEnds,
        ADMIN_URL: system.admin,
        GRAPHQL_URL: system.queries,
        ORDERS_TOKEN,
      },
    });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    return { code: child.exitCode, stdout, stderr };
  }

  /** The objects that it prints, where it succeeds. */
  async function told(...argv: readonly string[]): Promise<Readonly<Record<string, unknown>>[]> {
    const { code, stdout, stderr } = await orders(...argv, '--json');
    if (code !== 0) throw new Error(`${argv.join(' ')}: ${code} ${stderr}`);
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  }

  /** First as a dry run, which says the same and does nothing. */
  async function does(words: string, ...options: readonly string[]): Promise<ActionAnswer> {
    const argv = [...words.split(' '), '--reason', REASON, '--key', newKey(), ...options];
    const ask = async (...more: string[]) => (await told(...argv, ...more))[0] as unknown as ActionAnswer;
    const planned = await ask('--dry-run');
    const done = await ask();
    expect([planned.outcome, done.outcome]).toEqual(['planned', 'done']);
    expect(deedsOf(done)).toEqual(deedsOf(planned));
    const [event] = done.appended;
    const by = { actor: { kind: 'OPERATOR', subject: 'jane' }, reason: REASON };
    expect(await recordOf(system, event!)).toEqual({ type: event?.type, ...by });
    return done;
  }
  /** What cannot be taken back, and is not done where nobody says that it is meant. */
  async function surelyDoes(words: string, ...options: readonly string[]): Promise<ActionAnswer> {
    const { code, stderr } = await orders(...words.split(' '), '--reason', REASON, ...options);
    expect([code, stderr]).toEqual([10, expect.stringContaining('--yes says that it is meant')]);
    return does(words, '--yes', ...options);
  }
  const stands = (order: Operated, expected: Partial<Standing>) => comesTo(system, order, expected);
  const someTold = async (...argv: readonly string[]) => {
    await until(async () => (await told(...argv)).length > 0);
    return told(...argv);
  };

  it('process list, show, explain and timers tell where an order stands', async () => {
    const { orderId } = await aWaitingOrder(system);
    const stage = ['--state', 'OPEN', '--stage', 'shipment', '--search', orderId];
    expect(await someTold('process', 'list', ...stage)).toMatchObject([{ orderId, stage: 'shipment' }]);
    for (const option of ['--older-than', '--in-stage-for']) {
      expect(await told('process', 'list', ...stage, option, '1h')).toEqual([]);
      expect(await someTold('process', 'list', ...stage, option, '1s')).toMatchObject([{ orderId }]);
    }
    expect(await told('process', 'show', orderId)).toMatchObject([{ orderId, status: 'FULFILLING' }]);
    const { stdout } = await orders('process', 'explain', orderId);
    expect(stdout).toMatch(/^It waits for somebody to ship the goods/);
    const timers = await told('timers', '--limit', 'all');
    expect(timers).toContainEqual(expect.objectContaining({ orderId, kind: 'deadline' }));
  });

  it('process pause and resume keep an order from going on, and let it', async () => {
    const order = await aWaitingOrder(system);
    await does(`process pause ${order.orderId}`);
    await ship(system.commands, order.orderId);
    const paused = { ...waiting, status: 'SHIPPED', stage: 'completion', paused: true };
    expect(await stands(order, paused)).toEqual(paused);
    await does(`process resume ${order.orderId}`);
    expect(await stands(order, completed)).toEqual(completed);
  });

  it('process compensate gives back money and stock, and cancels the order', async () => {
    const order = await aWaitingOrder(system);
    await surelyDoes(`process compensate ${order.orderId}`);
    expect(await stands(order, cancelled)).toEqual(cancelled);
  });

  it('process retry has a void tried again that was refused for good, and resolve says that it was made', async () => {
    const [toRetry, toResolve] = unvoidable;
    const stuck = { status: 'PLACED', stage: 'compensation', taken: 0, authorized: PRICE };
    for (const order of unvoidable) {
      const refused = { ...stuck, intervention: 'VOID_FAILED' };
      expect(await stands(order, refused)).toMatchObject(refused);
    }
    const voids = (await ledgerOf(system.admin, toRetry.orderId)).length;
    const { sent } = await does(`process retry ${toRetry.orderId}`);
    expect(sent).toMatchObject([{ type: 'VoidAuthorization' }]);
    await until(async () => (await ledgerOf(system.admin, toRetry.orderId)).length > voids);
    await surelyDoes(`process resolve ${toResolve.orderId}`);
    const resolved = { ...stuck, status: 'REJECTED', stage: 'done', intervention: null };
    expect(await stands(toResolve, resolved)).toMatchObject(resolved);
  }, 180_000);

  it('quarantine list, show and release let an order go on from where it stopped', async () => {
    const order = await aWaitingOrder(system);
    const { orderId } = order;
    await putAside(system, order);
    await ship(system.commands, orderId);
    expect(await told('quarantine', 'list')).toMatchObject([{ orderId, reason: 'it could not be read' }]);
    expect(await told('quarantine', 'show', orderId)).toMatchObject([{ orderId }]);
    await does(`quarantine release ${orderId}`);
    expect(await stands(order, completed)).toEqual(completed);
  }, 60_000);

  it('parked list tells what waits for something that is not known', async () => {
    const orderId = randomUUID();
    expect(await notify(system.commands, notification(orderId))).toBe(202);
    expect(await someTold('parked', 'list')).toMatchObject([{ orderId }]);
  });

  describe('dead-letters', () => {
    it('list and show tell of a message that came to nothing, and requeue sends it again', async () => {
      const order = await aWaitingOrder(system);
      const { id } = await givenUp(system, cancellationOf(order.orderId));
      expect(await told('dead-letters', 'list', '--queue', 'commands.order')).toMatchObject([{ id }]);
      const [shown] = await told('dead-letters', 'show', id);
      expect(shown).toMatchObject({ state: 'open', content: { data: { orderId: order.orderId } } });
      await does(`dead-letters requeue ${id}`);
      expect(await stands(order, cancelled)).toEqual(cancelled);
    });

    it('requeue sends it with another content, where nobody understands its own', async () => {
      const order = await aWaitingOrder(system);
      const content = cancellationOf(order.orderId);
      const { id } = await undecodable(system, { ...content, data: 'damaged' });
      const file = join(folder, 'content.json');
      await writeFile(file, JSON.stringify(content));
      await does(`dead-letters requeue ${id}`, '--content-file', file);
      expect(await stands(order, cancelled)).toEqual(cancelled);
    });

    it('requeue-all, discard and discard-all decide about many', async () => {
      const sent = [await aWaitingOrder(system), await aWaitingOrder(system)];
      const type = `Many-${randomUUID()}`;
      for (const { orderId } of sent) await givenUp(system, cancellationOf(orderId), type);
      const chosen = ['--type', type, '--origin', 'queue', '--limit', '10'];
      expect((await surelyDoes('dead-letters requeue-all', ...chosen)).sent).toHaveLength(2);
      for (const order of sent) expect(await stands(order, cancelled)).toEqual(cancelled);

      const [one] = [await givenUp(system, {}, type), await givenUp(system, {}, type)];
      await surelyDoes(`dead-letters discard ${one.id}`);
      await until(async () => (await letter(system.admin, one)).state === 'discarded');
      expect(await lettersOf(system.admin, type)).toHaveLength(1);
      await surelyDoes('dead-letters discard-all', ...chosen);
      await until(async () => (await lettersOf(system.admin, type)).length === 0);
    });
  });

  describe('forwarder', () => {
    it('replay and replays tell the outside again, as much as a dry run says', async () => {
      const listener = await Listener.at(system);
      const { orderId } = await aWaitingOrder(system);
      await until(() => listener.of(orderId).includes('order.confirmed'));
      const position = listener.positionOf(orderId, 'order.created');
      const keys = ['order.created', 'order.confirmed'].flatMap((key) => ['--routing-key', key]);
      const argv = ['forwarder', 'replay', '--from-position', position, ...keys, '--reason', REASON];
      expect((await orders(...argv)).code).toBe(10);
      const [planned] = (await told(...argv, '--dry-run')) as unknown as ActionAnswer[];
      const [done] = (await told(...argv, '--yes')) as unknown as ActionAnswer[];
      await until(async () => {
        const [newest] = await told('forwarder', 'replays', '--limit', '1');
        return newest?.['id'] === done?.replayId && newest?.['state'] === 'done';
      });
      await until(() => listener.replayed(done?.replayId).length > 0);
      expect(listener.countsOf(done?.replayId)).toEqual(planned?.planned?.messages);
      await listener.stop();
    });

    it('stop ends a replay that takes too long, and show tells how far it all is', async () => {
      const broker = system.processes.get('broker');
      broker?.freeze();
      try {
        const from = ['--from-time', '2026-01-01T00:00:00Z'];
        const [running] = await told('forwarder', 'replay', ...from, '--reason', REASON, '--yes');
        await does(`forwarder stop ${String(running?.['replayId'])}`);
      } finally {
        broker?.wake();
      }
      expect((await told('forwarder', 'replays'))[0]).toMatchObject({ state: 'stopped' });
      expect(await told('forwarder', 'show')).toMatchObject([{ name: 'forwarder' }]);
    }, 60_000);
  });

  it('subscriptions and leases tell who does what, and how far that is', async () => {
    expect((await orders('subscriptions')).stdout).toMatch(/^read-models +\d+/m);
    expect((await orders('leases')).stdout).toMatch(/^hearing-15 +\d+/m);
  });

  describe('audit', () => {
    it('tells what happened to an order, by whom and why, in the order of the log', async () => {
      const order = await aWaitingOrder(system);
      const { orderId } = order;
      const begin = new Date().toISOString();
      await surelyDoes(`process compensate ${orderId}`);
      expect(await stands(order, cancelled)).toEqual(cancelled);
      const log = await told('audit', '--order', orderId, '--limit', 'all');
      const positions = log.map(({ position }) => BigInt(String(position)));
      expect(positions).toEqual(positions.toSorted((one, other) => (one < other ? -1 : 1)));
      expect(log.map(({ type }) => type)).toEqual(
        expect.arrayContaining([
          'OrderPlaced',
          'StockReserved',
          'PaymentCaptured',
          'StockReservationReleased',
        ]),
      );
      const what = ['--type', 'OrderProcessCompensationForced', '--actor', 'jane', '--from', begin];
      const forced = await told('audit', ...what, '--sort', 'newest');
      expect(forced).toMatchObject([{ reason: REASON, data: { orderId } }]);
      const correlation = ['--correlation', String(log[0]?.['correlationId'])];
      expect((await told('audit', ...correlation)).length).toBeGreaterThan(9);
      expect(await told('audit', ...correlation, '--to', '2026-01-01')).toEqual([]);
      const { stdout, stderr } = await orders('audit', '--order', orderId, '--limit', '2');
      expect([stdout.trimEnd().split('\n').length, stderr]).toEqual([3, expect.stringContaining('--limit')]);
    });
  });

  it('replay builds the read models anew, and says what it would change', async () => {
    const [planned] = await told('replay', '--dry-run');
    expect(planned).toMatchObject({ outcome: 'equal' });
    expect(await orders('replay')).toMatchObject({ code: 10, stdout: '' });
    const [done] = await told('replay', '--yes');
    expect(done).toMatchObject({ outcome: 'promoted' });
    expect(Number(done?.['events'])).toBeGreaterThanOrEqual(Number(planned?.['events']));
    expect((await orders('replay', '--speed')).code).toBe(10);
    expect((await orders('replay', '--yes', '--speed')).code).toBe(2);
  }, 60_000);
});

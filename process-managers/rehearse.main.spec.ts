import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { currentVersion, type DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import {
  eventIdOf,
  orderProcessStream,
  orderStream,
  paymentStream,
  type StreamName,
} from '@orders/shared-events/contracts/ids.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { CURRENT_DEFINITION } from './order-process/rules.js';
import { usage } from './rehearsal/arguments.js';
import { anOrder } from './testing/order-story.js';
import { type Stand, stand } from './testing/stand.js';

const MAIN = fileURLToPath(new URL('./dist/rehearse.main.js', import.meta.url));

describe.each(serverRows('DATABASE_URL'))('npm run rehearse on %s', (_title, real) => {
  let servers: Stand;
  const order = anOrder();
  /** Its process was started by a build that knew the first definition only. */
  const older = anOrder({ key: 'key-2' });

  async function append(stream: StreamName, ...events: readonly DomainEvent[]): Promise<void> {
    for (const { type, data } of events) {
      const commandId = crypto.randomUUID();
      let expected: bigint | 'no_stream' = 'no_stream';
      for await (const last of servers.store.readStreamBackwards(stream, 1)) expected = last.revision;
      const metadata = {
        $correlationId: 'correlation-1',
        $causationId: commandId,
        commandId,
        actor: { kind: 'customer', subject: 'customer-1' },
        occurredAt: new Date().toISOString(),
        schemaVersion: currentVersion(type),
      } as const;
      const id = eventIdOf(commandId, 0);
      await servers.store.append(stream, expected, [{ id, type, data, metadata } as never]);
    }
  }

  async function rehearse(...args: readonly string[]) {
    const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...servers.urls } });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    return { code: child.exitCode, stdout, stderr };
  }

  beforeAll(async () => {
    servers = await stand(real);
    const managers = servers.instance();
    await managers.start();
    await append(orderProcessStream(older.orderId), {
      type: 'OrderProcessStarted',
      data: { orderId: older.orderId, definition: 1 },
    });
    for (const { orderId, placed } of [order, older]) await append(orderStream(orderId), placed);
    const far = new Date(Date.now() + 3_600_000).toISOString();
    for (const one of [order, older])
      await append(paymentStream(one.paymentId), one.actionRequired(far), one.declined);
    await until(async () => (await decided()).filter(({ revision }) => revision === '3').length === 2);
    await managers.stop();
  });
  const decided = async () =>
    (
      await servers.pool.query<{ definition: number; stage: string; revision: string }>(
        'SELECT definition, stage, revision FROM process_managers.processes ORDER BY definition',
      )
    ).rows;

  afterAll(() => servers.stop());

  it('two definitions run side by side: each process keeps its own', async () => {
    expect(await decided()).toMatchObject([
      { definition: 1, stage: 'compensation' },
      { definition: CURRENT_DEFINITION, stage: 'customerAction' },
    ]);
  });

  it('tells of those that the current definition would decide otherwise', async () => {
    const { code, stdout } = await rehearse();
    expect(stdout).toContain(`${older.orderId}  at PaymentDeclined (`);
    expect(stdout).toContain(
      `2 open, 1 would decide otherwise by definition ${CURRENT_DEFINITION}. Nothing was sent.`,
    );
    expect(code).toBe(3);
  });

  it('lists what a candidate would decide otherwise, and neither records nor sends anything', async () => {
    const head = await servers.store.head();
    const { code, stdout } = await rehearse('--definition', '1');
    expect(stdout).toContain(`${order.orderId}  at PaymentDeclined (`);
    expect(stdout).toContain(`definition ${CURRENT_DEFINITION}: customerAction, asks for nothing`);
    expect(stdout).toMatch(
      /definition 1: compensation, undone for PAYMENT_DECLINED, asks for RejectOrder order-/,
    );
    expect(stdout).toContain('2 open, 1 would decide otherwise by definition 1. Nothing was sent.');
    expect(code).toBe(3);
    expect(await servers.store.head()).toBe(head);
  });

  it('does not leave out what the list of open processes does not have yet', async () => {
    const position = `UPDATE process_managers.checkpoints SET position = position + $1 WHERE name = 'processes'`;
    await servers.pool.query(position, [-1_000_000_000]);
    const rehearsed = rehearse('--definition', '1');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await servers.pool.query(position, [1_000_000_000]);
    expect(await rehearsed).toMatchObject({ code: 3, stdout: expect.stringContaining('2 open, 1 would') });
    await servers.pool.query(position, [-1_000_000_000]);
    expect(await rehearse('--definition', '1')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('behind the log'),
    });
    await servers.pool.query(position, [1_000_000_000]);
  }, 60_000);

  it('gives one JSON object', async () => {
    const { code, stdout, stderr } = await rehearse('--definition', '1', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      candidate: 1,
      processes: 2,
      differences: [
        { orderId: order.orderId, definition: CURRENT_DEFINITION, at: { heard: 'PaymentDeclined' } },
      ],
      unreadable: [],
    });
    expect([code, stderr]).toEqual([3, '']);
  });

  it('explains itself, and refuses what it does not know', async () => {
    expect(await rehearse('--help')).toEqual({ code: 0, stdout: usage, stderr: '' });
    expect(await rehearse('--definition', '99')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no definition 99'),
    });
    expect((await rehearse('--candidate')).code).toBe(2);
  });
});

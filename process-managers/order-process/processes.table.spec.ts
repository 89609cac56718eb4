import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type OrderId, orderProcessStream } from '@orders/shared-events/contracts/ids.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { type Server, databaseOf, serverRows } from '@orders/shared-events/testing/servers.js';
import { Pool } from 'pg';
import { Checkpoints, type Claim } from '../checkpoints.js';
import { migrate } from '../postgres.js';
import { ProcessRunner } from '../process.js';
import { Processes } from '../processes.js';
import { MemoryLog, fromLog } from '../testing/memory-log.js';
import { START, anOrder } from '../testing/order-story.js';
import { quietEffects } from '../testing/quiet-effects.js';
import { type Tracked, outstandingOf } from '../tracked.js';
import { PROCESSES } from './processes.projection.js';
import { partitionOf } from './partition.js';
import { ProcessesTable } from './processes.table.js';

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  const MINUTE = 60_000;
  const durations = {
    payment: MINUTE,
    customerAction: MINUTE,
    providerRetry: MINUTE,
    reservation: MINUTE,
    capture: MINUTE,
    confirmation: MINUTE,
    shipment: MINUTE,
    completion: MINUTE,
    refund: MINUTE,
    compensation: MINUTE,
  };

  let server: Server;
  let pool: Pool;
  let table: ProcessesTable;
  let claim: Claim;
  beforeAll(async () => {
    server = await databaseOf(real);
    await migrate(server.url, silent);
    pool = new Pool({ connectionString: server.url });
    // pg's pool ends before its sockets do, and then hears of the server's end.
    pool.on('error', () => undefined);
    table = new ProcessesTable(pool, durations, { first: 1_000, most: 4_000 });
    const checkpoints = new Checkpoints(pool);
    await checkpoints.seed([PROCESSES], 'this-log');
    claim = (await checkpoints.claim([{ name: PROCESSES, token: 1n }]))[0]!;
  });
  afterAll(async () => {
    await pool.end();
    await server.stop();
  });

  /** The process of an order after some events, as its own stream tells it. */
  async function after(
    order: ReturnType<typeof anOrder>,
    ...told: Parameters<typeof fromLog>[0][]
  ): Promise<Tracked> {
    const log = new MemoryLog();
    const processes = new Processes((stream) => log.read(stream));
    const runner = new ProcessRunner(processes, quietEffects(log), silent);
    for (const [n, event] of told.entries()) await runner.hear(order.orderId, fromLog(event, BigInt(n)));
    expect(log.streams.has(orderProcessStream(order.orderId))).toBe(true);
    return processes.cached(order.orderId)!;
  }

  const asProjected = (processes: readonly Tracked[]) =>
    processes.map((tracked) => ({ tracked, logAheadMs: 0 }));
  const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

  let position = -1n;
  async function store(...processes: Tracked[]): Promise<boolean> {
    const stored = await table.store(asProjected(processes), {
      ...claim,
      position,
      to: position + 1n,
      caughtUpFor: 0,
    });
    if (stored) position += 1n;
    return stored;
  }

  const rowOf = async (orderId: OrderId) => {
    const { rows } = await pool.query<Record<string, unknown>>(
      `SELECT * FROM process_managers.processes WHERE order_id = $1`,
      [orderId],
    );
    return rows[0];
  };
  const due = (orderId: OrderId, column: 'next_resend_at' | 'next_deadline_at') =>
    pool.query(`UPDATE process_managers.processes SET ${column} = now() WHERE order_id = $1`, [orderId]);

  describe('the row of a process', () => {
    it('tells what it waits for and until when', async () => {
      const order = anOrder({ key: 'row' });
      const tracked = await after(order, order.placed, order.captured);
      expect(await store(tracked)).toBe(true);
      expect(await rowOf(order.orderId)).toMatchObject({
        status: 'FULFILLING',
        stage: 'reservation',
        revision: '2',
        partition: partitionOf(order.orderId),
        pending: asJson(outstandingOf(tracked)),
        next_deadline_at: new Date(Date.parse(START) + MINUTE),
        deadline_generation: 2,
        correlation_id: 'correlation-1',
      });
    });

    it('never goes back to what it was', async () => {
      const order = anOrder({ key: 'back' });
      const [earlier, later] = [
        await after(order, order.placed),
        await after(order, order.placed, order.captured),
      ];
      await store(later);
      await store(earlier);
      expect(await rowOf(order.orderId)).toMatchObject({ stage: 'reservation', revision: '2' });
    });

    it('is not written when the checkpoint belongs to somebody else', async () => {
      const order = anOrder({ key: 'fenced' });
      const tracked = await after(order, order.placed);
      const move = { ...claim, position, to: position + 1n, caughtUpFor: 0 };
      expect(await table.store(asProjected([tracked]), { ...move, token: 0n })).toBe(false);
      expect(await table.store(asProjected([tracked]), { ...move, position: position - 1n })).toBe(false);
      expect(await rowOf(order.orderId)).toBeUndefined();
    });

    it('has nothing due once the process is done', async () => {
      const order = anOrder({ key: 'done' });
      await store(await after(order, order.placed, order.declined));
      await store(await after(order, order.placed, order.declined, order.rejected('PAYMENT_DECLINED')));
      expect(await rowOf(order.orderId)).toMatchObject({
        status: 'DONE',
        pending: [],
        next_resend_at: null,
        next_deadline_at: null,
      });
    });
  });

  describe('what is due', () => {
    it('is taken by one, with where it comes from, and comes up again later', async () => {
      const order = anOrder({ key: 'resend' });
      const tracked = await after(order, order.placed);
      await store(tracked);
      await due(order.orderId, 'next_resend_at');
      const partitions = [partitionOf(order.orderId)];
      const taken = await Promise.all([table.takeResends(partitions), table.takeResends(partitions)]);
      expect(taken.flat().map(({ orderId }) => orderId)).toEqual([order.orderId]);
      expect(taken.flat()[0]).toMatchObject({
        commands: asJson(outstandingOf(tracked)),
        origin: tracked.origin,
      });
      expect(await rowOf(order.orderId)).toMatchObject({ resends: 1 });
    });

    it('waits longer each time, up to a limit, and begins anew with new commands', async () => {
      const order = anOrder({ key: 'backoff' });
      await store(await after(order, order.placed));
      const waits: number[] = [];
      for (let n = 0; n < 3; n++) {
        await due(order.orderId, 'next_resend_at');
        await table.takeResends([partitionOf(order.orderId)]);
        const { rows } = await pool.query<{ ms: number }>(
          `SELECT extract(epoch FROM next_resend_at - now())::float8 * 1000 AS ms
         FROM process_managers.processes WHERE order_id = $1`,
          [order.orderId],
        );
        waits.push(Math.ceil((rows[0]?.ms ?? 0) / 1_000));
      }
      expect(waits).toEqual([2, 4, 4]);
      await store(await after(order, order.placed, order.captured));
      expect(await rowOf(order.orderId)).toMatchObject({ resends: 0 });
    });

    it('is left to the instances of its own partition', async () => {
      const order = anOrder({ key: 'elsewhere' });
      await store(await after(order, order.placed));
      await due(order.orderId, 'next_resend_at');
      await due(order.orderId, 'next_deadline_at');
      const others = [...Array(16).keys()].filter((partition) => partition !== partitionOf(order.orderId));
      const ids = async () => [...(await table.takeResends(others)), ...(await table.takeDeadlines(others))];
      expect((await ids()).map(({ orderId }) => orderId)).not.toContain(order.orderId);
    });

    it('waits no longer for its turn once others got through to the provider', async () => {
      const order = anOrder({ key: 'deferred' });
      const other = anOrder({ key: 'not deferred' });
      await store(
        await after(order, order.placed, order.deferred('charge')),
        await after(other, other.placed),
      );
      const partitions = [...Array(16).keys()];
      expect(await table.stillDeferred([order.orderId, other.orderId])).toEqual([order.orderId]);
      const taken = await Promise.all([
        table.takeDeferred(partitions, 10),
        table.takeDeferred(partitions, 10),
      ]);
      expect(taken.flat().map(({ orderId }) => orderId)).toContain(order.orderId);
      expect(taken.flat().map(({ orderId }) => orderId)).not.toContain(other.orderId);
      await store(await after(order, order.placed, order.deferred('charge'), order.captured));
      expect(await table.stillDeferred([order.orderId])).toEqual([]);
      expect(await table.takeDeferred(partitions, 10)).toEqual([]);
    });

    it('is brought forward, but for what waits out a pause, or for the payment provider', async () => {
      const [sent, repeated, paused, pausedLong, deferred] = ['1', '2', '3', '4', '5'].map((key) =>
        anOrder({ key: `forward ${key}`, captureMethod: 'MANUAL' }),
      );
      const refused = ({ placed, authorized, reserved, captureFailed }: ReturnType<typeof anOrder>) =>
        [placed, authorized, reserved(), captureFailed()] as const;
      await store(
        await after(sent!, sent!.placed),
        await after(repeated!, repeated!.placed),
        await after(paused!, ...refused(paused!)),
        await after(pausedLong!, ...refused(pausedLong!)),
        await after(deferred!, deferred!.placed, deferred!.deferred('authorize')),
      );
      const all = [sent, repeated, paused, pausedLong, deferred].map((order) => order!.orderId);
      await pool.query(
        `UPDATE process_managers.processes
         SET next_resend_at = now() + interval '1 h', resends = CASE WHEN order_id = ANY($2) THEN 3 ELSE 0 END
         WHERE order_id = ANY($1)`,
        [all, [repeated!.orderId, pausedLong!.orderId]],
      );
      const turnsOf = async (partitions: readonly number[]) =>
        (await table.takeResends(partitions)).map(({ orderId }) => orderId).filter((id) => all.includes(id));
      const partitions = [...Array(16).keys()];
      await table.bringForward(partitions.filter((id) => id !== partitionOf(sent!.orderId)));
      expect(await turnsOf([partitionOf(sent!.orderId)])).toEqual([]);
      const mark = await table.bringForward(partitions);
      const taken = (await table.takeResends(partitions)).filter(({ orderId }) => all.includes(orderId));
      expect(taken.map(({ orderId }) => orderId).sort()).toEqual(
        [sent!.orderId, repeated!.orderId, pausedLong!.orderId].sort(),
      );
      expect(taken.filter(({ dueAt }) => dueAt > mark)).toEqual([]);
      expect(taken.find(({ orderId }) => orderId === sent!.orderId)?.dueAt).toBe(mark);
    });

    it('a deadline names the visit to the stage that it belongs to', async () => {
      const order = anOrder({ key: 'deadline' });
      await store(await after(order, order.placed, order.captured));
      await due(order.orderId, 'next_deadline_at');
      const taken = await table.takeDeadlines([partitionOf(order.orderId)]);
      expect(taken).toContainEqual({
        orderId: order.orderId,
        visit: { stage: 'reservation', generation: 2 },
        awaits: [expect.any(String)],
      });
    });

    it('a command that has to pause is due when the pause ends', async () => {
      const order = anOrder({ key: 'pause', captureMethod: 'MANUAL' });
      const { placed, authorized, reserved, captureFailed } = order;
      await store(await after(order, placed, authorized, reserved(), captureFailed()));
      expect(await rowOf(order.orderId)).toMatchObject({
        next_resend_at: new Date(Date.parse(START) + 500),
      });
    });
  });
});

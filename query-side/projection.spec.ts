import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import { mug, orderId, orderPlaced } from '@orders/shared-events/testing/examples.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { acquire } from './builds/lease.js';
import { NotCommitted, inTransaction } from './database/database.js';
import { UnreadableEvent } from './projector.js';
import { BuildWriter, Superseded } from './projection.js';
import { projectorsOf } from './read-models/definition.js';
import { readModels } from './read-models/read-models.js';
import { type BackEnds, backEnds } from './testing/servers.js';
import { type TestDatabase, aBuild, testDatabase } from './testing/read-models.js';
import { recorded } from './testing/recorded.js';

describe.each(serverRows('EVENTSTORE_URL', 'DATABASE_URL'))('on %s', (_title, real) => {
  let servers: BackEnds;
  let database: TestDatabase;
  let build: string;

  beforeAll(async () => {
    servers = await backEnds(real);
  });
  afterAll(() => servers.stop());
  beforeEach(async () => {
    database = testDatabase(await servers.database());
    build = await aBuild(database, 'log');
  });
  afterEach(() => database.close());

  /** A writer that holds the build; the one before it has lost it. */
  async function writer(): Promise<BuildWriter> {
    const client = await database.connect();
    const builder = randomUUID();
    await database.pool.query(`UPDATE read_models.checkpoints SET lease_until = '-infinity'`);
    const checkpoint = await acquire(client, build, builder);
    return BuildWriter.open(client, {
      build,
      builder,
      position: checkpoint?.position ?? -1n,
      projectors: projectorsOf(readModels),
      announces: true,
    });
  }

  const batch = (...events: readonly DomainEvent[]) => ({
    events: recorded(...events),
    position: BigInt(events.length),
  });
  const received: DomainEvent = { type: 'StockReceived', data: { sku: mug, receiptId: 'r1', quantity: 10 } };

  /** Ends the writer's connection from outside. */
  async function cutAfter(ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    await database.pool.query(`SELECT pg_terminate_backend(builder_pid) FROM read_models.checkpoints`);
  }

  async function rows(table: string): Promise<readonly Record<string, unknown>[]> {
    const result = await database.pool.query<Record<string, unknown>>(`SELECT * FROM ${build}.${table}`);
    return result.rows;
  }
  const checkpoint = async () =>
    (await database.pool.query<{ position: string }>('SELECT position::text FROM read_models.checkpoints'))
      .rows;

  describe('the tables of the read models', () => {
    it('are declared to the code as Postgres has them', async () => {
      for (const { tables } of projectorsOf(readModels)) {
        for (const { name, columns, key } of tables) {
          const found = await database.pool.query<{ column: string; type: string }>(
            `SELECT column_name AS column, CASE data_type WHEN 'timestamp with time zone' THEN 'timestamptz' ELSE data_type END
                  || CASE is_nullable WHEN 'YES' THEN '?' ELSE '' END AS type
           FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2`,
            [build, name],
          );
          expect(Object.fromEntries(found.rows.map(({ column, type }) => [column, type]))).toEqual(columns);
          expect(Object.keys(columns)).toEqual(expect.arrayContaining([...key]));
        }
      }
    });
  });

  describe('writing a batch', () => {
    it('writes its rows and moves the checkpoint', async () => {
      await (
        await writer()
      ).write(batch(orderPlaced, { type: 'OrderConfirmed', data: { orderId } }, received));
      expect(await rows('orders')).toMatchObject([{ order_id: orderId, status: 'CONFIRMED', position: 2 }]);
      expect(await rows('order_lines')).toHaveLength(2);
      expect(await rows('stock_levels')).toMatchObject([{ sku: mug, on_hand: 10, reserved: 0 }]);
      expect(await rows('audit_log')).toHaveLength(3);
      expect(await checkpoint()).toEqual([{ position: '3' }]);
    });

    it('goes on from the rows of the batches before it', async () => {
      const to = await writer();
      const events = recorded(orderPlaced, received, { type: 'OrderConfirmed', data: { orderId } }, received);
      await to.write({ events: events.slice(0, 2), position: 2n });
      await to.write({ events: events.slice(2), position: 4n });
      expect(await rows('orders')).toMatchObject([{ status: 'CONFIRMED' }]);
      expect(await rows('stock_levels')).toMatchObject([{ on_hand: 20 }]);
    });

    it('passes over what it has written already', async () => {
      const to = await writer();
      await to.write(batch(received));
      await to.write(batch(received));
      expect(await rows('stock_levels')).toMatchObject([{ on_hand: 10 }]);
    });

    it('writes nothing when another builder has taken over', async () => {
      const deposed = await writer();
      const successor = await writer();
      await expect(deposed.write(batch(received))).rejects.toThrow(Superseded);
      expect(await rows('stock_levels')).toEqual([]);
      await successor.write(batch(received));
      await expect(deposed.write(batch(received, received))).rejects.toThrow(Superseded);
      expect(await rows('stock_levels')).toMatchObject([{ on_hand: 10 }]);
    });

    it('writes nothing when the checkpoint is not where it left it', async () => {
      const to = await writer();
      await database.pool.query('UPDATE read_models.checkpoints SET position = 7');
      await expect(to.write({ ...batch(received), position: 9n })).rejects.toThrow(Superseded);
      expect(await rows('stock_levels')).toEqual([]);
    });

    it('writes nothing of a batch with an event that it cannot read', async () => {
      const [good, bad] = recorded(received, received);
      const events = good && bad ? [good, { ...bad, type: 'StockTeleported' }] : [];
      await expect((await writer()).write({ events, position: 2n })).rejects.toThrow(UnreadableEvent);
      expect(await rows('audit_log')).toEqual([]);
      expect(await checkpoint()).toEqual([{ position: '-1' }]);
    });

    it('replaces characters that Postgres cannot hold, and no others', async () => {
      const odd = `nul \u0000 half \ud800 astral \u{1f600} quote " backslash \\ brace } comma , null NULL`;
      const kept = odd.replace('\u0000', '\ufffd').replace('\ud800', '\ufffd');
      const event: DomainEvent = {
        type: 'StockAdjusted',
        data: { sku: mug, adjustmentId: 'a1', delta: 1, reason: odd },
      };
      const placed = { ...orderPlaced, data: { ...orderPlaced.data, reference: odd } };
      await (await writer()).write(batch(placed, event));
      expect(await rows('orders')).toMatchObject([{ reference: kept }]);
      expect(await rows('audit_log')).toMatchObject([{}, { data: { reason: kept } }]);
    });

    it('tells whoever listens how far the rows are, when they are there', async () => {
      const listener = await database.connect();
      const heard = new Promise((resolve) =>
        listener.once('notification', ({ payload }) => resolve(payload)),
      );
      await listener.query('LISTEN read_models');
      await (await writer()).write(batch(received));
      expect(JSON.parse(String(await heard))).toEqual({ kind: 'advanced', build, position: '1' });
    });

    it('leaves all or nothing of each batch when its connection is cut, wherever that is', async () => {
      const events = recorded(...Array.from({ length: 200 }, () => received));
      let to = await writer();
      let cuts = 0;
      // Adapts to the machine, so that about every second batch is cut, anywhere between BEGIN and COMMIT's answer.
      let patienceMs = 20;
      for (let next = 0; next < events.length; next = Math.max(0, Number(to.position))) {
        const cut = cutAfter(Math.random() * patienceMs);
        const part = { events: events.slice(next, next + 10), position: BigInt(next + 10) };
        const isCut = await to.write(part).then(
          () => false,
          () => true,
        );
        await cut;
        cuts += Number(isCut);
        patienceMs *= isCut ? 1.5 : 0.7;
        to = await writer();
      }
      expect(cuts).toBeGreaterThan(0);
      expect(await rows('audit_log')).toHaveLength(200);
      expect(await rows('stock_levels')).toMatchObject([{ on_hand: 2_000, position: 200 }]);
    });
  });

  describe('a transaction', () => {
    it('does not pass for committed when a statement in it had failed', async () => {
      const client = await database.connect();
      const work = inTransaction(client, async () => {
        await client.query('SELECT 1 / 0').catch(() => undefined);
      });
      await expect(work).rejects.toThrow(NotCommitted);
    });
  });
});

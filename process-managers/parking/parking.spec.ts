import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import {
  OrderId,
  type PaymentId,
  orderStream,
  paymentIdOf,
  paymentStream,
} from '@orders/shared-events/contracts/ids.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { type Server, databaseOf, serverRows } from '@orders/shared-events/testing/servers.js';
import { Pool } from 'pg';
import { DeadLetters } from '../dead-letters/dead-letters.table.js';
import { partitionOf } from '../order-process/partition.js';
import { migrate } from '../postgres.js';
import { ParkedQueries } from './parked.queries.js';
import { ParkedTable } from './parked.table.js';
import { Parking } from './parking.js';

const EVERYWHERE = [...Array(16).keys()];
const HOUR = 3_600_000;

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  let server: Server;
  let pool: Pool;
  let letters: DeadLetters;
  beforeAll(async () => {
    server = await databaseOf(real);
    await migrate(server.url, silent);
    pool = new Pool({ connectionString: server.url });
    // pg's pool ends before its sockets do, and then hears of the server's end.
    pool.on('error', () => undefined);
    letters = new DeadLetters(pool);
  });
  afterAll(async () => {
    await pool.end();
    await server.stop();
  });
  beforeEach(() => pool.query('TRUNCATE process_managers.parked, process_managers.dead_letters'));

  /** What an instance has in memory is its own, the table is everybody's. */
  const instance = (deadlineMs = HOUR) => new Parking(new ParkedTable(pool, deadlineMs), silent);

  let position = 0n;
  const event = (type: string, streamId: string, data: object): RecordedEvent => ({
    ...{ id: randomUUID(), type, streamId, revision: 0n, position: (position += 100n) },
    ...{ recordedAt: new Date(), data, metadata: { $correlationId: 'told-1' } },
  });
  function anOrder() {
    const orderId = OrderId.parse(randomUUID());
    const paymentId: PaymentId = paymentIdOf(orderId);
    const ids = { orderId, paymentId };
    return {
      ...ids,
      unmatched: (outcome = 'succeeded') =>
        event('ProviderNotificationUnmatched', paymentStream(paymentId), {
          ...{ ...ids, operation: 'charge', attempt: 1, outcome, notificationId: 'evt_1' },
        }),
      requested: () => event('PaymentRequested', paymentStream(paymentId), { ...ids, attempt: 1 }),
      captured: () => event('PaymentCaptured', paymentStream(paymentId), { ...ids, attempt: 1 }),
      placed: () => event('OrderPlaced', orderStream(orderId), { orderId }),
    };
  }

  const waiting = async () => new ParkedQueries(pool).list(100, undefined);
  const dead = async () => letters.list(100, undefined);
  const isOver = () => pool.query('UPDATE process_managers.parked SET due_at = now()');
  /** What the timers do. */
  async function end(parking: Parking, partitions: readonly number[]): Promise<void> {
    for (const overdue of await parking.overdue(partitions)) await parking.deadLetterDue(overdue);
  }
  const outcomes = async () => {
    const { rows } = await pool.query<{ outcome: string | null }>(
      'SELECT outcome FROM process_managers.parked ORDER BY position',
    );
    return rows.map(({ outcome }) => outcome);
  };

  describe('a notification of a payment that nobody asked for', () => {
    it('waits, and can be looked at', async () => {
      const order = anOrder();
      const unmatched = order.unmatched();
      await instance().park(order.orderId, unmatched);
      expect(await waiting()).toEqual([
        {
          position: String(unmatched.position),
          orderId: order.orderId,
          type: 'ProviderNotificationUnmatched',
          awaits: paymentStream(order.paymentId),
          awaitsType: 'PaymentRequested',
          data: unmatched.data,
          correlationId: 'told-1',
          parkedAt: expect.any(String),
          dueAt: expect.any(String),
        },
      ]);
    });

    it('is one, however often it is heard', async () => {
      const order = anOrder();
      const unmatched = order.unmatched();
      for (const parking of [instance(), instance()]) await parking.park(order.orderId, unmatched);
      expect(await waiting()).toHaveLength(1);
    });

    it('is matched by the request of that payment', async () => {
      const order = anOrder();
      const parking = instance();
      await parking.park(order.orderId, order.unmatched());
      await parking.match(order.requested());
      expect([await waiting(), await outcomes()]).toEqual([[], ['matched']]);
      await isOver();
      await end(parking, EVERYWHERE);
      expect(await dead()).toEqual([]);
    });

    it('is not matched by the request of another, by what came before it, or by the placement of its order', async () => {
      const [order, other] = [anOrder(), anOrder()];
      const parking = instance();
      const before = order.requested();
      await parking.park(order.orderId, order.unmatched());
      await parking.park(other.orderId, other.unmatched());
      for (const heard of [before, other.requested(), order.placed()]) await parking.match(heard);
      expect(await outcomes()).toEqual([null, 'matched']);
    });

    it('is matched by whoever has its partition by then', async () => {
      const order = anOrder();
      await instance().park(order.orderId, order.unmatched());
      const next = instance();
      await next.gained([partitionOf(order.orderId)]);
      await next.match(order.requested());
      expect(await outcomes()).toEqual(['matched']);
    });

    it('does not wait again when it is heard again after that', async () => {
      const order = anOrder();
      const unmatched = order.unmatched();
      const parking = instance();
      await parking.park(order.orderId, unmatched);
      await parking.match(order.requested());
      await parking.park(order.orderId, unmatched);
      expect(await waiting()).toEqual([]);
    });

    it('is kept whatever the provider wrote into it', async () => {
      const order = anOrder();
      await instance().park(order.orderId, order.unmatched('a\u0000b\ud83d'));
      expect(await waiting()).toMatchObject([{ data: { outcome: 'a\ufffdb\ufffd' } }]);
    });

    it('is kept, and matched, whatever the name of its stream', async () => {
      const order = anOrder();
      const streamId = 'payment-a\u0000b';
      const parking = instance();
      await parking.park(order.orderId, { ...order.unmatched(), streamId });
      expect(await waiting()).toMatchObject([{ awaits: 'payment-a\ufffdb' }]);
      await parking.match({ ...order.requested(), streamId });
      expect(await outcomes()).toEqual(['matched']);
    });
  });

  describe('an event of an order that was never placed', () => {
    it('waits for the placement', async () => {
      const order = anOrder();
      const parking = instance();
      await parking.park(order.orderId, order.captured());
      await parking.match(order.requested());
      expect(await waiting()).toMatchObject([
        { awaits: orderStream(order.orderId), awaitsType: 'OrderPlaced' },
      ]);
      await parking.match(order.placed());
      expect(await outcomes()).toEqual(['matched']);
    });
  });

  describe('at its deadline', () => {
    it('it becomes a dead letter with its reason and what was told', async () => {
      const order = anOrder();
      const unmatched = order.unmatched();
      const parking = instance(90_000);
      await parking.park(order.orderId, unmatched);
      await end(parking, EVERYWHERE);
      expect(await dead()).toEqual([]);
      await pool.query(
        `UPDATE process_managers.parked SET parked_at = now() - interval '90 s', due_at = now()`,
      );
      await end(parking, EVERYWHERE);
      const [letter] = await dead();
      expect(letter).toMatchObject({
        origin: 'unknown correlation',
        queue: 'log',
        type: 'ProviderNotificationUnmatched',
        routingKey: paymentStream(order.paymentId),
        reason: `no PaymentRequested in ${paymentStream(order.paymentId)} within 90 s`,
        attempts: 1,
        times: 1,
      });
      expect((await letters.show(letter?.id ?? ''))?.content).toEqual({
        ...{ id: unmatched.id, type: unmatched.type, stream: unmatched.streamId },
        ...{ data: unmatched.data, metadata: unmatched.metadata },
      });
      expect([await waiting(), await outcomes()]).toEqual([[], ['dead-lettered']]);
    });

    it('it goes on waiting where its time was not over when everything was heard', async () => {
      const order = anOrder();
      const parking = instance();
      await parking.park(order.orderId, order.unmatched());
      await isOver();
      const partition = partitionOf(order.orderId);
      expect(await parking.overdue(EVERYWHERE)).toEqual([{ partition, at: expect.any(String) }]);
      await parking.deadLetterDue({ partition, at: '2026-01-01T00:00:00.000Z' });
      expect([await dead(), await outcomes()]).toEqual([[], [null]]);
      await end(parking, EVERYWHERE);
      expect(await outcomes()).toEqual(['dead-lettered']);
      expect(await parking.overdue(EVERYWHERE)).toEqual([]);
    });

    it('it does so once, however many look at the same time, and however often it is heard', async () => {
      const order = anOrder();
      const unmatched = order.unmatched();
      const all = [instance(), instance(), instance()];
      for (const parking of all) await parking.park(order.orderId, unmatched);
      await isOver();
      await Promise.all(all.map((parking) => end(parking, EVERYWHERE)));
      for (const parking of all) await parking.park(order.orderId, unmatched);
      await isOver().catch(() => undefined);
      await Promise.all(all.map((parking) => end(parking, EVERYWHERE)));
      expect(await dead()).toMatchObject([{ times: 1 }]);
    });

    it('both writes happen or neither: a crash between them leaves it waiting, and then it is done', async () => {
      const order = anOrder();
      const parking = instance();
      await parking.park(order.orderId, order.unmatched());
      await isOver();
      await pool.query(`
        CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'crash'; END $$;
        CREATE TRIGGER crash BEFORE INSERT ON process_managers.dead_letters FOR EACH ROW EXECUTE FUNCTION crash()`);
      await expect(end(parking, EVERYWHERE)).rejects.toThrow('crash');
      expect([await waiting(), await dead()]).toEqual([[expect.anything()], []]);
      await pool.query('DROP FUNCTION crash CASCADE');
      await end(parking, EVERYWHERE);
      expect([await waiting(), await dead()]).toEqual([[], [expect.anything()]]);
    });

    it('one that another instance is about to end holds up no other', async () => {
      const [one, other] = [anOrder(), anOrder()];
      const impatient = new Pool({ connectionString: server.url, lock_timeout: 1_000 });
      const parking = new Parking(new ParkedTable(impatient, HOUR), silent);
      for (const order of [one, other]) await parking.park(order.orderId, order.unmatched());
      await isOver();
      const elsewhere = await pool.connect();
      try {
        await elsewhere.query('BEGIN');
        const taken = 'SELECT FROM process_managers.parked WHERE order_id = $1 FOR UPDATE';
        await elsewhere.query(taken, [one.orderId]);
        await end(parking, EVERYWHERE);
        expect(await dead()).toMatchObject([{ routingKey: paymentStream(other.paymentId) }]);
      } finally {
        await elsewhere.query('ROLLBACK');
        elsewhere.release();
        await impatient.end();
      }
    });

    it('it is left to the instance that has its partition', async () => {
      const order = anOrder();
      const [parking, next] = [instance(), instance()];
      await parking.park(order.orderId, order.unmatched());
      await isOver();
      await end(
        parking,
        EVERYWHERE.filter((id) => id !== partitionOf(order.orderId)),
      );
      expect(await dead()).toEqual([]);
      await next.gained([partitionOf(order.orderId)]);
      await end(next, [partitionOf(order.orderId)]);
      expect(await dead()).toHaveLength(1);
    });
  });

  it('what waits is listed newest first, page by page', async () => {
    const orders = [anOrder(), anOrder(), anOrder()];
    for (const order of orders) await instance().park(order.orderId, order.unmatched());
    const queries = new ParkedQueries(pool);
    const first = await queries.list(2, undefined);
    const rest = await queries.list(2, first.at(-1)?.position);
    expect([...first, ...rest].map(({ orderId }) => orderId)).toEqual(
      orders.toReversed().map(({ orderId }) => orderId),
    );
  });
});

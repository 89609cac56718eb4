import { describe, expect, it } from '@jest/globals';
import {
  type OrderId,
  orderProcessStream,
  orderStream,
  paymentStream,
} from '@orders/shared-events/contracts/ids.js';
import { collected } from '@orders/shared-events/testing/event-stores.js';
import { until } from '@orders/shared-events/testing/until.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { Block } from './testing/block.js';
import { type Terms, anOrder } from './testing/order-story.js';

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  const QUICK = { PROCESS_RESEND_INTERVAL: '200', PROCESS_PAYMENT_DEADLINE: '1500' };

  const block = Block.on(real);
  const { start } = block;

  let keys = 0;
  const newOrder = (terms: Terms = {}) => anOrder({ key: `key-${keys++}`, ...terms });

  async function place(order: ReturnType<typeof anOrder>): Promise<void> {
    await block.commandSide.append(orderStream(order.orderId), 'OrderPlaced', order.placed.data);
  }

  async function rowOf(orderId: OrderId) {
    const { rows } = await block.servers.pool.query(
      'SELECT status, stage, undo_reason FROM process_managers.processes WHERE order_id = $1',
      [orderId],
    );
    return rows[0] as { status: string; stage: string; undo_reason: string | null } | undefined;
  }

  /** Each command once, in the order of its first arrival: on a slow machine some are sent again. */
  const commands = (): string[] =>
    [...new Map(block.commandSide.received.map((message) => [message.commandId, message])).values()].map(
      ({ type }) => type,
    );

  const done = (orderId: OrderId) => until(async () => (await rowOf(orderId))?.status === 'DONE');

  async function doneAmong(orderIds: readonly OrderId[]): Promise<number> {
    const { rows } = await block.servers.pool.query<{ done: number }>(
      `SELECT count(*)::int AS done FROM process_managers.processes WHERE status = 'DONE' AND order_id = ANY($1)`,
      [orderIds],
    );
    return rows[0]?.done ?? 0;
  }

  async function eventsOf(orderId: OrderId): Promise<string[]> {
    const events = await collected(block.servers.store.readStream(orderProcessStream(orderId)));
    return events.map(({ type }) => type);
  }

  describe('the process managers', () => {
    it('take an order that is charged at once to its end, with one command each', async () => {
      await start();
      const order = newOrder();
      await place(order);
      await done(order.orderId);
      expect(commands()).toEqual([
        'AuthorizePayment',
        'ReserveStock',
        'ConfirmReservation',
        'ConfirmOrder',
        'CompleteOrder',
        'CommitReservation',
      ]);
    });

    it('take an order that is authorised first to its end', async () => {
      await start();
      const order = newOrder({ captureMethod: 'MANUAL', lines: [{ sku: 'SKU-B' }, { sku: 'SKU-A' }] });
      await place(order);
      await done(order.orderId);
      expect(commands().slice(0, 4)).toEqual([
        'AuthorizePayment',
        'ReserveStock',
        'ReserveStock',
        'CapturePayment',
      ]);
    });

    it('take many orders at once', async () => {
      await start();
      const orders = Array.from({ length: 40 }, (_, n) => newOrder({ lines: [{ sku: `SKU-${n}` }] }));
      await Promise.all(orders.map(place));
      const ids = orders.map(({ orderId }) => orderId);
      await until(async () => (await doneAmong(ids)) === 40);
      expect(commands()).toHaveLength(40 * 6);
    });

    it('change nothing when they hear everything again', async () => {
      const first = await start();
      const order = newOrder();
      await place(order);
      await done(order.orderId);
      await first.stop();
      const before = await eventsOf(order.orderId);
      block.commandSide.received.length = 0;
      await block.servers.pool.query('UPDATE process_managers.checkpoints SET position = -1');

      await start();
      const next = newOrder();
      await place(next);
      await done(next.orderId);
      expect(await eventsOf(order.orderId)).toEqual(before);
      expect(block.commandSide.receivedOf('AuthorizePayment', order.orderId)).toEqual([]);
    });

    it('send what was recorded and not sent by an instance that is gone', async () => {
      const mute = {
        connected: true,
        publish: () => Promise.reject(new Error('gone before it was sent')),
        publishBytes: () => Promise.reject(new Error('gone before it was sent')),
        consume: block.servers.bus.consume.bind(block.servers.bus),
      };
      const first = await start(QUICK, { messageBus: mute });
      const order = newOrder();
      await place(order);
      await until(async () => (await rowOf(order.orderId))?.stage === 'payment');
      await first.stop();
      expect(block.commandSide.received).toEqual([]);

      await start(QUICK);
      await done(order.orderId);
    });

    it('send again what is not answered, as the same command', async () => {
      block.commandSide.silent.add('AuthorizePayment');
      await start({ ...QUICK, PROCESS_PAYMENT_DEADLINE: '60000' });
      const order = newOrder();
      await place(order);
      await until(() => block.commandSide.receivedOf('AuthorizePayment', order.orderId).length >= 3);
      const ids = block.commandSide
        .receivedOf('AuthorizePayment', order.orderId)
        .map(({ commandId }) => commandId);
      expect(new Set(ids).size).toBe(1);
    });

    it('keep a deadline over a restart', async () => {
      block.commandSide.silent.add('AuthorizePayment');
      const first = await start(QUICK);
      const order = newOrder();
      await place(order);
      await until(async () => (await rowOf(order.orderId))?.stage === 'payment');
      await first.stop();

      await start(QUICK);
      await done(order.orderId);
      expect((await rowOf(order.orderId))?.undo_reason).toBe('PAYMENT_TIMED_OUT');
      expect(await eventsOf(order.orderId)).toContain('OrderProcessDeadlinePassed');
    });

    it('go on with what another instance began when it is frozen', async () => {
      const leaseTimes = { ttlMs: 1_000, renewEveryMs: 200 };
      const frozen = await start(QUICK, { leaseTimes });
      const order = newOrder();
      block.commandSide.silent.add('ReserveStock');
      await place(order);
      await until(async () => (await rowOf(order.orderId))?.stage === 'reservation');
      // As a holder that does not renew looks to others.
      await block.servers.pool.query(
        `UPDATE process_managers.leases SET holder = 'nobody', expires_at = now()`,
      );
      block.commandSide.silent.clear();
      await start(QUICK, { leaseTimes });
      await done(order.orderId);
      expect(frozen.instance).not.toBe(block.running[1]?.instance);
    });

    it('go on with what waits for what it belongs to, and make a dead letter of it once', async () => {
      const dead = async () => {
        const { rows } = await block.servers.pool.query<object>(
          `SELECT queue, origin FROM process_managers.dead_letters WHERE origin <> 'queue'`,
        );
        return rows;
      };
      const parked = async () => {
        const { rows } = await block.servers.pool.query<object>(
          'SELECT outcome FROM process_managers.parked',
        );
        return rows;
      };
      const first = await start(QUICK);
      const order = newOrder();
      const stream = paymentStream(order.paymentId);
      await block.commandSide.append(stream, 'ProviderNotificationUnmatched', order.unmatched.data);
      await until(async () => (await parked()).length === 1);
      await first.stop();
      await block.servers.pool.query('UPDATE process_managers.parked SET due_at = now()');
      await start(QUICK);
      await until(async () => (await dead()).length > 0);
      await start(QUICK);
      expect([await parked(), await dead()]).toEqual([
        [{ outcome: 'dead-lettered' }],
        [{ queue: 'log', origin: 'unknown correlation' }],
      ]);
    });

    it('refuse to start on another log than the one their checkpoints were made from', async () => {
      await block.servers.pool.query(
        `UPDATE process_managers.checkpoints SET log = 'another' WHERE name = 'forwarder'`,
      );
      await expect(block.servers.instance().start()).rejects.toThrow(
        /forwarder belongs to another event log/,
      );
      const log = await block.servers.store.identity();
      await block.servers.pool.query('UPDATE process_managers.checkpoints SET log = $1', [log]);
    });

    it('leave no work behind that a done process would ever come up in again', async () => {
      await start();
      const order = newOrder();
      await place(order);
      await done(order.orderId);
      const { rows } = await block.servers.pool.query(
        'SELECT next_resend_at, next_deadline_at, pending FROM process_managers.processes WHERE order_id = $1',
        [order.orderId],
      );
      expect(rows[0]).toEqual({ next_resend_at: null, next_deadline_at: null, pending: [] });
    });
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type OrderId,
  orderProcessStream,
  orderStream,
  paymentStream,
} from '@orders/shared-events/contracts/ids.js';
import { collected } from '@orders/shared-events/testing/event-stores.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { Block } from './testing/block.js';
import { Freezer } from './testing/freezer.js';
import { anOrder } from './testing/order-story.js';

/** Rule 6 of the design: what an instance does of whose leases others have taken meanwhile. */
describe.each(serverRows('DATABASE_URL'))('on %s, a holder that was frozen and wakes', (_title, real) => {
  const leaseTimes = { ttlMs: 1_000, renewEveryMs: 200 };
  const QUICK = { PROCESS_RESEND_INTERVAL: '200', PROCESS_PAYMENT_DEADLINE: '1500' };

  let freezer: Freezer;
  // Before the block stops them: who is frozen does not end.
  afterEach(() => freezer.thaw());

  const block = Block.on(real);
  const { start } = block;
  beforeEach(() => {
    freezer = new Freezer(block.servers);
  });

  const holder = (settings = {}) => start(settings, { ...freezer.parts, leaseTimes });

  /** Starts another instance; resolves once it has all leases of the one that is frozen. */
  async function takenOver(settings = {}): Promise<void> {
    const { instance } = await start(settings, { leaseTimes });
    await until(async () => {
      const { rows } = await block.servers.pool.query<{ left: number }>(
        'SELECT count(*)::int AS left FROM process_managers.leases WHERE holder IS DISTINCT FROM $1',
        [instance],
      );
      return rows[0]?.left === 0;
    });
  }

  let keys = 0;
  async function placed() {
    const order = anOrder({ key: `stale-${keys++}` });
    await block.commandSide.append(orderStream(order.orderId), 'OrderPlaced', order.placed.data);
    return order;
  }

  async function stageOf(orderId: OrderId): Promise<string | undefined> {
    const { rows } = await block.servers.pool.query<{ stage: string }>(
      'SELECT stage FROM process_managers.processes WHERE order_id = $1',
      [orderId],
    );
    return rows[0]?.stage;
  }
  const comesTo = (orderId: OrderId, stage: string) => until(async () => (await stageOf(orderId)) === stage);

  const checkpoints = async () =>
    (
      await block.servers.pool.query<{ name: string; position: string; token: string }>(
        `SELECT name, position, token FROM process_managers.checkpoints WHERE name LIKE 'hearing-%' ORDER BY name`,
      )
    ).rows;

  const processOf = async (orderId: OrderId) => {
    const events = await collected(block.servers.store.readStream(orderProcessStream(orderId)));
    return events.map(({ id, type }) => ({ id, type }));
  };

  it('moves no checkpoint: its token is not the holder’s any more', async () => {
    await holder();
    await comesTo((await placed()).orderId, 'done');
    freezer.freeze();
    await placed();
    await until(() => freezer.waiting.includes('checkpoints-move'));
    await takenOver();
    await comesTo((await placed()).orderId, 'done');
    const before = await checkpoints();
    freezer.thaw();
    await until(() => freezer.outcomes.some(({ what }) => what === 'checkpoints-move'));
    const moved = freezer.outcomes.filter(({ what }) => what === 'checkpoints-move');
    expect(moved.map(({ outcome }) => outcome)).toEqual(moved.map(() => 0));
    for (const { name, position, token } of await checkpoints()) {
      const then = before.find((row) => row.name === name);
      expect(token).toBe(then?.token);
      expect(BigInt(position)).toBeGreaterThanOrEqual(BigInt(then?.position ?? 0));
    }
  });

  it('records nothing in a process that has gone on: its append is a conflict', async () => {
    await holder();
    block.commandSide.silent.add('AuthorizePayment');
    const { orderId, paymentId, captured } = await placed();
    await comesTo(orderId, 'payment');
    freezer.freeze();
    await block.commandSide.append(paymentStream(paymentId), 'PaymentCaptured', captured.data);
    await until(() => freezer.waiting.includes('append'));
    await takenOver();
    await comesTo(orderId, 'done');
    const before = await processOf(orderId);
    freezer.thaw();
    await until(() => freezer.outcomes.some(({ what }) => what === 'append'));
    expect(freezer.outcomes).toContainEqual({ what: 'append', outcome: 'conflict' });
    expect(await processOf(orderId)).toEqual(before);
  });

  it('gives up no order by a deadline that was due before', async () => {
    await holder(QUICK);
    block.commandSide.silent.add('AuthorizePayment');
    const { orderId, paymentId, captured } = await placed();
    await comesTo(orderId, 'payment');
    freezer.freeze('append');
    await until(() => freezer.waiting.includes('append'));
    freezer.freeze();
    await block.commandSide.append(paymentStream(paymentId), 'PaymentCaptured', captured.data);
    await takenOver();
    await comesTo(orderId, 'done');
    freezer.thaw();
    await until(() => freezer.outcomes.some(({ what }) => what === 'append'));
    expect((await processOf(orderId)).map(({ type }) => type)).not.toContain('OrderProcessDeadlinePassed');
  });

  it('sends no command but the one that its successor sends: by its id it is the same', async () => {
    await holder();
    freezer.freeze('publish');
    const { orderId } = await placed();
    await until(() => freezer.waiting.includes('publish'));
    freezer.freeze();
    await takenOver();
    await comesTo(orderId, 'done');
    const before = await processOf(orderId);
    const sent = block.commandSide.receivedOf('AuthorizePayment', orderId);
    freezer.thaw();
    await until(() => block.commandSide.receivedOf('AuthorizePayment', orderId).length > sent.length);
    const ids = block.commandSide.receivedOf('AuthorizePayment', orderId).map(({ commandId }) => commandId);
    expect(new Set(ids).size).toBe(1);
    expect(await processOf(orderId)).toEqual(before);
  });
});

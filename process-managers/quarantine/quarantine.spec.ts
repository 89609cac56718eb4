import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type OrderId,
  orderProcessStream,
  orderStream,
  quarantineStream,
  stockStream,
} from '@orders/shared-events/contracts/ids.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { collected } from '@orders/shared-events/testing/event-stores.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { partitionOf } from '../order-process/partition.js';
import { migrate } from '../postgres.js';
import { type ActionMore, type AdminStand, adminStand } from '../testing/admin-stand.js';
import { anOrder } from '../testing/order-story.js';
import { QuarantineTable } from './quarantine.table.js';

/** The partitions that were heard up to something. */
const HEARD = `SELECT FROM process_managers.checkpoints WHERE name LIKE 'hearing-%' AND position >= 0`;

/** Of an order in that partition. */
function keyIn(partition: number): string {
  const keys = Array.from({ length: 1_000 }, (_, n) => `behind-${n}`);
  return keys.find((key) => partitionOf(anOrder({ key }).orderId) === partition) ?? '';
}

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  type Order = ReturnType<typeof anOrder>;
  const orders = {
    stuck: anOrder({ key: 'stuck' }),
    newer: anOrder({ key: 'newer' }),
    damaged: anOrder({ key: 'damaged' }),
    other: anOrder({ key: 'other' }),
  };
  let admin: AdminStand;

  /**
   * Two are in quarantine from before, and everything behind them was heard: another build could not read their placement,
   * which this one can.
   */
  beforeAll(async () => {
    admin = await adminStand(real);
    await migrate(admin.servers.urls.DATABASE_URL, silent);
    for (const order of Object.values(orders)) await place(order);
    const table = new QuarantineTable(admin.servers.pool);
    const putAside = async (order: Order, newer: boolean) =>
      table.put(order.orderId, { position: await positionOf(order), reason: 'unreadable', newer });
    await putAside(orders.stuck, false);
    await putAside(orders.newer, false);
    const before = admin.servers.instance();
    await before.start();
    await until(async () => (await admin.servers.pool.query(HEARD)).rows.length === 16);
    await before.stop();
    await putAside(orders.newer, true);
    admin.commandSide.silent.add('ReserveStock');
    await admin.start();
  });
  afterAll(() => admin.stop());

  const place = ({ orderId, placed }: Order) =>
    admin.commandSide.append(orderStream(orderId), 'OrderPlaced', placed.data);
  const positionOf = async ({ orderId }: Order) =>
    (await collected(admin.servers.store.readStream(orderStream(orderId))))[0]?.position ?? 0n;
  const stageOf = async ({ orderId }: Order) =>
    (await admin.get(`/processes/${orderId}`)).body['stage'] as string | undefined;
  const listed = async (): Promise<{ orderId: OrderId; position: string; newer: boolean }[]> =>
    (await admin.get('/quarantine')).body['orders'] ?? [];
  const isListed = async ({ orderId }: Order) => (await listed()).some((one) => one.orderId === orderId);
  const release = ({ orderId }: Order, key: string, more?: ActionMore) =>
    admin.act(`/quarantine/${orderId}/release`, key, more);
  const ownTypes = async ({ orderId }: Order) =>
    (await collected(admin.servers.store.readStream(orderProcessStream(orderId)))).map(({ type }) => type);

  it('lets go on by itself what only another build could not read', async () => {
    await until(async () => (await stageOf(orders.newer)) === 'reservation');
    expect(await isListed(orders.newer)).toBe(false);
    expect(await ownTypes(orders.newer)).toContain('OrderProcessReleased');
  });

  it('keeps one order from going on, and no other', async () => {
    await until(async () => (await stageOf(orders.other)) === 'reservation');
    expect(await listed()).toMatchObject([
      { orderId: orders.stuck.orderId, position: String(await positionOf(orders.stuck)), newer: false },
    ]);
    expect(await stageOf(orders.stuck)).toBeUndefined();
  });

  it('tells of one that has no process yet why that is, and where to let it go on', async () => {
    const { orderId } = orders.stuck;
    for (const path of [`/processes/${orderId}`, `/processes/${orderId}/explanation`])
      expect(await admin.get(path)).toMatchObject({
        status: 409,
        body: {
          type: '/problems/order-quarantined',
          detail: expect.stringMatching(`: unreadable\\. Let it go on at /quarantine/${orderId}/release\\.$`),
        },
      });
  });

  it('does what a dry run says', async () => {
    const { etag } = await admin.get(`/quarantine/${orders.stuck.orderId}`);
    const planned = await admin.act(`/quarantine/${orders.stuck.orderId}/release?dryRun=true`, 'k-1');
    expect(planned).toMatchObject({ status: 200, body: { outcome: 'planned' } });
    expect(await isListed(orders.stuck)).toBe(true);
    const done = await release(orders.stuck, 'k-1', { ifMatch: etag });
    expect(done).toMatchObject({ status: 200, body: { ...planned.body, outcome: 'done' } });
    const [event] = await collected(admin.servers.store.readStream(quarantineStream(orders.stuck.orderId)));
    expect(event).toMatchObject({
      ...{ type: 'QuarantineReleaseRequested', data: { from: etag?.slice(1, -1) } },
      metadata: { actor: { kind: 'operator' }, reason: 'to see what comes of it' },
    });
  });

  it('lets an order go on that somebody releases, and tells the process who it was', async () => {
    await until(async () => (await stageOf(orders.stuck)) === 'reservation');
    await until(async () => !(await isListed(orders.stuck)));
    const own = await collected(admin.servers.store.readStream(orderProcessStream(orders.stuck.orderId)));
    expect(own.find(({ type }) => type === 'OrderProcessReleased')).toMatchObject({
      metadata: { actor: { kind: 'operator' }, reason: 'to see what comes of it' },
    });
    expect((await release(orders.stuck, 'k-2')).status).toBe(404);
  });

  it('stops an order at what is damaged, tells why, and asks for nothing meanwhile', async () => {
    await until(async () => (await stageOf(orders.damaged)) === 'reservation');
    const { orderId, reserved } = orders.damaged;
    const { sku, reservationId } = reserved().data;
    await admin.commandSide.append(stockStream(sku), 'StockReserved', { orderId, sku, reservationId });
    await until(() => isListed(orders.damaged));
    const { body } = await admin.get(`/processes/${orderId}/explanation`);
    expect(body).toMatchObject({
      summary: expect.stringMatching(/^It stands still in reservation: it met what cannot be dealt with: /),
      obstacles: [{ what: 'QUARANTINE', remedies: ['release'] }],
    });
    expect((await admin.get('/processes?state=QUARANTINED')).body['processes']).toMatchObject([{ orderId }]);
    for (const kind of ['deadline', 'resend'])
      expect((await admin.get(`/timers?kind=${kind}`)).body['timers']).not.toContainEqual(
        expect.objectContaining({ orderId }),
      );
    const asked = admin.commandSide.received.length;
    await admin.servers.pool.query(
      `UPDATE process_managers.processes SET next_resend_at = now(), next_deadline_at = now() WHERE order_id = $1`,
      [orderId],
    );
    await place(anOrder({ key: 'a later one' }));
    await until(() => admin.commandSide.received.length > asked + 4);
    expect(admin.commandSide.received.slice(asked).map(({ data }) => data)).not.toContainEqual(
      expect.objectContaining({ orderId }),
    );
  });

  it('has nothing asked for on its behalf by what an operator does to its process, which may only be paused', async () => {
    const { orderId } = orders.damaged;
    const own = await ownTypes(orders.damaged);
    for (const action of ['retry', 'compensate', 'resolve', 'resume'])
      expect(await admin.act(`/processes/${orderId}/${action}`, `quarantined-${action}`)).toMatchObject({
        status: 409,
        body: { type: '/problems/order-quarantined' },
      });
    expect(await ownTypes(orders.damaged)).toEqual(own);
    const planned = await admin.act(`/processes/${orderId}/pause?dryRun=true`, 'quarantined-pause');
    expect(planned).toMatchObject({ status: 200, body: { outcome: 'planned', sent: [] } });
  });

  it('stops it there again where it is let go on', async () => {
    const { orderId } = orders.damaged;
    const [before] = await listed();
    expect((await release(orders.damaged, 'k-3')).status).toBe(200);
    // What comes behind the release in its own partition has been heard.
    const behind = anOrder({ key: keyIn(partitionOf(orderId)) });
    await place(behind);
    await until(async () => (await stageOf(behind)) === 'reservation');
    const { etag } = await admin.get(`/quarantine/${orderId}`);
    expect(etag).toBe(`"${before?.position}"`);
    expect(await ownTypes(orders.damaged)).not.toContain('OrderProcessReleased');
  });

  it.each([
    ['another position', { ifMatch: '"1"' }, 412, 'changed-meanwhile'],
    ['no state', { ifMatch: null }, 428, 'precondition-required'],
  ] as const)('does not release where the caller has seen %s', async (_what, more, status, type) => {
    expect(await release(orders.damaged, 'k-4', more)).toMatchObject({
      status,
      body: { type: `/problems/${type}` },
    });
  });

  it('is not asked for twice under one key for different reasons', async () => {
    expect(await release(orders.damaged, 'k-3', { body: { reason: 'another' } })).toMatchObject({
      status: 422,
    });
  });
});

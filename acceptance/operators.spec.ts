import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { orderProcessStream } from '@orders/shared-events/contracts/ids.js';
import { until } from '@orders/shared-events/testing/until.js';
import { randomUUID } from 'node:crypto';
import { type ActionAnswer, type HowToAct, act, deedsOf } from './admin-actions.js';
import { get, newKey } from './client.js';
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
import { cancel, ship } from './orders.js';
import { type System, topologies } from './system.js';
import { WithheldCommands } from './withheld-commands.js';

const REASON = 'TICKET-4711';
const OPERATOR = { actor: { kind: 'OPERATOR', subject: 'jane' }, reason: REASON };

describe('an operator, over the admin API of three processes', () => {
  let system: System;
  /** Refused for good by the provider, which takes a while: they begin first. */
  let refused: Record<'toRetry' | 'toResolve' | 'unrefundable', Operated>;

  beforeAll(async () => {
    system = await topologies['three processes']({
      environment: { PROCESS_CONFIRMATION_DEADLINE: '4000', PROCESS_RESEND_INTERVAL: '1000' },
    });
    const unvoidable = { paymentMethod: 'pm_fail_void', quantity: 0 };
    refused = {
      toRetry: await anOrder(system, unvoidable),
      toResolve: await anOrder(system, unvoidable),
      unrefundable: await anOrder(system, { paymentMethod: 'pm_fail_refund' }),
    };
    await comesTo(system, refused.unrefundable, waiting);
    await cancel(system.commands, refused.unrefundable.orderId);
  }, 120_000);
  afterAll(() => system.stop(), 60_000);

  const read = <Body>(path: string) => get<Body>(`${system.admin}${path}`);
  const stands = (order: Operated, expected: Partial<Standing>) => comesTo(system, order, expected);

  /** First as a dry run, which says the same and does nothing. */
  async function does(path: string, more: Partial<HowToAct> = {}): Promise<ActionAnswer> {
    const how = { key: newKey(), reason: REASON, ...more };
    const planned = await act(system, path, { ...how, dryRun: true });
    const done = await act(system, path, how);
    expect([planned.outcome, done.outcome]).toEqual(['planned', 'done']);
    expect(deedsOf(done)).toEqual(deedsOf(planned));
    const [event] = done.appended;
    expect(await recordOf(system, event!)).toEqual({ type: event?.type, ...OPERATOR });
    expect(await act(system, path, how)).toMatchObject({ outcome: 'repeated', appended: done.appended });
    return done;
  }
  const doesTo = ({ orderId }: Operated, action: string) => does(`/processes/${orderId}/${action}`);
  /** Once there are some: the list is a projection. */
  const listed = async (query: string): Promise<string[]> => {
    let orderIds: string[] = [];
    await until(async () => {
      const { processes } = await read<{ processes: { orderId: string }[] }>(`/processes?${query}`);
      orderIds = processes.map(({ orderId }) => orderId);
      return orderIds.length > 0;
    });
    return orderIds;
  };
  const typesOf = (sent: readonly object[]) => sent.map((one) => (one as { type?: string }).type);

  it('finds an order, sees where it stands, and why', async () => {
    const order = await aWaitingOrder(system);
    const { orderId } = order;
    expect(await listed(`state=OPEN&stage=shipment&search=${orderId.slice(0, 13)}`)).toEqual([orderId]);
    expect(await read(`/processes/${orderId}`)).toMatchObject({
      ...{ orderId, status: 'FULFILLING', knows: { payment: { captured: PRICE } } },
    });
    expect(await read(`/processes/${orderId}/explanation`)).toMatchObject({
      summary: 'It waits for somebody to ship the goods (the mutation shipOrder)',
      next: { onAnswer: 'completion' },
    });
    const { timers } = await read<{ timers: object[] }>('/timers?kind=deadline&first=100');
    expect(timers).toContainEqual(expect.objectContaining({ orderId, kind: 'deadline', overdue: false }));
  });

  it('pauses an order, which asks for nothing until it is resumed', async () => {
    const order = await aWaitingOrder(system);
    expect((await doesTo(order, 'pause')).sent).toEqual([]);
    await ship(system.commands, order.orderId);
    const paused = { ...waiting, status: 'SHIPPED', stage: 'completion', paused: true };
    expect(await stands(order, paused)).toEqual(paused);
    expect(await listed('state=PAUSED')).toEqual([order.orderId]);
    const { sent } = await doesTo(order, 'resume');
    expect(typesOf(sent)).toEqual(['CompleteOrder', 'CommitReservation']);
    expect(await stands(order, completed)).toEqual(completed);
  });

  it('compensates an order: money and stock are given back, and it is cancelled', async () => {
    const order = await aWaitingOrder(system);
    expect(typesOf((await doesTo(order, 'compensate')).sent)).toEqual(['RequestCancellation']);
    expect(await stands(order, cancelled)).toEqual(cancelled);
  });

  it('compensates an order that was completed: the money is given back, and the goods have left', async () => {
    const order = await anOrder(system, { requiresShipping: false });
    expect(await stands(order, completed)).toEqual(completed);
    expect(typesOf((await doesTo(order, 'compensate')).sent)).toEqual(['RefundPayment']);
    const paidBack = { ...completed, taken: 0 };
    expect(await stands(order, paidBack)).toEqual(paidBack);
  });

  it('retries, and resolves, what took too long', async () => {
    const broker = system.backEnds['RABBITMQ_URL'] ?? '';
    const withheld = await WithheldCommands.of(broker, 'order', { lost: true });
    const orders = [await anOrder(system), await anOrder(system)] as const;
    const overdue = { ...waiting, status: 'PLACED', stage: 'confirmation', intervention: 'STAGE_OVERDUE' };
    for (const order of orders) expect(await stands(order, overdue)).toEqual(overdue);
    expect(typesOf((await doesTo(orders[0], 'retry')).sent)).toEqual(['ConfirmOrder']);
    expect(typesOf((await doesTo(orders[1], 'resolve')).sent)).toEqual(['ConfirmOrder']);
    await withheld.letThrough();
    for (const order of orders) expect(await stands(order, waiting)).toEqual(waiting);
  }, 60_000);

  it('retries, and resolves, a void that was refused for good', async () => {
    const { toRetry, toResolve } = refused;
    const stuck = {
      ...{ status: 'PLACED', stage: 'compensation', paused: false, intervention: 'VOID_FAILED' },
      ...{ taken: 0, authorized: PRICE },
    };
    for (const order of [toRetry, toResolve]) expect(await stands(order, stuck)).toMatchObject(stuck);
    expect(typesOf((await doesTo(toRetry, 'retry')).sent)).toEqual(['VoidAuthorization']);
    const voids = async () =>
      (await ledgerOf(system.admin, toRetry.orderId)).filter(({ operation }) => operation === 'void').length;
    await until(async () => (await voids()) > 5);
    expect(typesOf((await doesTo(toResolve, 'resolve')).sent)).toEqual(['RejectOrder']);
    // It was voided by hand: the provider's books do not know of that.
    const resolved = { ...stuck, status: 'REJECTED', stage: 'done', intervention: null };
    expect(await stands(toResolve, resolved)).toMatchObject(resolved);
  }, 120_000);

  it('resolves a refund that was refused for good', async () => {
    const order = refused.unrefundable;
    const stuck = {
      ...{ ...waiting, status: 'CANCELLING', stage: 'compensation', intervention: 'REFUND_FAILED' },
      reserved: 0,
    };
    expect(await stands(order, stuck)).toEqual(stuck);
    expect(typesOf((await doesTo(order, 'resolve')).sent)).toEqual(['CancelOrder']);
    const resolved = { ...cancelled, taken: PRICE };
    expect(await stands(order, resolved)).toEqual(resolved);
  }, 120_000);

  it('lets an order out of quarantine, which goes on from where it stopped', async () => {
    const order = await aWaitingOrder(system);
    await putAside(system, order);
    await ship(system.commands, order.orderId);
    const { orders } = await read<{ orders: object[] }>('/quarantine');
    expect(orders).toMatchObject([{ orderId: order.orderId, reason: 'it could not be read' }]);
    expect(await listed('state=QUARANTINED&stage=shipment')).toEqual([order.orderId]);
    expect(await read(`/quarantine/${order.orderId}`)).toMatchObject(orders[0]!);
    await does(`/quarantine/${order.orderId}/release`);
    expect(await stands(order, completed)).toEqual(completed);
    const stream = orderProcessStream(order.orderId);
    expect(await recordOf(system, { stream, type: 'OrderProcessReleased' })).toMatchObject(OPERATOR);
  }, 60_000);

  it('sees what waits for something that is not known', async () => {
    const orderId = randomUUID();
    expect(await notify(system.commands, notification(orderId))).toBe(202);
    await until(async () => {
      const { parked } = await read<{ parked: { orderId: string }[] }>('/parked');
      return parked.some((one) => one.orderId === orderId);
    });
  });

  describe('with a message that came to nothing', () => {
    const open = (type: string) => lettersOf(system.admin, type);

    it('sends it again', async () => {
      const order = await aWaitingOrder(system);
      const { orderId } = order;
      const dead = await givenUp(system, cancellationOf(orderId));
      expect(await letter(system.admin, dead)).toMatchObject({
        state: 'open',
        content: { data: { orderId } },
      });
      const { sent } = await does(`/dead-letters/${dead.id}/requeue`);
      expect(sent).toMatchObject([{ deadLetterId: dead.id, routingKey: 'commands.order' }]);
      expect(await stands(order, cancelled)).toEqual(cancelled);
    });

    it('sends it again edited, which is needed where nobody understands it', async () => {
      const order = await aWaitingOrder(system);
      const content = cancellationOf(order.orderId);
      const dead = await undecodable(system, { ...content, data: 'damaged' });
      await does(`/dead-letters/${dead.id}/requeue`);
      await until(async () => (await letter(system.admin, dead)).times === 2);
      expect(await letter(system.admin, dead)).toMatchObject({ state: 'open' });
      await does(`/dead-letters/${dead.id}/requeue`, { body: { content } });
      expect(await stands(order, cancelled)).toEqual(cancelled);
    });

    it('sends all of a kind again, or gives them up', async () => {
      const orders = [await aWaitingOrder(system), await aWaitingOrder(system)];
      const type = `Many-${randomUUID()}`;
      for (const { orderId } of orders) await givenUp(system, cancellationOf(orderId), type);
      const another = await givenUp(system, {});
      expect((await does('/dead-letters/requeue', { body: { type, limit: 10 } })).sent).toHaveLength(2);
      for (const order of orders) expect(await stands(order, cancelled)).toEqual(cancelled);
      expect(await letter(system.admin, another)).toMatchObject({ state: 'open' });

      for (const _one of orders) await givenUp(system, {}, type);
      expect(await open(type)).toHaveLength(2);
      expect((await does('/dead-letters/discard', { body: { type } })).sent).toEqual([]);
      await until(async () => (await open(type)).length === 0);
      await does(`/dead-letters/${another.id}/discard`, { ifMatch: `"${another.version}"` });
      await until(async () => (await letter(system.admin, another)).state === 'discarded');
    });
  });

  describe('with what the outside is told', () => {
    const replays = '/forwarder/replays';
    const stateOf = async ({ replayId }: ActionAnswer) =>
      (await read<{ state: string }>(`${replays}/${replayId}`)).state;

    it('has it told again, marked, and as much of it as a dry run says', async () => {
      const listener = await Listener.at(system);
      const { orderId } = await aWaitingOrder(system);
      await until(() => listener.of(orderId).includes('order.confirmed'));
      const from = { position: listener.positionOf(orderId, 'order.created') };
      const body = { from, routingKeys: ['order.created', 'order.confirmed'] };
      const how = { key: newKey(), reason: REASON, body };
      const dry = await act(system, replays, { ...how, dryRun: true });
      const { upTo } = dry.appended[0]?.data ?? {};
      const done = await act(system, replays, { ...how, body: { ...body, upTo } });
      expect(done).toEqual({ ...dry, outcome: 'done' });
      await until(async () => (await stateOf(done)) === 'done');
      await until(() => listener.replayed(done.replayId).length > 0);
      expect(listener.countsOf(done.replayId)).toEqual(dry.planned?.messages);
      expect(await recordOf(system, done.appended[0]!)).toMatchObject(OPERATOR);
      expect((await read<{ replays: object[] }>(replays)).replays).toMatchObject([{ id: done.replayId }]);
      await listener.stop();
    });

    it('stops that, where it takes too long', async () => {
      const broker = system.processes.get('broker');
      broker?.freeze();
      try {
        const body = { from: { time: '2026-01-01T00:00:00.000Z' } };
        const running = await act(system, replays, { key: newKey(), reason: REASON, body });
        expect(await stateOf(running)).toBe('running');
        await does(`${replays}/${running.replayId}/stop`);
        expect(await stateOf(running)).toBe('stopped');
      } finally {
        broker?.wake();
      }
      expect(await read('/forwarder')).toMatchObject({ name: 'forwarder', holder: expect.any(String) });
    });
  });

  it('sees who does what, and how far that is', async () => {
    const { leases } = await read<{ leases: { name: string; expired: boolean }[] }>('/leases');
    expect(leases).toContainEqual(expect.objectContaining({ name: 'hearing-00', expired: false }));
    const { subscriptions } = await read<{ subscriptions: { name: string }[] }>('/subscriptions');
    expect(subscriptions.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['forwarder', 'processes', 'read-models', 'hearing-15']),
    );
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@orders/shared-events/testing/until.js';
import { demoGoods } from './goods.js';
import { type Kind, carryOn, endOf, expectedEnd, kinds, placementOf } from './kinds.js';
import { chargesOf } from './ledger.js';
import { accepted, orderOf, place } from './orders.js';
import { hashesOf, replay } from './replayed.js';
import { isSame } from './same.js';
import { type System, type Topology, topologies } from './system.js';

const END_DEADLINE_MS = 90_000;

const processes: Record<Topology, readonly string[]> = {
  'one process': ['application', 'event-store', 'broker', 'postgres'],
  'three processes': ['command-side', 'query-side', 'process-managers', 'event-store', 'broker', 'postgres'],
};

describe.each(Object.keys(topologies) as Topology[])('an order, in %s', (topology) => {
  let system: System;

  beforeAll(async () => {
    system = await topologies[topology]();
    await demoGoods(system.commands);
  }, 120_000);

  afterAll(async () => {
    await system.stop();
  }, 60_000);

  /** Waits until the order has come to what its kind must come to; does with it what somebody has to do. */
  async function comesToItsEnd(kind: Kind, orderId: string): Promise<void> {
    await until(async () => {
      const order = await orderOf(system.queries, orderId).catch(() => null);
      if (!order) return false;
      await carryOn(system.commands, kind, order);
      return isSame(endOf(order), expectedEnd(kind, order.total.amount));
    }, END_DEADLINE_MS);
  }

  it.each(kinds)('$name, comes to its end', async (kind) => {
    await comesToItsEnd(kind, await accepted(system.commands, placementOf(kind, 'customer-1')));
  });

  it('that is placed 20 times at once is one order and one charge', async () => {
    const [kind] = kinds;
    if (!kind) throw new Error('no kinds');
    const placement = placementOf(kind, 'customer-2');
    const results = await Promise.all(Array.from({ length: 20 }, () => place(system.commands, placement)));
    const orderIds = new Set(results.map((result) => ('orderId' in result ? result.orderId : result.code)));
    expect(orderIds.size).toBe(1);
    expect(results.filter((result) => 'repeated' in result && !result.repeated)).toHaveLength(1);
    const [orderId = ''] = orderIds;
    await comesToItsEnd(kind, orderId);
    expect(await chargesOf(system.admin, orderId)).toBe(1);
  });

  it.each(processes[topology])(
    'comes to its end, charged once, although %s is killed in the middle',
    async (name) => {
      const victim = system.processes.get(name);
      if (!victim) throw new Error(`no process ${name}`);
      const orders = [...kinds, ...kinds].map((kind) => ({
        kind,
        placed: accepted(system.commands, placementOf(kind, 'customer-3')),
      }));
      // The first answers mean that some sagas have begun and others have not.
      await Promise.race(orders.map(({ placed }) => placed));
      await victim.kill();
      await victim.start();
      for (const { kind, placed } of orders) {
        const orderId = await placed;
        await comesToItsEnd(kind, orderId);
        expect({ kind: kind.name, charges: await chargesOf(system.admin, orderId) }).toEqual({
          kind: kind.name,
          charges: kind.end.payment === 'DECLINED' || kind.end.payment === 'VOIDED' ? 0 : 1,
        });
      }
    },
    180_000,
  );

  it('reads the same after a replay from event zero', async () => {
    const hashes = () => hashesOf(system.admin);
    await until(async () => (await hashes()) === (await hashes()));
    const before = await hashes();
    expect(await replay(system.backEnds)).toMatchObject({ outcome: 'promoted' });
    expect(await hashes()).toBe(before);
  }, 120_000);
});

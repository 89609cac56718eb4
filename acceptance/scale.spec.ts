import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomInt } from 'node:crypto';
import { until } from '@orders/shared-events/testing/until.js';
import { disturb } from './chaos/disturbances.js';
import { anyOf, buildersOf, holdersOf, isOneAtWork, leasesOf, takenSince } from './chaos/operators-view.js';
import { PATIENCE } from './chaos/patience.js';
import { Shop, inTurn } from './chaos/shop.js';
import { levelsAt } from './chaos/stock-count.js';
import { faultsOf } from './chaos/verdict.js';
import { newKey } from './client.js';
import { demoGoods, levelOf, receive, someGoods } from './goods.js';
import { kinds } from './kinds.js';
import { LateCommands } from './late-commands.js';
import { type Placement, accepted, orderOf } from './orders.js';
import { isSame } from './same.js';
import { type ScaledSystem, allInstances, scaledSystem } from './scaled-system.js';
import { Dice } from './simulator/chance.js';

const START_MS = 240_000;
/** On an idle machine it takes a tenth of that. */
const PATIENT_MS = 180_000;
const ORDERS = 100;
const KILLS = 10;
const HALF_OF_THE_PARTITIONS = 8;

/** Who is killed, and when. */
const seed = randomInt(2 ** 32);

describe('two instances of each side', () => {
  let system: ScaledSystem;
  let [commands, queries] = ['', ''];

  beforeAll(async () => {
    system = await scaledSystem(2, { environment: PATIENCE });
    [commands = '', queries = ''] = [system.commands[0], system.queries[0]];
    await demoGoods(commands);
  }, START_MS);

  afterAll(() => system.stop(), START_MS);

  it('share the partitions of the order processes; one of them builds the read models', async () => {
    await until(async () => {
      const holders = holdersOf(await leasesOf(system.admins));
      return holders.size === 2 && [...holders.values()].every((leases) => leases >= HALF_OF_THE_PARTITIONS);
    }, PATIENT_MS);
    await until(async () => isOneAtWork(await buildersOf(system.queries)), PATIENT_MS);
  });

  /** How often a decision about stock had to be taken anew, because the other instance had written. */
  async function stockConflicts(): Promise<number> {
    const texts = await Promise.all(
      system.commands.map(async (url) => (await fetch(new URL('/metrics', url))).text()),
    );
    const found = texts.map((text) =>
      /appends_total\{category="stock",outcome="conflict"\} (\d+)/.exec(text),
    );
    return found.reduce((sum, match) => sum + Number(match?.[1] ?? 0), 0);
  }

  it(
    'count each piece of a hot item once, whoever wins',
    async () => {
      const sku = await someGoods(commands, { quantity: 0 });
      const before = await stockConflicts();
      let pieces = 0;
      await until(async () => {
        const receiptIds = Array.from({ length: 10 }, () => `piece-${(pieces += 1)}`);
        const receipts = receiptIds.flatMap((receiptId) =>
          system.commands.map((url) => receive(url, { sku, receiptId, quantity: 1 })),
        );
        await Promise.all(receipts);
        return pieces >= 40 && (await stockConflicts()) > before;
      }, PATIENT_MS);
      const orderIds = await Promise.all(
        Array.from({ length: pieces + 20 }, (_, n) => accepted(inTurn(system.commands, n), orderOfOne(sku))),
      );
      const statuses = new Map<string, string>();
      await until(async () => {
        for (const orderId of orderIds.filter((id) => !statuses.has(id))) {
          const { status = '' } = (await orderOf(queries, orderId)) ?? {};
          if (['COMPLETED', 'REJECTED'].includes(status)) statuses.set(orderId, status);
        }
        return statuses.size === orderIds.length;
      }, PATIENT_MS);
      expect([...statuses.values()].filter((status) => status === 'COMPLETED')).toHaveLength(pieces);
      await until(async () => isSame(await levelOf(queries, sku), { onHand: 0, reserved: 0 }), PATIENT_MS);
    },
    PATIENT_MS,
  );

  const orderOfOne = (sku: string): Placement => ({
    ...{ customerId: 'customer-1', idempotencyKey: newKey(), lines: [{ sku, quantity: 1 }] },
    ...{ paymentMethod: 'pm_approve', captureMethod: 'AUTOMATIC' },
  });

  const head = async () => (await anyOf<{ readonly head: string }>(system.admins, '/subscriptions')).head;

  it(
    'change nothing by commands that come late, once more: their deciders refuse or know them',
    async () => {
      const late = await LateCommands.of(system.backEnds['RABBITMQ_URL'] ?? '');
      try {
        const levels = await levelsAt(queries);
        const shop = new Shop(system);
        await shop.place(kinds.length);
        await shop.toTheirEnds(PATIENT_MS);
        expect(await faultsOf(system, shop, levels)).toEqual([]);
        const before = await head();
        expect(await late.sendAgain()).toBeGreaterThan(6 * kinds.length);
        await until(() => late.areTaken());
        // They finish what they have in hand.
        for (const instance of system.instances['command-side']) await instance.stop();
        expect(await head()).toBe(before);
      } finally {
        await late.close();
      }
      await Promise.all(system.instances['command-side'].map((instance) => instance.start()));
    },
    2 * PATIENT_MS,
  );

  it(`do to 100 orders what one would, though ten are killed and a holder is frozen (seed ${seed})`, async () => {
    const dice = new Dice(seed);
    const shop = new Shop(system);
    const [levels, leases] = [await levelsAt(queries), await leasesOf(system.admins)];
    await disturb(
      system,
      shop,
      allInstances(system),
      { orders: ORDERS, kills: KILLS, dice },
      () => undefined,
    );
    await shop.toTheirEnds(PATIENT_MS);

    expect(shop.orders).toHaveLength(ORDERS);
    expect(await faultsOf(system, shop, levels)).toEqual([]);
    const taken = takenSince(leases, await leasesOf(system.admins));
    expect(taken.length).toBeGreaterThanOrEqual(HALF_OF_THE_PARTITIONS);
    await until(async () => isOneAtWork(await buildersOf(system.queries)), PATIENT_MS);
  }, 600_000);
});

import { sleep } from '@orders/shared-events/transport/waiting.js';
import type { Killable } from '../killable.js';
import { type ScaledSystem, allInstances } from '../scaled-system.js';
import { eventually } from './eventually.js';
import type { Kill } from './kills.js';
import { buildersOf, holdersOf, leasesOf } from './operators-view.js';
import type { Shop } from './shop.js';

/** Told of each thing that is done to the system. */
export type Told = (line: string) => void;

/** Ten times what a takeover may last. */
const TAKEOVER_MS = 100_000;

/** Kills one after the other while so many orders each are placed, and starts each again at once. */
export async function killInTurn(
  system: ScaledSystem,
  shop: Shop,
  kills: readonly Kill[],
  ordersEach: (index: number) => number,
  told: Told,
): Promise<void> {
  const instances = new Map(allInstances(system).map((instance) => [instance.name, instance]));
  const starting = new Map<string, Promise<string>>();
  const placing: Promise<void>[] = [];
  for (const [index, { victim, afterMs }] of kills.entries()) {
    placing.push(shop.place(ordersEach(index)));
    await Promise.all([sleep(afterMs), starting.get(victim)]);
    told(`kill ${index + 1} of ${kills.length}: ${victim}, with ${shop.open} orders open`);
    starting.set(victim, reborn(instances.get(victim)));
    await shop.lookAfter(index);
  }
  await Promise.all([...starting.values(), ...placing]);
}

async function reborn(instance: Killable | undefined): Promise<string> {
  if (!instance) throw new Error('there is no such instance');
  await instance.kill();
  return instance.start();
}

/**
 * Freezes one of two process managers in the middle of its work until the other has all of its leases, and wakes it:
 * it goes on with what it had in hand, as if no time had passed. Resolves once both hold their share again.
 */
export async function freezeHolder(
  system: ScaledSystem,
  shop: Shop,
  index: number,
  told: Told,
): Promise<void> {
  const frozen = system.instances['process-managers'][index];
  const others = system.admins.filter((_admin, each) => each !== index);
  if (!frozen) throw new Error(`there are no process managers ${index}`);
  const areHeldBy = (count: number) =>
    eventually(`${count} hold the leases`, TAKEOVER_MS, async () => {
      const leases = await leasesOf(others);
      return holdersOf(leases).size === count && leases.every(({ holder }) => holder !== null);
    });
  await areHeldBy(system.admins.length);
  const placing = shop.place(ORDERS_WHILE_FROZEN);
  await eventually('an order is open', TAKEOVER_MS, () => Promise.resolve(shop.open > 0));
  frozen.freeze();
  told(`${frozen.name} is frozen, with ${shop.open} orders open`);
  await areHeldBy(system.admins.length - 1);
  await placing;
  frozen.wake();
  told(`${frozen.name} is awake: others hold its leases`);
  await areHeldBy(system.admins.length);
}

export const ORDERS_WHILE_FROZEN = 10;

/** Kills whoever builds the read models, and starts it again once another does. */
export async function killBuilder({ queries, instances }: ScaledSystem, told: Told): Promise<void> {
  const builder = (await buildersOf(queries)).indexOf('projecting');
  const killed = instances['query-side'][builder];
  if (!killed) throw new Error('nobody builds the read models');
  await killed.kill();
  told(`${killed.name} is killed, which built the read models`);
  const standBys = queries.filter((_url, index) => index !== builder);
  await eventually('another builds the read models', TAKEOVER_MS, async () =>
    (await buildersOf(standBys)).includes('projecting'),
  );
  await killed.start();
}

import { sleep } from '@orders/shared-events/transport/waiting.js';
import type { Killable } from '../killable.js';
import type { ScaledSystem } from '../scaled-system.js';
import type { Dice } from '../simulator/chance.js';
import { eventually } from './eventually.js';
import { type Kill, drawKills } from './kills.js';
import { buildersOf, holdersOf, leasesOf } from './operators-view.js';
import type { Shop } from './shop.js';

/** Told of each thing that is done to the system. */
export type Told = (line: string) => void;

/** Ten times what a takeover may last. */
const TAKEOVER_MS = 100_000;

/** What can be killed and started again, where it was. */
export type Victim = Pick<Killable, 'name' | 'kill' | 'start'>;

/** How much is to be done to a system, and how much meanwhile. */
export interface Chaos {
  readonly orders: number;
  readonly kills: number;
  readonly dice: Dice;
}

/**
 * Places so many orders, and kills so many processes meanwhile; of two of each side one that holds leases is frozen
 * first, and whoever builds the read models is the first to be killed. Resolves once all are there again.
 */
export async function disturb(
  system: ScaledSystem,
  shop: Shop,
  victims: readonly Victim[],
  { orders, kills, dice }: Chaos,
  told: Told,
): Promise<void> {
  const isScaled = system.admins.length > 1;
  if (isScaled) {
    await freezeHolder(system, shop, dice.between(0, 1), told);
    await killBuilder(system, told);
  }
  const [left, killsLeft] = isScaled ? [orders - ORDERS_WHILE_FROZEN, kills - 1] : [orders, kills];
  const drawn = drawKills(dice, names(victims), killsLeft);
  await killInTurn(shop, victims, drawn, (index) => partOf(left, killsLeft, index), told);
}

const names = (victims: readonly Victim[]): string[] => victims.map(({ name }) => name);

/** The parts differ by one at most. */
export const partOf = (total: number, parts: number, index: number): number =>
  Math.floor(((index + 1) * total) / parts) - Math.floor((index * total) / parts);

/** Kills one after the other while so many orders each are placed, and starts each again at once. */
async function killInTurn(
  shop: Shop,
  victims: readonly Victim[],
  kills: readonly Kill[],
  ordersEach: (index: number) => number,
  told: Told,
): Promise<void> {
  const byName = new Map(victims.map((victim) => [victim.name, victim]));
  const starting = new Map<string, Promise<string>>();
  const placing: Promise<void>[] = [];
  for (const [index, { victim, afterMs }] of kills.entries()) {
    const placed = shop.place(ordersEach(index));
    placed.catch(() => undefined);
    placing.push(placed);
    await Promise.all([sleep(afterMs), starting.get(victim)]);
    told(`kill ${index + 1} of ${kills.length}: ${victim}, with ${shop.open} orders open`);
    const start = reborn(byName.get(victim));
    start.catch(() => undefined); // It is heard of where it is waited for.
    starting.set(victim, start);
    await shop.lookAfter(index);
  }
  await Promise.all([...starting.values(), ...placing]);
}

async function reborn(victim: Victim | undefined): Promise<string> {
  if (!victim) throw new Error('there is no such process');
  await victim.kill();
  return victim.start();
}

/**
 * Freezes one of two process managers in the middle of its work until the other has all of its leases, and wakes it:
 * it goes on with what it had in hand, as if no time had passed. Resolves once both hold their share again.
 */
async function freezeHolder(system: ScaledSystem, shop: Shop, index: number, told: Told): Promise<void> {
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
async function killBuilder({ queries, instances }: ScaledSystem, told: Told): Promise<void> {
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

import { sleep } from '@orders/shared-events/transport/waiting.js';
import type { Roots } from '../bench/process-usage.js';
import { type ScaledSystem, allInstances } from '../scaled-system.js';
import type { ChaosBroker } from './brokers.js';
import type { Told } from './disturbances.js';
import { liveBytesOf } from './live-memory.js';
import { type Living, MemoryWatch, type Remembered } from './memory.js';
import type { Shop } from './shop.js';

const ORDERS_A_SECOND = 2;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** Ordered before, so that all that grows with the first orders has grown. */
const ORDERS_BEFORE = 100;
/** What has come in ten minutes is worked off in less than that. */
const ENDS_MS = 15 * MINUTE_MS;

/**
 * The broker is away for so long, for the first half without a word and for the second half refusing connections, and
 * orders go on coming. Resolves once it is back and all have come to their ends, with what became of the memory.
 */
export async function outage(
  system: ScaledSystem,
  broker: ChaosBroker,
  shop: Shop,
  minutes: number,
  told: Told,
): Promise<Remembered> {
  await shop.place(ORDERS_BEFORE);
  await shop.toTheirEnds(ENDS_MS);
  for (const link of broker.links) link.blackhole();
  told('the broker answers nothing any more');
  const silent = await watched(system, shop, minutes / 2);
  for (const link of broker.links) link.sever();
  told(`the broker refuses connections, with ${shop.open} orders open`);
  const refusing = await watched(system, shop, minutes / 2);
  for (const link of broker.links) link.restore();
  told(`the broker is back, with ${shop.open} orders open`);
  const back = performance.now();
  await shop.toTheirEnds(ENDS_MS);
  told(`all have come to their ends ${((performance.now() - back) / SECOND_MS).toFixed(1)} s later`);
  return {
    lines: ['while it answers nothing', ...silent.lines, 'while it refuses connections', ...refusing.lines],
    faults: [...silent.faults, ...refusing.faults],
  };
}

/** @param minutes of load */
async function watched(system: ScaledSystem, shop: Shop, minutes: number): Promise<Remembered> {
  const watch = await MemoryWatch.begin(rootsOf(system), livingIn(system));
  try {
    return await watch.stop(await load(shop, minutes));
  } finally {
    await watch.end();
  }
}

const rootsOf = (system: ScaledSystem): Roots =>
  Object.fromEntries(allInstances(system).map(({ name, pid }) => [name, pid]));

const livingIn = (system: ScaledSystem): Living =>
  Object.fromEntries(
    allInstances(system).map((one) => [one.name, () => liveBytesOf(one, system.logOf(one.name))]),
  );

/** Orders that come whether those before them are done or not. Resolves with how many came. */
async function load(shop: Shop, minutes: number): Promise<number> {
  const placing: Promise<void>[] = [];
  const started = performance.now();
  for (let count = 0; ; count++) {
    const due = started + (count * SECOND_MS) / ORDERS_A_SECOND;
    if (due - started >= minutes * MINUTE_MS) break;
    await sleep(Math.max(0, due - performance.now()));
    placing.push(shop.place(1));
  }
  await Promise.all(placing);
  return placing.length;
}

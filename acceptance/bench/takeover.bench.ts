import { partitionNamed, partitionOf } from '@orders/process-managers/order-process/partition.js';
import { OrderId } from '@orders/shared-events/contracts/ids.js';
import { sleep } from '@orders/shared-events/transport/waiting.js';
import { buildersOf, holdersOf, isOneAtWork, leasesOf, takenSince } from '../chaos/operators-view.js';
import type { MeasuredProcess } from './measured-process.js';
import { type Goal, type Measurement, spreadText, table } from './report.js';
import { type RunningSystem, type Side, instancesOf } from './running-system.js';
import { spread } from './statistics.js';
import { SteadyLoad, firstSince, longest } from './steady-load.js';

const REPEATS = { usual: 5, full: 15 };
const PER_S = 10;
const LOOK_EVERY_MS = 25;
const DEADLINE_MS = 60_000;
/** Instances renew their leases every second and a half: it happens at any point of that. */
const BEFORE_MS = { least: 1_000, more: 1_500 };
const GOAL_S = 10;

/** What becomes of an instance: it is gone, or it stands still with its connections open, as one that is cut off. */
type Fate = 'killed' | 'frozen';

/** Seconds from an instance's end until others go on, by what was waited for. */
type Takeover = Readonly<Record<string, number>>;

/** How long work stands still whose holder is gone, with two instances of each side and orders coming in. */
export async function* measureTakeovers(
  system: RunningSystem,
  full: boolean,
  progress: (line: string) => void,
): AsyncGenerator<Measurement> {
  const repeats = full ? REPEATS.full : REPEATS.usual;
  for (const side of ['process-managers', 'query-side'] as const) {
    for (const fate of ['killed', 'frozen'] as const) {
      const takeovers: Takeover[] = [];
      for (let repeat = 1; repeat <= repeats; repeat++) {
        takeovers.push(await takeover(system, side, fate));
        progress(`takeover: ${side} ${fate}, ${repeat} of ${repeats}`);
      }
      yield measurement(side, fate, takeovers);
    }
  }
}

const TAKE_OVER = { 'process-managers': fromHolder, 'query-side': fromBuilder } as const;

async function takeover(system: RunningSystem, side: keyof typeof TAKE_OVER, fate: Fate): Promise<Takeover> {
  await until('all is shared out', () => isSharedOut(system));
  const load = new SteadyLoad(system, PER_S);
  try {
    await sleep(BEFORE_MS.least + Math.random() * BEFORE_MS.more);
    return await TAKE_OVER[side](system, fate, load);
  } finally {
    await load.stop();
  }
}

async function isSharedOut({ origins }: RunningSystem): Promise<boolean> {
  const leases = await leasesOf(origins['process-managers']);
  const isHeld = leases.every(({ holder }) => holder !== null);
  const held = leases.filter(({ name }) => partitionNamed(name) >= 0);
  const counts = [...holdersOf(held).values()];
  const isEven = counts.length === origins['process-managers'].length && new Set(counts).size === 1;
  return isHeld && isEven && isOneAtWork(await buildersOf(origins['query-side']));
}

/** Of process managers, either: both hold half of the partitions. */
async function fromHolder(system: RunningSystem, fate: Fate, load: SteadyLoad): Promise<Takeover> {
  const admins = system.origins['process-managers'];
  const [first = '', ...others] = admins;
  const before = await leasesOf([first]);
  const { at, goOn } = await strike(system, 'process-managers', 0, fate);
  const taken = await until('the other holds all leases', async () => {
    const leases = await leasesOf(others);
    return holdersOf(leases).size === 1 && leases.every(({ holder }) => holder !== null);
  });
  const names = takenSince(before, await leasesOf(others));
  const partitions = new Set(names.map(partitionNamed));
  const itsOwn = () =>
    load.orders.filter(({ orderId }) => partitions.has(partitionOf(OrderId.parse(orderId))));
  const completed = () => firstSince(itsOwn(), at, 'completedAt');
  await until('an order of its partitions is completed', () => !Number.isNaN(completed()));
  await goOn();
  await load.stop();
  return {
    'until others have all its leases': (taken - at) / 1000,
    'until the first order since, of its partitions, is completed': completed() / 1000,
    'the longest that any order took': longest(load.orders) / 1000,
  };
}

/** Of the query side, the one that builds the read models. */
async function fromBuilder(system: RunningSystem, fate: Fate, load: SteadyLoad): Promise<Takeover> {
  const queries = system.origins['query-side'];
  const builder = (await buildersOf(queries)).indexOf('projecting');
  const others = queries.filter((_origin, index) => index !== builder);
  const { at, goOn } = await strike(system, 'query-side', builder, fate);
  const projecting = await until('another builds', async () =>
    (await buildersOf(others)).includes('projecting'),
  );
  const visible = () => firstSince(load.orders, at, 'visibleAt');
  await until('an order is visible', () => !Number.isNaN(visible()));
  await goOn();
  await load.stop();
  return {
    'until another builds the read models': (projecting - at) / 1000,
    'until the first order since is visible': visible() / 1000,
    'the longest that any order took': longest(load.orders) / 1000,
  };
}

interface Stroke {
  readonly at: number;
  /** Starts it again, or wakes it. */
  readonly goOn: () => Promise<unknown>;
}

async function strike({ stage }: RunningSystem, side: Side, index: number, fate: Fate): Promise<Stroke> {
  const name = instancesOf(side, index + 1).at(-1) ?? '';
  const at = performance.now();
  if (fate === 'killed') {
    await stage.kill(name);
    return { at, goOn: () => stage.addAgain(name) };
  }
  const frozen: MeasuredProcess = stage.part(name);
  frozen.freeze();
  return { at, goOn: () => Promise.resolve(frozen.wake()) };
}

/** When it holds. */
async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<number> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${DEADLINE_MS / 1000} s: ${what}`);
    await sleep(LOOK_EVERY_MS);
  }
  return performance.now();
}

const WHO: Readonly<Record<string, string>> = {
  'process-managers': 'one of two process managers',
  'query-side': 'the builder of two query sides',
};
/** What bounds no takeover: an order may have been in the hands of the one that is gone. */
const WITHOUT_GOAL = 'the longest that any order took';

function measurement(side: string, fate: Fate, takeovers: readonly Takeover[]): Measurement {
  const names = Object.keys(takeovers[0] ?? {});
  const of = (name: string) => spread(takeovers.map((takeover) => takeover[name] ?? NaN));
  const goal = (name: string): Goal => ({
    name: `${WHO[side]} ${fate}, ${name}, the longest`,
    measured: of(name).max,
    ...{ bound: 'at most', goal: GOAL_S, unit: ' s' },
  });
  return {
    title: `${WHO[side]} is ${fate}, ${PER_S} orders a second coming in (${takeovers.length} times)`,
    lines: table([['', 'seconds'], ...names.map((name) => [name, spreadText(of(name))])]),
    figures: { side, fate, takeovers, unit: 's' },
    goals: names.filter((name) => name !== WITHOUT_GOAL).map(goal),
  };
}

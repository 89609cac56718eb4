import { sleep } from '@orders/shared-events/transport/waiting.js';
import {
  type AppendCounts,
  appendsBetween,
  conflicts,
  parseAppends,
  together,
  tried,
} from './append-counts.js';
import { HOT_SKU, SKUS } from './orders-load.js';
import { OPEN_ORDERS, type OrdersRun, type RunOptions, runOrders } from './orders-run.js';
import { type Paired, figuresOf, inPairs } from './pairs.js';
import { cpuBetween, usageOf } from './process-usage.js';
import { type Goal, type Measurement, figure, spreadText, table } from './report.js';
import { type RunningSystem, type Side, instancesOf, sides } from './running-system.js';
import { median, ratios } from './statistics.js';

/** How many instances of each side are compared with one. */
export const EACH = 2;
const PAIRS = { usual: 5, full: 12 };
/** Of those that have no goal. */
const MORE_PAIRS = { usual: 3, full: 5 };
/** Of each instance: code that has run less often is slower, and two share what one has for itself. */
const WARM_UP_ORDERS = 2_000;
const ORDERS = 500;
const STEADY_PER_S = 10;
const STEADY_ORDERS = 150;
const IDLE_MS = 10_000;
/** What an order leaves behind, e.g. garbage, is dealt with by then. */
const SETTLED_MS = 5_000;
const GOAL = 1.2;

/** The same system with one instance of each side (`bare`), and with two (`ours`). */
export type Systems = Paired<RunningSystem>;

interface Round extends Pick<OrdersRun, 'orders' | 'seconds' | 'cpuMs'> {
  readonly appends: AppendCounts;
}

/** What an order costs with two instances of each side, of what it costs with one: as fast as they go, and at a pace. */
export async function* measureInstances(
  systems: Systems,
  full: boolean,
  progress: (line: string) => void,
): AsyncGenerator<Measurement> {
  await round(systems.bare, upTo(WARM_UP_ORDERS));
  await round(systems.ours, upTo(EACH * WARM_UP_ORDERS));
  progress('instances: warm');
  const compare = (what: string, count: typeof PAIRS, options: RunOptions) => {
    const pairs = full ? count.full : count.usual;
    const measure = { ours: () => round(systems.ours, options), bare: () => round(systems.bare, options) };
    return inPairs(pairs, measure, (pair) => progress(`instances: ${what}, pair ${pair} of ${pairs}`));
  };
  const fast = await compare('as fast as they go', PAIRS, upTo(ORDERS));
  yield costs(`${ORDERS} orders, ${OPEN_ORDERS} open at once`, fast, goalsOf(fast));
  const hot = await compare('of one item', MORE_PAIRS, { ...upTo(ORDERS), skus: [HOT_SKU] });
  yield costs('the same of one hot item', hot, []);
  const pace = { ...upTo(STEADY_ORDERS), perSecond: STEADY_PER_S };
  const steady = await compare('at a pace', MORE_PAIRS, pace);
  yield costs(`${STEADY_ORDERS} orders at ${STEADY_PER_S} a second`, steady, []);
  progress('instances: idle');
  await sleep(SETTLED_MS);
  yield idle(await idleUsage(systems));
}

const upTo = (orders: number): RunOptions => ({ skus: SKUS, goesOn: (placed) => placed < orders });

async function round(system: RunningSystem, options: RunOptions): Promise<Round> {
  const before = await appendsOf(system);
  const { orders, seconds, cpuMs } = await runOrders(system, options);
  return { orders, seconds, cpuMs, appends: appendsBetween(before, await appendsOf(system)) };
}

/** The query side appends nothing. */
async function appendsOf({ origins }: RunningSystem): Promise<AppendCounts> {
  const appending = [...origins['command-side'], ...origins['process-managers']];
  const texts = appending.map(async (origin) => (await fetch(`${origin}/metrics`)).text());
  return together((await Promise.all(texts)).map(parseAppends));
}

const cpuOf = (cpuMs: Readonly<Record<string, number>>, names: readonly string[]): number =>
  names.reduce((sum, name) => sum + (cpuMs[name] ?? 0), 0);

const applications = sides.flatMap((side) => instancesOf(side, EACH));
const SERVERS = ['event-store', 'broker', 'postgres'];

const sideCpu = (side: Side) => (round: Round) => cpuOf(round.cpuMs, instancesOf(side, EACH)) / round.orders;
const totalCpu = ({ cpuMs, orders }: Round) => cpuOf(cpuMs, applications) / orders;
const appendsEach = ({ appends, orders }: Round) => tried(appends) / orders;
const conflictsEach = ({ appends, orders }: Round) =>
  [...conflicts(appends).values()].reduce((sum, count) => sum + count, 0) / orders;

/** Figures of an order, and how fast they came. */
const FIGURES: readonly (readonly [string, (round: Round) => number])[] = [
  ['CPU-ms of the applications', totalCpu],
  ...sides.map((side) => [`  ${side}`, sideCpu(side)] as const),
  ['CPU-ms of the servers', ({ cpuMs, orders }) => cpuOf(cpuMs, SERVERS) / orders],
  ['appends tried', appendsEach],
  ['conflicts', conflictsEach],
  ['orders/s', ({ orders, seconds }) => orders / seconds],
];

function goalsOf(pairs: readonly Paired<Round>[]): Goal[] {
  const goal = (name: string, figureOf: (round: Round) => number): Goal => ({
    name: `${name} an order, two instances of one`,
    measured: ratios(figuresOf(pairs, figureOf)).median,
    ...{ bound: 'at most', goal: GOAL, unit: '' },
  });
  return [goal('CPU-ms of the applications', totalCpu), goal('appends tried', appendsEach)];
}

function costs(what: string, pairs: readonly Paired<Round>[], goals: readonly Goal[]): Measurement {
  const row = ([name, figureOf]: (typeof FIGURES)[number]) => {
    const figures = figuresOf(pairs, figureOf);
    const middle = (which: 'ours' | 'bare') => median(figures.map((pair) => pair[which]));
    // What does not happen with one instance has no ratio.
    const isComparable = figures.every(({ bare }) => bare > 0);
    return [
      ...[name, figure(middle('bare')), figure(middle('ours'))],
      isComparable ? spreadText(ratios(figures)) : '',
    ];
  };
  const found = together(pairs.map(({ ours }) => ours.appends));
  const whose = [...conflicts(found)].map(([category, count]) => `${category} ${count}`).join(', ');
  const orders = pairs.reduce((sum, { ours }) => sum + ours.orders, 0);
  return {
    title: `one instance of each side and two, ${what} (${pairs.length} pairs, medians)`,
    lines: [
      ...table([['an order', 'one', 'two', 'two / one, pair by pair'], ...FIGURES.map(row)]),
      `conflicts of two over ${orders} orders, by kind of stream: ${whose || 'none'}`,
    ],
    figures: { what, pairs: pairs.map(({ ours, bare }) => ({ one: bare, two: ours })) },
    goals,
  };
}

/** CPU time that each process uses of each second in which nobody wants anything, in milliseconds. */
async function idleUsage(systems: Systems): Promise<Paired<Record<string, number>>> {
  const read = async () => ({
    ours: await usageOf(systems.ours.roots),
    bare: await usageOf(systems.bare.roots),
  });
  const [before, from] = [await read(), performance.now()];
  await sleep(IDLE_MS);
  const [after, seconds] = [await read(), (performance.now() - from) / 1000];
  const perSecond = (which: 'ours' | 'bare') =>
    Object.fromEntries(
      Object.entries(cpuBetween(before[which], after[which])).map(([name, ms]) => [name, ms / seconds]),
    );
  return { ours: perSecond('ours'), bare: perSecond('bare') };
}

function idle({ ours, bare }: Paired<Record<string, number>>): Measurement {
  const names = [...SERVERS, ...applications];
  const cell = (value: number | undefined) => (value === undefined ? '' : figure(value));
  const all = (cpuMs: Record<string, number>) => cpuOf(cpuMs, applications);
  return {
    title: `with nothing to do, CPU-ms a second (over ${IDLE_MS / 1000} s)`,
    lines: [
      ...table([
        ['', 'one', 'two'],
        ...names.map((name) => [name, cell(bare[name]), cell(ours[name])]),
        ['all applications', figure(all(bare)), figure(all(ours))],
      ]),
      `the second instances' part of an order at ${STEADY_PER_S} a second: ${figure((all(ours) - all(bare)) / STEADY_PER_S)} CPU-ms`,
    ],
    figures: { one: bare, two: ours, unit: 'ms/s' },
    goals: [],
  };
}

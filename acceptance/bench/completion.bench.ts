import { writeFile } from 'node:fs/promises';
import { serialize } from 'node:v8';
import { z } from 'zod';
import { eventsAfter } from './log.js';
import type { MemoryWatch } from './memory-watch.js';
import { type Operation, type Workload, operationLines, operationsOf } from './operations.js';
import { HOT_SKU, IN_FLIGHT, SKUS } from './orders-load.js';
import { OPEN_ORDERS, type OrdersRun, runOrders } from './orders-run.js';
import { cpuBetween, usageOf } from './process-usage.js';
import { processWrites, readModelWrites } from './projection-writes.js';
import { type Measurement, figure, spreadText, table } from './report.js';
import type { RunningSystem } from './running-system.js';
import { Stage, built } from './stage.js';
import { median, ratios } from './statistics.js';
import { waysOf } from './workload.js';

const WARM_UP_S = 10;
const ROUND_S = 5;
const HOT_S = 3;
const PAIRS = 3;
const GOAL = 0.3;
const DRIVER = 'bare-driver';

/** So many orders within so long, and what each process used for them. */
type Round = Pick<OrdersRun, 'orders' | 'seconds' | 'cpuMs'>;
interface RoundPair {
  readonly ours: Round;
  readonly bare: Round;
  readonly operations: readonly Operation[];
}

/**
 * Orders completed/s end to end and CPU time an order, against a bare driver. Each round of ours is read back from
 * the log, and its very operations are made again by the driver on a second set of servers.
 */
export async function measureCompletion(
  system: RunningSystem,
  memory: MemoryWatch,
  progress: (line: string) => void,
): Promise<Measurement> {
  const stage = await Stage.open();
  try {
    const command = [built('acceptance', 'bench/bare-driver.main.js')] as const;
    await stage.add({ name: DRIVER, command });
    await pair(system, stage, memory, WARM_UP_S);
    progress('completion: warm');
    const pairs: RoundPair[] = [];
    for (let number = 1; number <= PAIRS; number++) {
      pairs.push(await pair(system, stage, memory, ROUND_S));
      progress(`completion: pair ${number} of ${PAIRS}`);
    }
    const hot = await runOrders(system, { skus: [HOT_SKU], goesOn: lasting(HOT_S), sample: memory.sample });
    memory.passed(hot.orders);
    return measurement(pairs, hot);
  } finally {
    await stage.close();
  }
}

const lasting = (limit: number) => (_placed: number, seconds: number) => seconds < limit;

async function pair(
  system: RunningSystem,
  stage: Stage,
  memory: MemoryWatch,
  seconds: number,
): Promise<RoundPair> {
  const ours = await runOrders(system, { skus: SKUS, goesOn: lasting(seconds), sample: memory.sample });
  memory.passed(ours.orders);
  const workload = await workloadSince(system, ours.from);
  return {
    ours: withoutPosition(ours),
    bare: await again(stage, workload),
    operations: operationsOf(workload),
  };
}

async function workloadSince(system: RunningSystem, position: bigint): Promise<Workload> {
  const events = await eventsAfter(system.stage, position);
  return {
    ways: waysOf(events),
    readModels: readModelWrites(events, await system.transactionsBehind(position)),
    processes: processWrites(events),
  };
}

/** Has the driver make the operations again, with as many orders at once as ours had. */
async function again(stage: Stage, workload: Workload): Promise<Round> {
  const driver = stage.part(DRIVER);
  const file = stage.file('workload');
  await writeFile(file, serialize(workload));
  await driver.ask({ file });
  const before = await usageOf(stage.roots);
  const { seconds } = z.object({ seconds: z.number() }).parse(await driver.ask({ inFlight: OPEN_ORDERS }));
  const cpuMs = cpuBetween(before, await usageOf(stage.roots));
  return { orders: workload.ways.length, seconds, cpuMs };
}

const rate = ({ orders, seconds }: Round): number => orders / seconds;
const cpuEach = ({ orders, cpuMs }: Round): number =>
  Object.values(cpuMs).reduce((sum, each) => sum + each, 0) / orders;

function measurement(pairs: readonly RoundPair[], hot: OrdersRun): Measurement {
  const of = (figureOf: (round: Round) => number) =>
    pairs.map(({ ours, bare }) => ({ ours: figureOf(ours), bare: figureOf(bare) }));
  const rates = of(rate);
  const rateRatio = ratios(rates);
  // The bare driver's time over ours: as with the rate, 1 would be as good as bare.
  const cpuRatio = ratios(of(cpuEach).map(({ ours, bare }) => ({ ours: bare, bare: ours })));
  const operations = pairs.at(-1)?.operations ?? [];
  const row = (name: string, which: 'ours' | 'bare') => [
    name,
    figure(median(pairs.map((pair) => rate(pair[which])))),
    figure(median(pairs.map((pair) => cpuEach(pair[which])))),
  ];
  return {
    title: `orders end to end, ${OPEN_ORDERS} open at once, ${SKUS.length} products, charged at once (${PAIRS} pairs of ${ROUND_S} s, medians)`,
    lines: [
      ...table([
        ['', 'orders/s', 'CPU-ms an order'],
        row('ours', 'ours'),
        row('bare driver: the same operations', 'bare'),
      ]),
      `ratio of orders/s, ours / bare, pair by pair: ${spreadText(rateRatio)}`,
      `ratio of CPU an order, bare / ours, pair by pair: ${spreadText(cpuRatio)}`,
      `all orders on one product (one hot stock stream): ${figure(rate(hot))} orders/s, ${figure(cpuEach(hot))} CPU-ms an order`,
      '',
      ...cpuLines(pairs),
      '',
      ...operationLines(operations),
      'not in the bare driver: HTTP, reads, subscriptions, decisions, checkpoints of the process managers, the provider’s ledger',
    ],
    figures: {
      openOrders: OPEN_ORDERS,
      placing: IN_FLIGHT,
      pairs,
      hot: withoutPosition(hot),
      rateRatio,
      cpuRatio,
    },
    goals: [
      { name: 'orders/s of bare', measured: rateRatio.median, bound: 'at least', goal: GOAL, unit: '' },
    ],
  };
}

const withoutPosition = ({ orders, seconds, cpuMs }: OrdersRun): Round => ({ orders, seconds, cpuMs });

/** The CPU time an order by process: ours beside the bare driver's. */
function cpuLines(pairs: readonly RoundPair[]): string[] {
  const names = (which: 'ours' | 'bare') => Object.keys(pairs[0]?.[which].cpuMs ?? {});
  const each = (which: 'ours' | 'bare', name: string) =>
    pairs[0]?.[which].cpuMs[name] === undefined
      ? ''
      : figure(median(pairs.map((pair) => (pair[which].cpuMs[name] ?? 0) / pair[which].orders)));
  return table([
    ['CPU-ms an order by process', 'ours', 'bare'],
    ...[...new Set([...names('ours'), ...names('bare')])].map((name) => [
      name,
      each('ours', name),
      each('bare', name),
    ]),
  ]);
}

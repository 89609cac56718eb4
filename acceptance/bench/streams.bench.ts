import { sleep } from '@orders/shared-events/transport/waiting.js';
import type { BenchOptions } from './bench-run.js';
import { type Paired, inPairs } from './pairs.js';
import { type Measurement, figure, spreadText, table } from './report.js';
import { measureSnapshot } from './snapshot.bench.js';
import { Stage } from './stage.js';
import { type Spread, median, ratios } from './statistics.js';
import { type Kind, StockItems, decide } from './stock-items.js';

const EVENTS = { long: 100_000, rush: 100_000, short: 100 };
const PAIRS = 9;
/** In each measurement: how far the newest snapshot lies behind changes from one decision to the next. */
const COLD_DECISIONS = 25;
const WARM_DECISIONS = 200;
/** So long after a decision what it began in the background does not fall on the next one. */
const PAUSE_MS = 20;
const GOAL = 2;

/** Deciding on a stock item with a long history and on one with a short one: each part as soon as it is known. */
export async function* benchStreams({ full, progress }: BenchOptions): AsyncGenerator<Measurement> {
  yield measureSnapshot();
  const stage = await Stage.empty();
  try {
    const long: Kind[] = full ? ['long', 'rush'] : ['long'];
    progress(`filling in items of ${EVENTS.long} and of ${EVENTS.short} events`);
    // Of each cold decision on a short item it is the first, of each measurement of warm ones too.
    const shorts = long.length * (PAIRS + 1) * (COLD_DECISIONS + 1);
    const items = await StockItems.start(stage, [
      ...long.map((kind) => ({ kind, count: 1, events: EVENTS[kind] })),
      { kind: 'short', count: shorts, events: EVENTS.short },
    ]);
    try {
      for (const kind of long) yield* measureItem(items, kind, progress);
    } finally {
      await sleep(PAUSE_MS);
      await items.close();
    }
  } finally {
    await stage.close();
  }
}

async function* measureItem(
  items: StockItems,
  kind: Kind,
  progress: (line: string) => void,
): AsyncGenerator<Measurement> {
  yield await measureFirst(items, kind);
  for (const [how, measureOne] of Object.entries({ cold, warm })) {
    const measure = { ours: () => measureOne(items, kind), bare: () => measureOne(items, 'short') };
    await inPairs(1, measure, () => undefined);
    const told = (pair: number) => progress(`${NAMES[kind]}, ${how}: pair ${pair} of ${PAIRS}`);
    yield measurement(kind, how, await inPairs(PAIRS, measure, told));
  }
}

/** What a decision costs where there is no snapshot yet, and what it leaves behind. */
async function measureFirst(items: StockItems, kind: Kind): Promise<Measurement> {
  const item = items.item(kind);
  const withoutMs = await decide(items.decider(), item);
  const bytes = await items.snapshotBytes(item);
  return {
    title: `the first decision on ${NAMES[kind]}`,
    lines: [`${figure(withoutMs)} ms without a snapshot; it leaves one of ${bytes} bytes`],
    figures: { kind, withoutMs, bytes },
    goals: [],
  };
}

/** The median of decisions each of which is its decider's first. Their connection is there before. */
async function cold(items: StockItems, kind: Kind): Promise<number> {
  const ms: number[] = [];
  for (let decision = 0; decision < COLD_DECISIONS; decision++) {
    ms.push(await decide(items.decider(), items.item(kind)));
    await sleep(PAUSE_MS);
  }
  return median(ms);
}

/** The mean of further decisions of a decider, one after the other, with the snapshots that fall due meanwhile. */
async function warm(items: StockItems, kind: Kind): Promise<number> {
  const [decider, item] = [items.decider(), items.item(kind)];
  await decide(decider, item);
  await sleep(PAUSE_MS);
  const startedAt = performance.now();
  for (let decision = 0; decision < WARM_DECISIONS; decision++) await decide(decider, item);
  return (performance.now() - startedAt) / WARM_DECISIONS;
}

const NAMES: Readonly<Record<Kind, string>> = {
  long: `an item of ${EVENTS.long} events`,
  rush: `an item of ${EVENTS.rush} events within five minutes`,
  short: `an item of ${EVENTS.short} events`,
};
const EACH: Readonly<Record<string, string>> = {
  cold: `the first decision of a decider, medians of ${COLD_DECISIONS}`,
  warm: `its further decisions, means of ${WARM_DECISIONS}`,
};

function measurement(kind: Kind, how: string, pairs: readonly Paired<number>[]): Measurement {
  const ratio: Spread = ratios(pairs);
  const row = (name: string, of: keyof Paired<number>) => [
    name,
    figure(median(pairs.map((pair) => pair[of]))),
  ];
  const goal = {
    name: `deciding on ${NAMES[kind]} of deciding on one of ${EVENTS.short}, ${how}`,
    measured: ratio.median,
    bound: 'at most',
    goal: GOAL,
    unit: '',
  } as const;
  return {
    title: `${how}: ${EACH[how]} (${PAIRS} pairs, medians)`,
    lines: [
      ...table([['ReserveStock on', 'ms'], row(NAMES[kind], 'ours'), row(NAMES.short, 'bare')]),
      `ratio pair by pair: ${spreadText(ratio)}`,
    ],
    figures: { kind, how, pairs, ratio },
    goals: kind === 'long' ? [goal] : [],
  };
}

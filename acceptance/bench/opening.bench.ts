import { BACKWARDS, END } from '@eventstore/db-client';
import { fillStore } from './filled-store.js';
import { figuresOf, inPairs } from './pairs.js';
import { type Measurement, figure, spreadText, table } from './report.js';
import type { Stage } from './stage.js';
import { type Spread, median, ratios } from './statistics.js';
import { OURS, asClient } from './subjects.js';

/** Events in a large store and in a small one. */
const LARGE = 5_000_000;
const SMALL = 5_000;
const PAIRS = 5;
const GOAL = 2;

/** From the start of the process, in milliseconds. */
interface Opening {
  /** Until it says that it is ready. */
  readonly readyMs: number;
  /** Until a client that has connected then has its last event. */
  readonly readMs: number;
}

const NAMES = { readyMs: 'until it is ready', readMs: 'until the first read is answered' } as const;

/** How much longer a node takes to open a store of millions of events than one of thousands. */
export async function measureOpening(stage: Stage, progress: (line: string) => void): Promise<Measurement> {
  const startedAt = performance.now();
  await fillStore(stage.file('small'), SMALL);
  await fillStore(stage.file('large'), LARGE);
  progress(`opening: ${LARGE} events filled in, ${figure((performance.now() - startedAt) / 1000)} s`);
  // Ours is the large one, the small one is the limit.
  const measure = { ours: () => opening(stage, 'large'), bare: () => opening(stage, 'small') };
  await inPairs(1, measure, () => undefined);
  const pairs = await inPairs(PAIRS, measure, (pair) => progress(`opening: pair ${pair} of ${PAIRS}`));
  const keys = ['readyMs', 'readMs'] as const;
  const figures = keys.map((key) => ({
    key,
    large: median(pairs.map(({ ours }) => ours[key])),
    small: median(pairs.map(({ bare }) => bare[key])),
    ratio: ratios(figuresOf(pairs, (opened) => opened[key])),
  }));
  return measurement(figures);
}

async function opening(stage: Stage, folder: string): Promise<Opening> {
  const name = `${OURS}-${crypto.randomUUID()}`;
  const startedAt = performance.now();
  const url = await stage.server(OURS, folder, name);
  const readyMs = performance.now() - startedAt;
  const readMs = await asClient(url, async (client) => {
    const last = client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 });
    for await (const _ of last) return performance.now() - startedAt;
    throw new Error(`${folder} is empty`);
  });
  await stage.stop(name);
  return { readyMs, readMs };
}

interface Figure {
  readonly key: keyof Opening;
  readonly large: number;
  readonly small: number;
  readonly ratio: Spread;
}

const measurement = (figures: readonly Figure[]): Measurement => ({
  title: `opening a store of ${LARGE} events and one of ${SMALL}, from the start of the process (${PAIRS} pairs, medians)`,
  lines: table([
    ['', `ms, ${LARGE} events`, `ms, ${SMALL} events`, 'ratio'],
    ...figures.map(({ key, large, small, ratio }) => [
      NAMES[key],
      figure(large),
      figure(small),
      spreadText(ratio),
    ]),
  ]),
  figures: { large: LARGE, small: SMALL, pairs: PAIRS, ms: figures },
  goals: figures.map(({ key, ratio }) => ({
    name: `opening a store of ${LARGE} events of one of ${SMALL}, ${NAMES[key]}`,
    measured: ratio.median,
    bound: 'at most',
    goal: GOAL,
    unit: '',
  })),
});

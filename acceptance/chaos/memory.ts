import { type Roots, type Usage, usageOf } from '../bench/process-usage.js';
import { figure, table } from '../bench/report.js';
import { type Point, lineOfSecondHalf } from '../bench/statistics.js';
import { sleep } from '@orders/shared-events/transport/waiting.js';

const SAMPLE_EVERY_MS = 2_000;
const MIB = 2 ** 20;
const MINUTE_MS = 60_000;
/** Heaps grow to work at first: of less time nothing is said. */
const LEAST_MINUTES = 4;
/**
 * Heaps breathe. With two orders a second some thousand commands a minute are sent again: kept, those would be more than
 * the one, and what is kept of each order more than the other.
 */
const MOST_MIB_A_MINUTE = 4;
const MOST_MIB_MORE = 32;

/** Follows the anonymous resident memory of processes. */
export class MemoryWatch {
  readonly #samples = new Map<string, Point[]>();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(private readonly roots: Roots) {
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    const started = performance.now();
    while (!this.#stop.signal.aborted) {
      this.#take((performance.now() - started) / MINUTE_MS, await usageOf(this.roots));
      await sleep(SAMPLE_EVERY_MS, this.#stop.signal);
    }
  }

  #take(minutes: number, usage: Readonly<Record<string, Usage>>): void {
    for (const [name, { anonymousBytes }] of Object.entries(usage)) {
      const samples = this.#samples.get(name) ?? [];
      this.#samples.set(name, samples);
      samples.push({ x: minutes, y: anonymousBytes / MIB });
    }
  }

  /** What became of each, as a table, and who grew. */
  async stop(): Promise<Remembered> {
    this.#stop.abort();
    await this.#running;
    const grown = [...this.#samples].map(([name, samples]) => ({ name, ...growthOf(samples) }));
    return {
      lines: table([
        ['memory, MiB', 'at first', 'at last', 'most', 'a minute'],
        ...grown.map(({ name, first, last, most, slope, error }) => [
          ...[name, figure(first), figure(last), figure(most)],
          `${figure(slope)} ± ${figure(error)}`,
        ]),
      ]),
      faults: grown
        .filter(isGrowing)
        .map(
          ({ name, first, most, slope }) =>
            `${name} grows: from ${figure(first)} to ${figure(most)} MiB, at last by ${figure(slope)} a minute`,
        ),
    };
  }
}

/** What is to be said of the memory, and what is wrong with it. */
export interface Remembered {
  readonly lines: readonly string[];
  readonly faults: readonly string[];
}

export interface Growth {
  readonly minutes: number;
  /** MiB; the slope and its standard error per minute, of the second half. */
  readonly first: number;
  readonly last: number;
  readonly most: number;
  readonly slope: number;
  readonly error: number;
}

/** @param samples minutes and MiB */
export function growthOf(samples: readonly Point[]): Growth {
  const values = samples.map(({ y }) => y);
  const { slope = 0, error = 0 } = lineOfSecondHalf(samples) ?? {};
  const minutes = samples.at(-1)?.x ?? 0;
  return {
    minutes,
    first: values[0] ?? 0,
    last: values.at(-1) ?? 0,
    most: Math.max(...values),
    ...{ slope, error },
  };
}

/** At last beyond what noise makes of nothing, or by more in all than a heap breathes. */
export const isGrowing = ({ minutes, first, most, slope, error }: Growth): boolean =>
  minutes >= LEAST_MINUTES && (slope - 2 * error > MOST_MIB_A_MINUTE || most - first > MOST_MIB_MORE);

import type { Usage } from './process-usage.js';
import { type Measurement, figure, table } from './report.js';
import { type Point, lineOfSecondHalf } from './statistics.js';

const MIB = 2 ** 20;
const MOST_MIB = 250;
const PER_ORDERS = 100_000;

/** Follows the anonymous memory of each process over all the orders that it sees. */
export class MemoryWatch {
  readonly #samples = new Map<string, Point[]>();
  #before = 0;

  /** `completed`: orders of the current run. */
  readonly sample = (completed: number, usage: Readonly<Record<string, Usage>>): void => {
    for (const [name, { anonymousBytes }] of Object.entries(usage)) {
      const samples = this.#samples.get(name) ?? [];
      this.#samples.set(name, samples);
      samples.push({ x: this.#before + completed, y: anonymousBytes });
    }
  };

  /** A run of so many orders is over: the next one counts on from there. */
  passed(orders: number): void {
    this.#before += orders;
  }

  /** Over all that was sampled: what each process holds now, its most, and how it grows. */
  measurement(): Measurement {
    const processes = [...this.#samples].map(([name, samples]) => process(name, samples));
    return {
      title: `memory: anonymous RSS by process over ${this.#before} orders`,
      lines: [
        ...table([
          ['', 'MiB after the load', 'most', `MiB per ${PER_ORDERS} orders`],
          ...processes.map(({ name, now, most, slope, error }) => [
            name,
            figure(now / MIB),
            figure(most / MIB),
            slope === undefined ? 'unknown' : `${figure(slope / MIB)} ± ${figure((error ?? 0) / MIB)}`,
          ]),
        ]),
        `the slope is that of the second half of the samples, over ${Math.round(this.#before / 2)} orders; ± is its standard error`,
      ],
      figures: { orders: this.#before, processes },
      goals: processes.map(({ name, now }) => ({
        name: `memory of ${name}`,
        measured: now / MIB,
        bound: 'at most',
        goal: MOST_MIB,
        unit: ' MiB',
      })),
    };
  }
}

/** All in bytes; the slope per 100,000 orders. */
function process(name: string, samples: readonly Point[]) {
  const line = lineOfSecondHalf(samples);
  return {
    name,
    now: samples.at(-1)?.y ?? 0,
    most: Math.max(...samples.map(({ y }) => y)),
    slope: line && line.slope * PER_ORDERS,
    error: line && line.error * PER_ORDERS,
  };
}

import { type Roots, type Usage, usageOf } from '../bench/process-usage.js';
import { figure, table } from '../bench/report.js';
import { sleep } from '@orders/shared-events/transport/waiting.js';

const SAMPLE_EVERY_MS = 2_000;
const MIB = 2 ** 20;
const KIB = 1_024;
/**
 * What a process manager knows of an open order is some seven, up to a number of orders. A command is about one, and is
 * sent again some ten times in half of the time: kept, those would be more.
 */
const MOST_KIB_AN_ORDER = 12;
/** Of so few, what has to do with none of them counts for too much. */
const LEAST_ORDERS = 200;
/** A heap is cleared when it pays, and breathes so much; what a driver keeps outside of it would come on top. */
const MOST_MIB_MORE = 48;

/** Something that can be asked how many bytes live in it, by name. */
export type Living = Readonly<Record<string, () => Promise<number>>>;

/** Follows the memory of processes: what is resident all the time, and what lives at the beginning and at the end. */
export class MemoryWatch {
  readonly #resident = new Map<string, number[]>();
  readonly #stop = new AbortController();
  readonly #sampling: Promise<void>;

  private constructor(
    private readonly roots: Roots,
    private readonly living: Living,
    private readonly before: Readonly<Record<string, number>>,
  ) {
    this.#sampling = this.#sample();
  }

  static async begin(roots: Roots, living: Living): Promise<MemoryWatch> {
    return new MemoryWatch(roots, living, await measured(living));
  }

  async #sample(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#take(await usageOf(this.roots));
      await sleep(SAMPLE_EVERY_MS, this.#stop.signal);
    }
  }

  #take(usages: Readonly<Record<string, Usage>>): void {
    for (const [name, { anonymousBytes }] of Object.entries(usages))
      this.#resident.set(name, [...(this.#resident.get(name) ?? []), anonymousBytes / MIB]);
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.#sampling;
  }

  /** What became of each, as a table, and who grew. @param orders that came meanwhile */
  async stop(orders: number): Promise<Remembered> {
    await this.end();
    const after = await measured(this.living);
    const grown = [...this.#resident].map(([name, resident]) => ({
      name,
      ...growthOf(resident, { before: this.before[name] ?? 0, after: after[name] ?? 0 }, orders),
    }));
    return {
      lines: table([
        ['memory, MiB', 'resident at first', 'most', 'alive before', 'after', 'KiB an order'],
        ...grown.map(({ name, first, most, before, after: left, kibAnOrder }) => [
          ...[name, figure(first), figure(most), figure(before), figure(left), figure(kibAnOrder)],
        ]),
      ]),
      faults: grown.flatMap((one) => faultsIn(one.name, one)),
    };
  }
}

async function measured(living: Living): Promise<Record<string, number>> {
  const each = Object.entries(living).map(async ([name, bytes]) => [name, (await bytes()) / MIB] as const);
  return Object.fromEntries(await Promise.all(each));
}

/** What is to be said of the memory, and what is wrong with it. */
export interface Remembered {
  readonly lines: readonly string[];
  readonly faults: readonly string[];
}

/** MiB, but for what is kept of each order. */
export interface Growth {
  readonly first: number;
  readonly most: number;
  readonly before: number;
  readonly after: number;
  readonly orders: number;
  readonly kibAnOrder: number;
}

/** @param resident in MiB, in the order of time @param alive in MiB @param orders that came meanwhile */
export const growthOf = (
  resident: readonly number[],
  alive: Pick<Growth, 'before' | 'after'>,
  orders: number,
): Growth => ({
  ...{ first: resident[0] ?? 0, most: Math.max(...resident) },
  ...{ ...alive, orders, kibAnOrder: ((alive.after - alive.before) * KIB) / orders },
});

/** What is wrong with a growth, in words. */
export function faultsIn(name: string, { first, most, before, after, orders, kibAnOrder }: Growth): string[] {
  const keeps = `${name} keeps ${figure(kibAnOrder)} KiB of each order: from ${figure(before)} to ${figure(after)} MiB`;
  const grows = `${name} grows: from ${figure(first)} to ${figure(most)} MiB`;
  return [
    ...(orders >= LEAST_ORDERS && kibAnOrder > MOST_KIB_AN_ORDER ? [keeps] : []),
    ...(most - first > MOST_MIB_MORE ? [grows] : []),
  ];
}

import { hashOf, mixed, share } from './chance.js';
import type { Mishap, MishapOf, Operation, Weather } from './mishaps.js';

/** How one request fares: what goes wrong with it, if anything does, and how long its two ways take. */
export interface Passage<At extends Operation = Operation> {
  readonly mishap: MishapOf<At> | undefined;
  readonly there: number;
  readonly back: number;
  /** Turns of the queue of microtasks, 0 to 3: for what takes no time and still comes in no order. */
  readonly ticks: number;
}

/** What an operation is done to, and how often it was: together the name of what may go wrong. */
interface Site {
  readonly name: string;
  readonly hash: number;
  times: number;
}

const siteNamed = (name: string): Site => ({ name, hash: hashOf(name), times: 0 });

const SLOW_MS = 12_000;

/** What goes wrong in a run. Each mishap has a name, by which a case says that it is to happen. */
export class Faults {
  /** Nothing goes wrong any more. */
  isCalm = false;
  /** What is asked of a server that is away is lost. How many absences there are, by operation. */
  readonly #away = new Map<Operation, number>();
  readonly happened: string[] = [];
  readonly #sites = new Map<Operation, Map<string, Site>>();

  /**
   * @param paceMs the most that a way takes where nothing goes wrong
   * @param only the names of those that may happen; undefined where all may
   */
  constructor(
    private readonly seed: number,
    private readonly weather: Weather,
    private readonly paceMs: number,
    private readonly only: ReadonlySet<string> | undefined,
    private readonly onMishap: (fault: string) => void,
  ) {}

  at<At extends Operation>(operation: At, subject: string): Passage<At> {
    const site = this.#siteOf(operation, subject);
    const drawn = mixed(this.seed ^ site.hash, site.times);
    const mishap = this.isCalm ? undefined : this.#mishapOf(operation, site, drawn);
    const ways = mixed(drawn, 1);
    const slowness = mishap === 'slow' || mishap === 'late' ? 500 + (ways % SLOW_MS) : 0;
    return {
      mishap: mishap as MishapOf<At> | undefined,
      there: 1 + ((ways & 0xffff) % this.paceMs),
      back: 1 + ((ways >>> 16) % this.paceMs) + slowness,
      ticks: ways >>> 30,
    };
  }

  /** From now on, until `back`. */
  away(operations: readonly Operation[]): void {
    for (const operation of operations) this.#away.set(operation, (this.#away.get(operation) ?? 0) + 1);
  }

  back(operations: readonly Operation[]): void {
    for (const operation of operations) this.#away.set(operation, (this.#away.get(operation) ?? 1) - 1);
  }

  #mishapOf(operation: Operation, site: Site, drawn: number): Mishap | undefined {
    return (this.#away.get(operation) ?? 0) > 0 ? 'request lost' : this.#mishap(operation, site, drawn);
  }

  #siteOf(operation: Operation, subject: string): Site {
    const sites = this.#sites.get(operation) ?? new Map<string, Site>();
    if (sites.size === 0) this.#sites.set(operation, sites);
    const site = sites.get(subject) ?? siteNamed(`${operation} ${subject}`);
    if (site.times === 0) sites.set(subject, site);
    site.times += 1;
    return site;
  }

  #mishap(operation: Operation, { name, times }: Site, drawn: number): Mishap | undefined {
    const chance = share(drawn);
    for (const [mishap, upTo] of this.weather[operation]) {
      if (chance >= upTo) continue;
      const fault = `${name} ${times}: ${mishap}`;
      if (this.only?.has(fault) === false) return undefined;
      this.happened.push(fault);
      this.onMishap(fault);
      return mishap;
    }
    return undefined;
  }
}

import type { Case } from './case.js';
import { mixed } from './chance.js';
import type { Broken, RunsAnswer } from './jobs.js';
import { type Seen, together } from './seen.js';
import type { Threads } from './threads.js';

/** Runs a thread does in one go. */
const CHUNK = 25;

export interface Simulated {
  readonly runs: number;
  readonly steps: number;
  /** Of all steps of all runs. */
  readonly fingerprint: number;
  readonly seen: Seen;
  /** The first run that broke a rule. */
  readonly broken: Broken | undefined;
}

/** What is told while it is done, in the order of the runs however many threads there are. */
export interface Listener {
  readonly onTrace: (run: number, trace: readonly string[]) => void;
  readonly onProgress: (runs: number) => void;
}

export interface Wanted {
  readonly seed: number;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly isTraced: boolean;
}

/** All runs up to the first that breaks a rule. */
export async function simulateAll(threads: Threads, wanted: Wanted, listener: Listener): Promise<Simulated> {
  const tally = new Tally(wanted, listener);
  let next = wanted.from;
  const lane = async (): Promise<void> => {
    while (next < wanted.to && !tally.isOver) {
      const from = next;
      next = Math.min(from + CHUNK, wanted.to);
      tally.add(await threads.run({ kind: 'runs', ...wanted, from, to: next }));
    }
  };
  await Promise.all(Array.from({ length: threads.count }, lane));
  return tally.simulated;
}

/** Puts answers back into their order. */
class Tally {
  simulated: Simulated = {
    ...{ runs: 0, steps: 0, fingerprint: 0, broken: undefined },
    seen: { mishaps: {}, events: {} },
  };
  /** A rule is broken: what comes behind that is not wanted any more. */
  isOver = false;
  readonly #answers = new Map<number, RunsAnswer>();
  #next: number;

  constructor(
    { from }: Wanted,
    private readonly listener: Listener,
  ) {
    this.#next = from;
  }

  add(answer: RunsAnswer): void {
    this.#answers.set(answer.from, answer);
    this.isOver ||= answer.broken !== undefined;
    for (let due = this.#due(); due; due = this.#due()) this.#count(due);
  }

  #due(): RunsAnswer | undefined {
    return this.simulated.broken ? undefined : this.#answers.get(this.#next);
  }

  #count({ from, runs, steps, fingerprint, traces, seen, broken }: RunsAnswer): void {
    const before = this.simulated;
    this.#answers.delete(from);
    this.#next = from + runs;
    for (const [index, trace] of traces.entries()) this.listener.onTrace(from + index, trace);
    this.simulated = {
      runs: before.runs + runs,
      steps: before.steps + steps,
      fingerprint: mixed(before.fingerprint, fingerprint),
      seen: together(before.seen, seen),
      broken,
    };
    this.listener.onProgress(this.simulated.runs);
  }
}

/** The smallest case that breaks the same rule. */
export async function smallestCase(threads: Threads, { found, violations }: Broken): Promise<Case> {
  const [violation] = violations;
  if (!violation) return found;
  const { smallest } = await threads.run({ kind: 'shrink', found, rule: violation.rule });
  return smallest;
}

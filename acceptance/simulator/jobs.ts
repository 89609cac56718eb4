import type { Case } from './case.js';
import { mixed } from './chance.js';
import { planOf } from './plan.js';
import { type Outcome, simulate } from './run.js';
import { shrunk } from './shrink.js';
import { type Seen, count, kindOf } from './seen.js';
import type { Violation } from './violation.js';

/** What a thread is asked to do. */
export type Job =
  | {
      readonly kind: 'runs';
      readonly seed: number;
      readonly from: number;
      readonly to: number;
      readonly isTraced: boolean;
    }
  | { readonly kind: 'shrink'; readonly found: Case; readonly rule: string }
  | { readonly kind: 'replay'; readonly shown: Case };

export interface RunsAnswer {
  readonly kind: 'runs';
  readonly from: number;
  /** Runs that were done: fewer than asked for where one broke a rule. */
  readonly runs: number;
  readonly steps: number;
  /** Of all steps of all these runs. */
  readonly fingerprint: number;
  readonly traces: readonly (readonly string[])[];
  readonly seen: Seen;
  readonly broken: Broken | undefined;
}

/** A run that broke a rule, with all that happened in it. */
export interface Broken {
  readonly found: Case;
  readonly violations: readonly Violation[];
}

export interface ReplayAnswer {
  readonly kind: 'replay';
  readonly shown: Case;
  readonly violations: readonly Violation[];
  readonly trace: readonly string[];
}

export type Answer = RunsAnswer | ReplayAnswer | { readonly kind: 'shrink'; readonly smallest: Case };

/** @param unheard rejections that nobody has dealt with, filled while runs go on */
export async function answerTo(job: Job, unheard: unknown[]): Promise<Answer> {
  switch (job.kind) {
    case 'runs':
      return manyRuns(job, unheard);
    case 'shrink':
      return { kind: 'shrink', smallest: await shrunk(job.found, breaks(job.rule, unheard)) };
    case 'replay': {
      const { violations, trace } = await outcomeOf(job.shown, unheard, true);
      return { kind: 'replay', shown: job.shown, violations, trace };
    }
  }
}

const outcomeOf = (
  { seed, run, steps, mishaps }: Case,
  unheard: unknown[],
  isTraced = false,
): Promise<Outcome> => simulate(planOf(seed, run), unheard, { selection: { steps, mishaps }, isTraced });

/** Whether a case breaks that rule before any other. */
const breaks =
  (rule: string, unheard: unknown[]) =>
  async (tried: Case): Promise<boolean> =>
    (await outcomeOf(tried, unheard)).violations[0]?.rule === rule;

async function manyRuns(
  { seed, from, to, isTraced }: Extract<Job, { kind: 'runs' }>,
  unheard: unknown[],
): Promise<RunsAnswer> {
  let [run, steps, fingerprint] = [from, 0, 0];
  let broken: Broken | undefined;
  const seen = { mishaps: {}, events: {} };
  const traces: (readonly string[])[] = [];
  for (; run < to && !broken; run++) {
    const plan = planOf(seed, run);
    const outcome = await simulate(plan, unheard, { isTraced });
    steps += outcome.steps;
    fingerprint = mixed(fingerprint, outcome.fingerprint);
    if (isTraced) traces.push(outcome.trace);
    const { violations, mishaps, events } = outcome;
    count(seen.mishaps, mishaps.map(kindOf));
    count(seen.events, events);
    if (violations.length > 0)
      broken = { found: { seed, run, steps: [...plan.steps.keys()], mishaps }, violations };
  }
  return { kind: 'runs', from, runs: run - from, steps, fingerprint, traces, seen, broken };
}

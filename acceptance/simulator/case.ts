import { describe } from './actions.js';
import { type PlannedStep, planOf } from './plan.js';

/** One run of a seed with only some of its steps and mishaps. */
export interface Case {
  readonly seed: number;
  readonly run: number;
  /** Indices of the planned steps. */
  readonly steps: readonly number[];
  /** Names of the mishaps. */
  readonly mishaps: readonly string[];
}

/** The steps of a case, as people read them. */
export function stepsOf({ seed, run, steps }: Case): string[] {
  const planned: readonly PlannedStep[] = planOf(seed, run).steps;
  return steps.flatMap((index) => {
    const step = planned[index];
    return step ? [`after ${step.after} steps: ${describe(step.action)}`] : [];
  });
}

/** The line that shows the case again. */
export const lineOf = (shown: Case): string =>
  `npm run simulate -- --trace --replay '${JSON.stringify(shown)}'`;

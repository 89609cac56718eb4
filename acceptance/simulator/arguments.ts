import { WrongUsage, optionsIn } from '@orders/shared-events/transport/command-line.js';
import { z } from 'zod';
import type { Case } from './case.js';

export const exitCodes = { none: 0, violation: 1, usage: 64, failed: 70 } as const;

export const usage = `Drives the product's own code over a virtual clock, bus and provider, with everything that goes wrong between them.

Usage: npm run simulate -- [options]

  --seed N        chance of all runs; without it one is drawn, and printed
  --runs M        how many runs; 1000 unless told
  --run K         only the K-th run of the seed, from 0
  --replay CASE   one run with nothing but what the case names, as a failure prints it
  --trace         prints what happened, step by step
  --workers W     threads; as many as there are processors unless told. What comes out does not depend on it
  --json          one JSON object on standard output
  --help          this text

Exit codes: ${exitCodes.none} no violation, ${exitCodes.violation} a violation, ${exitCodes.usage} wrong usage, ${exitCodes.failed} not simulated
`;

export interface Arguments {
  readonly seed: number | undefined;
  readonly runs: number;
  readonly run: number | undefined;
  readonly replay: Case | undefined;
  readonly trace: boolean;
  readonly workers: number | undefined;
  readonly json: boolean;
  readonly help: boolean;
}

const MOST_SEED = 0xffff_ffff;

const Replay = z.strictObject({
  seed: z.int().min(0).max(MOST_SEED),
  run: z.int().nonnegative(),
  steps: z.array(z.int().nonnegative()),
  mishaps: z.array(z.string()),
});

/** Throws WrongUsage. */
export function readArguments(argv: readonly string[]): Arguments {
  const values = optionsIn(argv, {
    seed: { type: 'string' },
    runs: { type: 'string' },
    run: { type: 'string' },
    replay: { type: 'string' },
    trace: { type: 'boolean', default: false },
    workers: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  });
  return {
    seed: numberIn('seed', values.seed, 0, MOST_SEED),
    runs: numberIn('runs', values.runs, 1, 100_000_000) ?? 1_000,
    run: numberIn('run', values.run, 0, MOST_SEED),
    replay: values.replay === undefined ? undefined : caseIn(values.replay),
    trace: values.trace,
    workers: numberIn('workers', values.workers, 1, 64),
    json: values.json,
    help: values.help,
  };
}

function numberIn(name: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const number = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  throw new WrongUsage(`--${name} must be a whole number from ${least} to ${most}`);
}

function caseIn(text: string): Case {
  try {
    return Replay.parse(JSON.parse(text));
  } catch (error) {
    throw new WrongUsage('--replay must be a case as a failure prints it', { cause: error });
  }
}

/** `npm run simulate`: many runs of the product's own code in a simulated world, and whether a rule was broken. */
import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { oneLine } from '@orders/shared-events/transport/one-line.js';
import { WrongUsage } from '@orders/shared-events/transport/command-line.js';
import { type Arguments, exitCodes, readArguments, usage } from './arguments.js';
import { type Case, lineOf, stepsOf } from './case.js';
import type { ReplayAnswer } from './jobs.js';
import { type Simulated, simulateAll, smallestCase } from './simulation.js';
import { Threads } from './threads.js';

const SEEDS = 2 ** 32;

async function main(): Promise<number> {
  const wanted = readArguments(process.argv.slice(2));
  if (wanted.help) {
    console.log(usage);
    return exitCodes.none;
  }
  const threads = new Threads(wanted.workers ?? availableParallelism());
  try {
    return wanted.replay ? await replay(threads, wanted.replay, wanted) : await simulate(threads, wanted);
  } finally {
    await threads.close();
  }
}

async function simulate(
  threads: Threads,
  { seed: given, runs, run, trace, json }: Arguments,
): Promise<number> {
  const seed = given ?? randomInt(SEEDS);
  const [from, to] = run === undefined ? [0, runs] : [run, run + 1];
  if (!json) console.log(`seed ${seed}, runs ${from} to ${to - 1}`);
  const started = performance.now();
  const simulated = await simulateAll(
    threads,
    { seed, from, to, isTraced: trace },
    {
      onTrace: (of, lines) => {
        if (!json) console.log([`run ${of}`, ...lines].join('\n'));
      },
      onProgress: (done) => progress(done, to - from),
    },
  );
  progress(0, 0);
  const seconds = (performance.now() - started) / 1_000;
  const smallest = simulated.broken && (await smallestCase(threads, simulated.broken));
  if (json) console.log(JSON.stringify(asJson(seed, simulated, smallest, seconds)));
  else console.log(summary(simulated, seconds));
  if (!smallest) return exitCodes.none;
  if (!json) await tell(threads, smallest);
  return exitCodes.violation;
}

async function replay(threads: Threads, shown: Case, { trace, json }: Arguments): Promise<number> {
  const answer = await threads.run({ kind: 'replay', shown });
  const { violations } = answer;
  if (json) console.log(JSON.stringify({ case: shown, violations }));
  else console.log(trace ? answer.trace.join('\n') : told(answer));
  return violations.length === 0 ? exitCodes.none : exitCodes.violation;
}

async function tell(threads: Threads, smallest: Case): Promise<void> {
  const answer = await threads.run({ kind: 'replay', shown: smallest });
  console.log(`\n${told(answer)}\n\n${shortened(answer.trace).join('\n')}\n\nagain: ${lineOf(smallest)}`);
}

/** What never comes to its end is told for hours. */
const MOST_LINES = 200;
const LAST_LINES = 20;

const shortened = (trace: readonly string[]): readonly string[] =>
  trace.length <= MOST_LINES
    ? trace
    : [...trace.slice(0, MOST_LINES - LAST_LINES), '...', ...trace.slice(-LAST_LINES)];

const told = ({ shown, violations }: ReplayAnswer): string =>
  [
    ...violations.map(({ rule, what }) => `broken: ${rule}: ${what}`),
    `in run ${shown.run} of seed ${shown.seed}, with`,
    ...stepsOf(shown).map((step) => `  ${step}`),
    ...shown.mishaps.map((mishap) => `  ${mishap}`),
  ].join('\n');

function summary({ runs, steps, fingerprint, broken }: Simulated, seconds: number): string {
  const violations = broken ? 'a rule was broken' : '0 violations';
  const pace = `${Math.round(steps / seconds)} steps/s`;
  return `${runs} runs, ${steps} steps in ${seconds.toFixed(1)} s, ${pace}, fingerprint ${fingerprint.toString(16)}: ${violations}`;
}

const asJson = (
  seed: number,
  { runs, steps, fingerprint, seen, broken }: Simulated,
  smallest: Case | undefined,
  seconds: number,
) => ({
  ...{ seed, runs, steps, fingerprint, seconds, stepsPerSecond: steps / seconds, seen },
  violations: broken?.violations ?? [],
  ...(smallest ? { case: smallest, again: lineOf(smallest) } : {}),
});

/** On standard error, and only where somebody looks. */
function progress(done: number, all: number): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(all === 0 ? '\r\u001b[K' : `\r${done} of ${all} runs`);
}

process.exit(
  await main().catch((error: unknown) => {
    console.error(error instanceof WrongUsage ? `${error.message}\n\n${usage}` : oneLine(error));
    return error instanceof WrongUsage ? exitCodes.usage : exitCodes.failed;
  }),
);

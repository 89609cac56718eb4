/** `npm run mutants`: deliberate faults in a copy of the product, and whether the simulator finds each of them. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { table } from '../bench/report.js';
import { type Mutant, mutants } from './mutants.js';
import { BuiltCopy, DoesNotApply } from './mutation.js';
import { simulateAll } from './simulation.js';
import { Threads } from './threads.js';

const EXIT = { found: 0, survived: 1, usage: 64 } as const;
const SEED = 1;
const MOST_RUNS = 20_000;

const USAGE = `npm run mutants -- [--seed N] [--only TEXT] [--common] [--json]

  --seed N     chance of the runs; ${SEED} unless told
  --only TEXT  only the faults whose names hold this text
  --common     only the faults that some hundred runs find
  --json       one JSON object on standard output

Exit code ${EXIT.found}: every fault was found; ${EXIT.survived}: one was not within ${MOST_RUNS} runs, or no longer applies; ${EXIT.usage}: wrong usage.`;

interface Finding {
  readonly name: string;
  /** The rule that it broke; undefined where it broke none. */
  readonly rule: string | undefined;
  readonly run: number | undefined;
  readonly problem: string | undefined;
}

async function find(copy: BuiltCopy, mutant: Mutant, seed: number): Promise<Finding> {
  const about = { name: mutant.name, rule: undefined, run: undefined, problem: undefined };
  try {
    await copy.apply(mutant);
  } catch (error) {
    if (error instanceof DoesNotApply) return { ...about, problem: error.message };
    throw error;
  }
  const threads = new Threads(1, copy.simulator('worker.js'));
  try {
    const wanted = { seed, from: 0, to: MOST_RUNS, isTraced: false };
    const quiet = { onTrace: () => undefined, onProgress: () => undefined };
    const { broken } = await simulateAll(threads, wanted, quiet);
    return { ...about, rule: broken?.violations[0]?.rule, run: broken?.found.run };
  } finally {
    await threads.close();
    await copy.restore(mutant);
  }
}

/** Each lane has a copy of its own. */
async function findAll(wanted: readonly Mutant[], seed: number): Promise<Finding[]> {
  const findings = new Map<Mutant, Finding>();
  const left = [...wanted];
  const lane = async (): Promise<void> => {
    const copy = await BuiltCopy.make();
    try {
      for (let mutant = left.shift(); mutant; mutant = left.shift()) {
        findings.set(mutant, await find(copy, mutant, seed));
        if (process.stderr.isTTY)
          console.error(`${mutant.name}: ${findings.get(mutant)?.rule ?? 'not found'}`);
      }
    } finally {
      await copy.remove();
    }
  };
  const lanes = Math.min(availableParallelism(), wanted.length);
  await Promise.all(Array.from({ length: lanes }, lane));
  return wanted.flatMap((mutant) => findings.get(mutant) ?? []);
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string', default: String(SEED) },
        only: { type: 'string', default: '' },
        common: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (!/^\d{1,9}$/.test(values.seed))
      throw new Error('--seed must be a whole number below a thousand million');
    return { ...values, seed: Number(values.seed) };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(EXIT.usage);
  }
}

const { seed, only, common, json, help } = readArguments();
if (help) {
  console.log(USAGE);
  process.exit(EXIT.found);
}
const chosen = mutants.filter(({ name, isRare }) => name.includes(only) && !(common && isRare));
const findings = await findAll(chosen, seed);
const lost = findings.filter(({ rule }) => rule === undefined);
if (json) console.log(JSON.stringify({ seed, findings }));
else {
  const rows = findings.map(({ name, rule, run, problem }) => [
    name,
    rule ?? problem ?? 'NOT FOUND',
    run === undefined ? '' : `--seed ${seed} --run ${run}`,
  ]);
  console.log(table([['fault', 'found by', 'in'], ...rows]).join('\n'));
  console.log(`\n${findings.length - lost.length} of ${findings.length} faults were found`);
}
process.exit(lost.length === 0 && chosen.length > 0 ? EXIT.found : EXIT.survived);

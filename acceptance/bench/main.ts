/** `npm run bench -- <name>`: measures the system against bare limits that are taken in the same run. */
import { parseArgs } from 'node:util';
import { environment, environmentLines } from './environment.js';
import { type BenchOptions, benchOrders } from './orders.bench.js';
import { type Measurement, goalLine, isMet, section } from './report.js';
import { closeStages } from './stage.js';

interface Bench {
  readonly about: string;
  run(options: BenchOptions): AsyncIterable<Measurement>;
}

const benches: Readonly<Record<string, Bench>> = {
  orders: {
    about: 'placeOrder/s, orders/s end to end, CPU an order, latency, memory; under three minutes',
    run: benchOrders,
  },
};

const USAGE = `npm run bench -- <name> [--json] [--full] [--three-processes]

${Object.entries(benches)
  .map(([name, { about }]) => `  ${name.padEnd(8)}  ${about}`)
  .join('\n')}

  --json              one JSON object on standard output
  --full              also follows the memory over 20,000 more orders, which takes minutes longer
  --three-processes   the three sides as processes of their own, instead of one application

Exit code 0: every goal reached; 1: a goal missed; 64: wrong usage; 70: not measured.`;

const EXIT = { missed: 1, usage: 64, failed: 70 } as const;
/** Nothing here may run for ever, whatever happens. */
const DEADLINE_MS = { usual: 180_000, full: 900_000 };

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        full: { type: 'boolean', default: false },
        'three-processes': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    return wrongUsage(error instanceof Error ? error.message : String(error));
  }
}

function wrongUsage(complaint: string): never {
  console.error(`${complaint}\n\n${USAGE}`);
  process.exit(EXIT.usage);
}

const { values, positionals } = readArguments();
const [name, ...others] = positionals;
if (values.help || name === undefined) {
  console.log(USAGE);
  process.exit(0);
}
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (!bench || others.length > 0) wrongUsage(`there is no benchmark ${positionals.join(' ')}`);

const giveUp = async (complaint: string): Promise<never> => {
  console.error(complaint);
  await closeStages();
  process.exit(EXIT.failed);
};
setTimeout(
  () => void giveUp('not finished in time'),
  values.full ? DEADLINE_MS.full : DEADLINE_MS.usual,
).unref();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void giveUp(`stopped by ${signal}`));

const print = (line: string) => values.json || console.log(line);
const startedAt = performance.now();
const measurements: Measurement[] = [];
const surroundings = await environment();
print([`bench ${name}, ${surroundings.date}`, ...environmentLines(surroundings)].join('\n'));
try {
  const options: BenchOptions = {
    full: values.full,
    topology: values['three-processes'] ? 'three processes' : 'one process',
    progress: (line) =>
      console.error(`... ${((performance.now() - startedAt) / 1000).toFixed(0)} s: ${line}`),
  };
  for await (const measurement of bench.run(options)) {
    measurements.push(measurement);
    print(section(measurement));
  }
} catch (error) {
  await giveUp(error instanceof Error ? (error.stack ?? error.message) : String(error));
}

const goals = measurements.flatMap((measurement) => measurement.goals);
const seconds = (performance.now() - startedAt) / 1000;
print(
  ['', 'goals', ...goals.map((goal) => `  ${goalLine(goal)}`), '', `took ${seconds.toFixed(0)} s`].join('\n'),
);
if (values.json) {
  console.log(
    JSON.stringify(
      {
        bench: name,
        environment: surroundings,
        seconds,
        measurements: measurements.map(({ title, figures }) => ({ title, ...figures })),
        goals: goals.map((goal) => ({ ...goal, met: isMet(goal) })),
      },
      undefined,
      2,
    ),
  );
}
process.exit(goals.every(isMet) ? 0 : EXIT.missed);

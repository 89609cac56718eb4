/** `npm run bench -- <name>`: measures the system against bare limits that are taken in the same run. */
import { parseArgs } from 'node:util';
import { type Bench, runBench } from './bench-run.js';
import { benchOrders } from './orders.bench.js';
import { closeStages } from './stage.js';

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

const EXIT = { reached: 0, missed: 1, usage: 64, failed: 70 } as const;
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

let isGivingUp = false;

/** What fails because everything is being stopped is no news. */
async function giveUp(complaint: string): Promise<void> {
  if (isGivingUp) return;
  isGivingUp = true;
  console.error(complaint);
  await closeStages();
  process.exit(EXIT.failed);
}

const { values, positionals } = readArguments();
const [name, ...more] = positionals;
if (values.help || name === undefined) {
  console.log(USAGE);
  process.exit(EXIT.reached);
}
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (!bench || more.length > 0) wrongUsage(`there is no benchmark ${positionals.join(' ')}`);

const deadline = values.full ? DEADLINE_MS.full : DEADLINE_MS.usual;
setTimeout(() => void giveUp(`not finished within ${deadline / 1000} s`), deadline).unref();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void giveUp(`stopped by ${signal}`));

try {
  const topology = values['three-processes'] ? 'three processes' : 'one process';
  const areReached = await runBench(name, bench, { json: values.json, full: values.full, topology });
  process.exit(areReached ? EXIT.reached : EXIT.missed);
} catch (error) {
  await giveUp(error instanceof Error ? (error.stack ?? error.message) : String(error));
}

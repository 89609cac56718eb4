/** `npm run bench -- <name>`: measures the system against bare limits that are taken in the same run. */
import { parseArgs } from 'node:util';
import { type Bench, runBench } from './bench-run.js';
import { benchEventStore } from './event-store.bench.js';
import { benchOrders } from './orders.bench.js';
import { benchScale } from './scale.bench.js';
import { closeStages } from './stage.js';
import { benchStreams } from './streams.bench.js';

const benches: Readonly<Record<string, Bench>> = {
  orders: {
    about: 'placeOrder/s, orders/s end to end, CPU an order, latency, memory; under three minutes',
    aboutFull: 'follows the memory over 20,000 more orders',
    deadline: { usual: 180, full: 900 },
    run: benchOrders,
  },
  'event-store': {
    about: 'appends/s, reads/s, CPU an event, latency to a subscriber, disk, memory over a million appends',
    aboutFull: 'opens a store of 5 million events; takes 3 GB of disk meanwhile',
    deadline: { usual: 1_200, full: 2_400 },
    run: benchEventStore,
  },
  streams: {
    about: 'a decision on a stock item of 100,000 events against one on 100, cold and warm; about a minute',
    aboutFull: 'decides on an item of 100,000 events within five minutes',
    deadline: { usual: 300, full: 600 },
    run: benchStreams,
  },
  scale: {
    about:
      'what an order costs with two instances of each side, of one; how soon others go on where one ends',
    aboutFull: 'measures two to three times as often',
    deadline: { usual: 1_200, full: 2_400 },
    run: benchScale,
  },
};

const USAGE = `npm run bench -- <name> [--json] [--full] [--three-processes]

${Object.entries(benches)
  .map(
    ([name, { about, aboutFull }]) =>
      `  ${name.padEnd(11)}  ${about}\n  ${''.padEnd(11)}  --full also ${aboutFull}`,
  )
  .join('\n')}

  --json              one JSON object on standard output
  --full              measures more, which takes minutes longer
  --three-processes   orders only: the three sides as processes of their own, instead of one application

Exit code 0: every goal reached; 1: a goal missed; 64: wrong usage; 70: not measured.`;

const EXIT = { reached: 0, missed: 1, usage: 64, failed: 70 } as const;

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

const deadline = values.full ? bench.deadline.full : bench.deadline.usual;
setTimeout(() => void giveUp(`not finished within ${deadline} s`), deadline * 1000).unref();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void giveUp(`stopped by ${signal}`));

try {
  const topology = values['three-processes'] ? 'three processes' : 'one process';
  const areReached = await runBench(name, bench, { json: values.json, full: values.full, topology });
  process.exit(areReached ? EXIT.reached : EXIT.missed);
} catch (error) {
  await giveUp(error instanceof Error ? (error.stack ?? error.message) : String(error));
}

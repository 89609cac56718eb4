/** `npm run chaos`: a running system under load, of which parts are killed, frozen and cut off, and what came of it. */
import { randomInt } from 'node:crypto';
import { exitCodes, runAsCommand } from '@orders/shared-events/transport/command-line.js';
import { interruption } from '@orders/shared-events/transport/interruption.js';
import { demoGoods } from '../goods.js';
import { type ScaledSystem, allInstances, scaledSystem } from '../scaled-system.js';
import { Dice } from '../simulator/chance.js';
import { type Arguments, readArguments, usage } from './arguments.js';
import { type BrokerKind, type ChaosBroker, brokers } from './brokers.js';
import { type Told, type Victim, disturb } from './disturbances.js';
import { INSPECTABLE } from './live-memory.js';
import { outage } from './outage.js';
import { PATIENCE } from './patience.js';
import { NoRabbitMq } from './rabbitmq-cluster.js';
import { Shop } from './shop.js';
import { levelsAt } from './stock-count.js';
import { faultsOf } from './verdict.js';

const SEEDS = 2 ** 32;
/** More than enough for some hundred orders on a machine that has other things to do. */
const ENDS_MS = 600_000;
const MOST_FAULTS = 20;

/** What is done to one system on one broker. */
interface Trial extends Pick<Arguments, 'orders' | 'kills' | 'outageMinutes'> {
  readonly kind: BrokerKind;
  readonly seed: number;
  readonly broker: ChaosBroker;
  readonly system: ScaledSystem;
  readonly told: Told;
}

async function main(): Promise<number> {
  const wanted = readArguments(process.argv.slice(2));
  if (wanted.help) {
    console.log(usage);
    return exitCodes.done;
  }
  const signal = interruption();
  const seed = wanted.seed ?? randomInt(SEEDS);
  console.log(`seed ${seed}`);
  const faults: string[] = [];
  for (const kind of wanted.brokers) faults.push(...(await faultsOn(kind, wanted, seed, signal)));
  return faults.length === 0 ? exitCodes.done : exitCodes.failed;
}

/** Starts a system and a broker for it, and stops both whatever comes of it. Throws Interrupted. */
async function faultsOn(
  kind: BrokerKind,
  wanted: Arguments,
  seed: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const started = performance.now();
  const told = (line: string) =>
    process.stderr.write(
      `${kind} ${((performance.now() - started) / 1_000).toFixed(1).padStart(7)} s  ${line}\n`,
    );
  const broker = await brokers[kind]();
  try {
    const backEnds = { RABBITMQ_URL: broker.url };
    const environment = { ...PATIENCE, NODE_OPTIONS: INSPECTABLE };
    const system = await scaledSystem(wanted.scale ? 2 : 1, { environment, backEnds });
    try {
      signal.throwIfAborted();
      return await unlessAborted(signal, tried({ ...wanted, kind, seed, broker, system, told }));
    } finally {
      await system.stop();
    }
  } finally {
    await broker.stop();
  }
}

/** What goes on after the abortion is not waited for: it fails with what it works on. */
function unlessAborted<Value>(signal: AbortSignal, work: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    work.then(resolve, reject);
  });
}

async function tried(trial: Trial): Promise<readonly string[]> {
  await demoGoods(trial.system.commands[0] ?? '');
  const faults = await whileKilled(trial);
  return trial.outageMinutes === 0 ? faults : [...faults, ...(await whileBrokerIsAway(trial))];
}

async function whileKilled({
  kind,
  seed,
  orders,
  kills,
  broker,
  system,
  told,
}: Trial): Promise<readonly string[]> {
  const victims: readonly Victim[] = [...allInstances(system), ...broker.nodes];
  return judged(system, `${kind}: ${orders} orders while ${kills} processes are killed`, async (shop) => {
    await disturb(system, shop, victims, { orders, kills, dice: new Dice(seed) }, told);
    await shop.toTheirEnds(ENDS_MS);
    return [];
  });
}

async function whileBrokerIsAway({
  kind,
  outageMinutes,
  broker,
  system,
  told,
}: Trial): Promise<readonly string[]> {
  return judged(system, `${kind}: the broker is away for ${outageMinutes} min under load`, async (shop) => {
    const { lines, faults } = await outage(system, broker, shop, outageMinutes, told);
    console.log(lines.join('\n'));
    return faults;
  });
}

/** Tells what came of it. What it itself finds wrong comes before what is wrong with the system then. */
async function judged(
  system: ScaledSystem,
  what: string,
  chaos: (shop: Shop) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const shop = new Shop(system);
  const levels = await levelsAt(system.queries[0] ?? '');
  const found = await chaos(shop);
  const faults = [...found, ...(await faultsOf(system, shop, levels))];
  console.log(`${what}: ${shop.orders.length} orders have come to their ends, ${faults.length} faults`);
  for (const fault of faults.slice(0, MOST_FAULTS)) console.log(`  ${fault}`);
  return faults;
}

await runAsCommand('chaos', main, (error) =>
  error instanceof NoRabbitMq ? exitCodes.unreachable : undefined,
);

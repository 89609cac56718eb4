/**
 * The bare limit of orders end to end: the appends, publishes, consumes and projection writes of a run of ours,
 * made again with nothing but the drivers.
 *
 * Told {file} over the channel to its parent, it reads a workload and answers {loaded}; told {run}, it does the
 * workload and answers {seconds}. It ends when its parent does.
 */
import { readFile } from 'node:fs/promises';
import { deserialize } from 'node:v8';
import { BareDriver } from './bare-driver.js';
import type { Workload } from './operations.js';

const { EVENTSTORE_URL = '', RABBITMQ_URL = '', DATABASE_URL = '' } = process.env;
const driver = await BareDriver.connect({ EVENTSTORE_URL, RABBITMQ_URL, DATABASE_URL });
let workload: Workload = { ways: [], readModels: [], processes: [] };

process.on('message', (message: { readonly file: string } | { readonly inFlight: number }) => {
  void ('file' in message ? load(message.file) : run(message.inFlight));
});
process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));
process.stdout.write(`${JSON.stringify({ listening: EVENTSTORE_URL, pid: process.pid })}\n`);

async function load(file: string): Promise<void> {
  workload = deserialize(await readFile(file)) as Workload;
  process.send?.({ loaded: workload.ways.length });
}

async function run(inFlight: number): Promise<void> {
  const startedAt = performance.now();
  await driver.run(workload, inFlight);
  process.send?.({ seconds: (performance.now() - startedAt) / 1000 });
}

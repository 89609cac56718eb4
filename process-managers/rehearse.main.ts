/** `npm run rehearse`: what another definition of the order process would decide; see rehearsal/arguments.ts. */
import { exitCodes, runAsCommand } from '@orders/shared-events/transport/command-line.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { interruption } from '@orders/shared-events/transport/interruption.js';
import { createLogger } from '@orders/shared-events/transport/observability.js';
import { isDatabaseOutage } from '@orders/shared-events/transport/outage.js';
import { type BackEnds, NotRunning, backEndsOf } from '@orders/shared-events/transport/running-system.js';
import { openPool } from './postgres.js';
import { rehearsalArguments, usage } from './rehearsal/arguments.js';
import { type Rehearsed, reportOf } from './rehearsal/report.js';
import { runRehearsal } from './rehearsal/run-rehearsal.js';

async function main(): Promise<number> {
  const { definition, json, help } = rehearsalArguments(process.argv.slice(2));
  if (help) {
    process.stdout.write(usage);
    return exitCodes.done;
  }
  const rehearsed = await run(backEndsOf(process.env, process.cwd()), definition, json);
  process.stdout.write(json ? `${JSON.stringify(rehearsed)}\n` : reportOf(rehearsed));
  if (rehearsed.unreadable.length > 0) return exitCodes.unreadable;
  return rehearsed.differences.length > 0 ? exitCodes.different : exitCodes.done;
}

async function run(
  { eventStoreUrl, databaseUrl }: BackEnds,
  candidate: number,
  json: boolean,
): Promise<Rehearsed> {
  // Standard output is for the result; what goes wrong is told once, at the end.
  const logger = createLogger({ name: 'rehearse', level: 'silent' });
  const log = new EventStore(eventStoreUrl, logger);
  const pool = openPool(databaseUrl, logger);
  try {
    await log.ping().catch((error: unknown) => {
      throw new NotRunning('the event store does not answer', { cause: error });
    });
    const onProgress = (processes: number) =>
      json ? undefined : process.stderr.write(`${processes} processes decided anew\n`);
    return await runRehearsal({ log, pool, candidate, signal: interruption(), onProgress });
  } finally {
    await Promise.allSettled([log.close(), pool.end()]);
  }
}

await runAsCommand('rehearse', main, (error) =>
  isDatabaseOutage(error) ? exitCodes.unreachable : undefined,
);

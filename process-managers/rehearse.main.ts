/** `npm run rehearse`: what another definition of the order process would decide; see rehearsal/arguments.ts. */
import { ConfigurationError, EX_CONFIG } from '@orders/shared-events/transport/configuration.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { Interrupted, interruption } from '@orders/shared-events/transport/interruption.js';
import { createLogger } from '@orders/shared-events/transport/observability.js';
import { isDatabaseOutage } from '@orders/shared-events/transport/outage.js';
import { type BackEnds, NotRunning, backEndsOf } from '@orders/shared-events/transport/running-system.js';
import { openPool } from './postgres.js';
import { WrongUsage, exitCodes, rehearsalArguments, usage } from './rehearsal/arguments.js';
import { type Rehearsed, reportOf } from './rehearsal/report.js';
import { runRehearsal } from './rehearsal/run-rehearsal.js';

async function main(): Promise<number> {
  const { definition, json, help } = rehearsalArguments(process.argv.slice(2));
  if (help) {
    process.stdout.write(usage);
    return exitCodes.equal;
  }
  const rehearsed = await run(backEndsOf(process.env, process.cwd()), definition, json);
  process.stdout.write(json ? `${JSON.stringify(rehearsed)}\n` : reportOf(rehearsed));
  if (rehearsed.unreadable.length > 0) return exitCodes.unreadable;
  return rehearsed.differences.length > 0 ? exitCodes.different : exitCodes.equal;
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

function failed(error: unknown): number {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof Interrupted)) process.stderr.write(`${message || String(error)}\n`);
  if (error instanceof WrongUsage) process.stderr.write('See npm run rehearse -- --help\n');
  return exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof WrongUsage) return exitCodes.usage;
  if (error instanceof ConfigurationError) return EX_CONFIG;
  if (error instanceof Interrupted) return exitCodes.interrupted;
  if (error instanceof NotRunning || isDatabaseOutage(error)) return exitCodes.unreachable;
  return exitCodes.failed;
}

process.exit(await main().catch(failed));

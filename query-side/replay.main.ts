import { runAsCommand } from '@orders/shared-events/transport/command-line.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { interruption } from '@orders/shared-events/transport/interruption.js';
import { createLogger } from '@orders/shared-events/transport/observability.js';
import { type BackEnds, NotRunning, backEndsOf } from '@orders/shared-events/transport/running-system.js';
import { ForeignLog } from './builds/session.js';
import { PATIENTLY_MS, createPool, openConnection } from './database/database.js';
import { isUnavailable } from './database/unavailable.js';
import { UnreadableEvent } from './projector.js';
import { readModels } from './read-models/read-models.js';
import { exitCodes, replayArguments, usage } from './replay/arguments.js';
import { ProgressBar } from './replay/progress-bar.js';
import { reportOf } from './replay/report.js';
import { AnotherReplay, replay } from './replay/run-replay.js';

const NAME = 'query-side replay';
const CONNECTIONS = 4;

async function main(): Promise<number> {
  const { help, json, dryRun } = replayArguments(process.argv.slice(2));
  if (help) {
    process.stdout.write(usage);
    return exitCodes.done;
  }
  const report = await run(backEndsOf(process.env, process.cwd()), dryRun, json);
  process.stdout.write(json ? `${JSON.stringify(report.json)}\n` : report.text);
  return report.isDifferent ? exitCodes.different : exitCodes.done;
}

async function run({ eventStoreUrl, databaseUrl }: BackEnds, dryRun: boolean, json: boolean) {
  // Standard output is for the result; what goes wrong is told once, at the end.
  const logger = createLogger({ name: NAME, level: 'silent' });
  const log = new EventStore(eventStoreUrl, logger);
  const connection = { url: databaseUrl, name: NAME, logger, statementTimeoutMs: PATIENTLY_MS };
  const pool = createPool({ ...connection, max: CONNECTIONS });
  const bar = json ? undefined : new ProgressBar();
  const began = performance.now();
  try {
    await log.ping().catch((error: unknown) => {
      throw new NotRunning('the event store does not answer', { cause: error });
    });
    const outcome = await replay({
      dryRun,
      log,
      pool,
      connect: () => openConnection(connection),
      definition: readModels,
      logger,
      signal: interruption(),
      onStage: (stage) => bar?.stage(stage),
      onProgress: (progress) => bar?.update(progress),
    });
    return reportOf(outcome, (performance.now() - began) / 1_000);
  } finally {
    bar?.stop();
    await Promise.allSettled([log.close(), pool.end()]);
  }
}

function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof AnotherReplay) return exitCodes.anotherReplay;
  if (error instanceof ForeignLog) return exitCodes.foreignLog;
  if (error instanceof UnreadableEvent) return exitCodes.unreadable;
  return isUnavailable(error) ? exitCodes.unreachable : undefined;
}

await runAsCommand('replay', main, exitCodeOf);

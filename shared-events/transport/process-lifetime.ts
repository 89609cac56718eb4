import { Session } from 'node:inspector/promises';
import { setFlagsFromString } from 'node:v8';
import type { LogSink } from './observability.js';

const STOP_DEADLINE_MS = 8_000;

/** sysexits' EX_SOFTWARE: an error that nobody expected. */
const EX_SOFTWARE = 70;

/** Takes what is to be closed at the end, the last one first. */
export type OnStop = (close: () => Promise<unknown>) => void;

export interface ProcessOptions {
  readonly logger: LogSink;
  /** Errors that an operator must mend: told in one line on standard error, exit code 1. */
  readonly operatorErrors?: readonly (abstract new (...args: never[]) => Error)[];
}

/**
 * The life of a process: `start` resolves with the URL that it listens on.
 *
 * When it does, one line of JSON on standard output says so: {"listening": url, "pid": number}. SIGTERM and SIGINT
 * stop it, also in the middle of its start: gracefully at once, by force after eight seconds. With `--with-parent` it
 * stops when its standard input closes, too, which is what a killed parent leaves behind. What nobody expected (an
 * uncaught error) is logged and ends the process: its state can no longer be trusted, and everything accepted is in
 * the log.
 */
export async function runAsProcess(
  start: (onStop: OnStop) => Promise<string>,
  { logger, operatorErrors = [] }: ProcessOptions,
): Promise<void> {
  const closing: (() => Promise<unknown>)[] = [];
  stopOnSignal(async () => {
    for (const close of closing.toReversed()) await close();
  }, logger);
  if (process.argv.includes('--with-parent')) {
    process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM')).resume();
  }
  try {
    const listening = await start((close) => closing.push(close));
    await boundHeap();
    process.stdout.write(`${JSON.stringify({ listening, pid: process.pid })}\n`);
  } catch (error) {
    const complaint = complaintOf(error, operatorErrors);
    if (complaint === undefined) throw error;
    process.stderr.write(`${complaint}\n`);
    process.exit(1);
  }
}

/** What an operator is told of it; undefined where that would not help. A port that somebody else has is one, too. */
function complaintOf(
  error: unknown,
  operatorErrors: NonNullable<ProcessOptions['operatorErrors']>,
): string | undefined {
  if (!Error.isError(error)) return undefined;
  if ('code' in error && error.code === 'EADDRINUSE' && 'port' in error && 'address' in error)
    return `port ${String(error.port)} of ${String(error.address)} is taken`;
  return operatorErrors.some((kind) => error instanceof kind) ? error.message : undefined;
}

/** So much beyond what its last full collection left over may a heap hold before the next one begins, in percent. */
const HEAP_GROWTH = 30;

/**
 * Collects what only the start needed, and has V8 collect again before much is added. It sets the size at which it
 * collects by what the last full collection left over: before the first one it lets a heap grow to half a gigabyte, and
 * after it to as many times what is left as the speed of the machine suggests. A process does not give that back.
 */
export async function boundHeap(): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH}`);
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.collectGarbage');
  session.disconnect();
}

function stopOnSignal(stop: () => Promise<void>, logger: LogSink): void {
  let stopping = false;
  const end = (code: number) => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(code || 1), STOP_DEADLINE_MS).unref();
    stop()
      .catch((error: unknown) => {
        logger.error({ err: error }, 'did not stop cleanly');
        code ||= 1;
      })
      .finally(() => process.exit(code));
  };
  process.once('SIGTERM', () => end(0));
  process.once('SIGINT', () => end(0));
  const crash = (error: unknown) => {
    logger.error({ err: error }, 'unexpected error');
    end(EX_SOFTWARE);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
}

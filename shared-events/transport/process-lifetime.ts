import type { LogSink } from './observability.js';

const STOP_DEADLINE_MS = 8_000;

/**
 * Stops the process on SIGTERM and SIGINT: at once gracefully, by force after eight seconds. What nobody
 * expected (an uncaught error) is logged and ends the process: its state can no longer be trusted, and
 * everything accepted is in the log.
 */
export function stopOnSignal(stop: () => Promise<void>, logger: LogSink): void {
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
    end(70);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
}

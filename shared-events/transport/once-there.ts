import type { LogSink } from './observability.js';
import { isOutage } from './outage.js';
import { backoff, sleep } from './waiting.js';

/**
 * Does a step of a start that needs a server, again and again while that is away: a process that ended instead would take
 * those with it that run beside it. Throws what else goes wrong, and the signal's reason once it is aborted.
 */
export async function onceThere<Value>(
  step: () => Promise<Value>,
  logger: LogSink,
  signal?: AbortSignal,
): Promise<Value> {
  for (let repeat = 0; ; repeat++) {
    try {
      const value = await step();
      signal?.throwIfAborted();
      return value;
    } catch (error) {
      signal?.throwIfAborted();
      if (!isOutage(error)) throw error;
      logger.warn({ err: error }, 'not started, trying again');
      await sleep(backoff(repeat), signal);
    }
  }
}

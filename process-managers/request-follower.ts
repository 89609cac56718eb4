import { type Decoded, decode } from '@orders/shared-events/contracts/catalogue.js';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import type { RequestCategory } from '@orders/shared-events/contracts/ids.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import type { Checkpoints } from './checkpoints.js';
import { type FollowingOptions, SoleFollower } from './following.js';

const STORE_EVERY_MS = 500;

export interface RequestFollowerOptions extends Pick<FollowingOptions, 'log' | 'logger'> {
  readonly checkpoints: Checkpoints;
}

/** Carries out what operators ask for in the streams of requests of that kind, one after the other, at least once. */
export const requestFollower = (
  options: RequestFollowerOptions,
  name: string,
  category: RequestCategory,
  carryOut: (event: Decoded, signal: AbortSignal) => Promise<void>,
): SoleFollower =>
  new SoleFollower({ ...options, name, prefixes: [`${category}-`], storeEveryMs: STORE_EVERY_MS }, () => ({
    take: async (events, signal) => {
      for (const recorded of events) {
        if (signal.aborted) return;
        const event = read(recorded, options.logger);
        if (event) await carryOut(event, signal);
      }
    },
    store: async (move) => (await options.checkpoints.move([move])).size === 1,
  }));

/** What cannot be read decides nothing: whoever asked for it sees that nothing came of it. */
function read(recorded: RecordedEvent, logger: LogSink): Decoded | undefined {
  try {
    return decode(recorded);
  } catch (error) {
    logger.error({ err: error, stream: recorded.streamId }, 'what an operator asked for cannot be read');
    return undefined;
  }
}

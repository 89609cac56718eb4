import { type AllStreamSubscription, START, streamNameFilter } from '@eventstore/db-client';
import type { RecordedEvent } from '../contracts/envelope.js';
import type { LogSink } from './observability.js';
import type { Call } from './reading-client.js';
import { type ResolvedLogEvent, recorded } from './recorded.js';
import { Signal, SubscriptionState } from './subscription-state.js';
import { backoff, sleep } from './waiting.js';

/** A run of events in log order. */
export interface LogBatch {
  readonly events: readonly RecordedEvent[];
  /** Everything up to here has been considered: also events that the filter left out. */
  readonly position: bigint;
  /** Nothing more was waiting when this was handed out. Once the log is lost, a batch without events takes that back. */
  readonly caughtUp: boolean;
}

export interface SubscribeOptions {
  /** For the logs. */
  readonly name: string;
  /** Commit position of the last event that was dealt with; undefined starts at the log's beginning. */
  readonly after: bigint | undefined;
  /** Beginnings of the stream names to hear. */
  readonly prefixes: readonly string[];
  /** At most this many events a batch. */
  readonly maxBatch: number;
  readonly signal: AbortSignal;
}

/** Windows of 32 filtered-out events after which the server tells how far it has looked. */
const CHECKPOINT_INTERVAL = 8;

/**
 * Follows the log for ever. A lost connection is taken up again behind the last batch that was handed out,
 * so nothing is skipped and nothing comes twice within one iteration. The next batch is read only when the
 * consumer asks for it. Ends when the signal aborts.
 */
export async function* follow(
  ask: () => Call,
  options: SubscribeOptions,
  logger: LogSink,
): AsyncGenerator<LogBatch> {
  let last: LogBatch | undefined;
  let failures = 0;
  while (!options.signal.aborted) {
    const call = ask();
    const after = last?.position ?? options.after;
    try {
      for await (const batch of subscribed(call, options, after)) {
        last = batch;
        failures = 0;
        yield batch;
      }
      if (options.signal.aborted) return;
      throw new Error('the server ended the subscription');
    } catch (error) {
      if (options.signal.aborted) return;
      call.failed(error);
      const [subscription, position] = [options.name, (last?.position ?? after)?.toString()];
      logger.warn({ err: error, subscription, position }, 'subscription lost');
    }
    if (last?.caughtUp) yield (last = { events: [], position: last.position, caughtUp: false });
    await sleep(backoff(failures++), options.signal);
  }
}

async function* subscribed(
  call: Call,
  { prefixes, maxBatch, signal }: SubscribeOptions,
  after: bigint | undefined,
): AsyncGenerator<LogBatch> {
  let position = after ?? 0n;
  let checkpoint = position;
  const wake = new Signal();
  const subscription: AllStreamSubscription = call.client.subscribeToAll(
    {
      fromPosition: after === undefined ? START : { commit: after, prepare: after },
      filter: streamNameFilter({
        prefixes: [...prefixes],
        checkpointInterval: CHECKPOINT_INTERVAL,
        checkpointReached: (_subscription, reached) => {
          checkpoint = reached.commit;
          wake.give();
        },
      }),
    },
    { highWaterMark: maxBatch },
  );
  const state = new SubscriptionState(subscription, call, wake);
  signal.addEventListener('abort', wake.give, { once: true });
  try {
    while (!signal.aborted) {
      const events = drain(subscription, maxBatch);
      const last = events.at(-1);
      const drained = subscription.readableLength === 0;
      if (last) position = last.position;
      // A checkpoint stands behind every event that was buffered before it.
      const moved = drained && checkpoint > position;
      if (moved) position = checkpoint;
      const news = state.takeNews(drained);
      if (events.length > 0 || moved || news) {
        call.answered();
        yield { events, position, caughtUp: drained && state.caughtUp };
        continue;
      }
      if (state.error) throw state.error;
      if (state.ended) return;
      await wake.taken();
    }
  } finally {
    signal.removeEventListener('abort', wake.give);
    state.leave();
    // Where no node has been found yet, there is nothing to wait for.
    subscription.unsubscribe().catch(() => undefined);
    subscription.destroy();
  }
}

function drain(subscription: AllStreamSubscription, most: number): RecordedEvent[] {
  const events: RecordedEvent[] = [];
  while (events.length < most) {
    const resolved = subscription.read() as ResolvedLogEvent | null;
    if (resolved === null) break;
    const event = recorded(resolved);
    if (event) events.push(event);
  }
  return events;
}

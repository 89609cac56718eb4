import {
  type AllStreamSubscription,
  type EventStoreDBClient,
  START,
  streamNameFilter,
} from '@eventstore/db-client';
import type { RecordedEvent } from '../contracts/envelope.js';
import type { LogSink } from './observability.js';
import { type ResolvedLogEvent, recorded } from './recorded.js';
import { backoff, sleep } from './waiting.js';

/** A run of events in log order. */
export interface LogBatch {
  readonly events: readonly RecordedEvent[];
  /** Everything up to here has been considered: also events that the filter left out. */
  readonly position: bigint;
  /** Nothing more was waiting when this was handed out. */
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
  connect: () => EventStoreDBClient,
  options: SubscribeOptions,
  logger: LogSink,
): AsyncGenerator<LogBatch> {
  let position = options.after;
  let failures = 0;
  while (!options.signal.aborted) {
    try {
      for await (const batch of subscribed(connect(), options, position)) {
        position = batch.position;
        failures = 0;
        yield batch;
      }
      if (options.signal.aborted) return;
      throw new Error('the server ended the subscription');
    } catch (error) {
      if (options.signal.aborted) return;
      logger.warn(
        { err: error, subscription: options.name, position: position?.toString() },
        'subscription lost',
      );
      await sleep(backoff(failures++), options.signal);
    }
  }
}

async function* subscribed(
  client: EventStoreDBClient,
  { prefixes, maxBatch, signal }: SubscribeOptions,
  after: bigint | undefined,
): AsyncGenerator<LogBatch> {
  let position = after ?? 0n;
  let checkpoint = position;
  const wake = new Signal();
  const subscription: AllStreamSubscription = client.subscribeToAll(
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
  const state = watch(subscription, wake);
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
        yield { events, position, caughtUp: drained && state.caughtUp };
        continue;
      }
      if (state.error) throw state.error;
      if (state.ended) return;
      await wake.taken();
    }
  } finally {
    signal.removeEventListener('abort', wake.give);
    await subscription.unsubscribe().catch(() => undefined);
    subscription.destroy();
  }
}

/** What the subscription's events said so far. */
class SubscriptionState {
  error: Error | undefined;
  ended = false;
  caughtUp = false;
  #told = false;

  /** True once, when the subscription has caught up and all that it had read was handed out. */
  takeNews(drained: boolean): boolean {
    if (!drained || !this.caughtUp || this.#told) return false;
    this.#told = true;
    return true;
  }

  fellBehind(): void {
    this.caughtUp = false;
    this.#told = false;
  }
}

function watch(subscription: AllStreamSubscription, wake: Signal): SubscriptionState {
  const state = new SubscriptionState();
  const end = (): void => {
    state.ended = true;
    wake.give();
  };
  subscription.on('readable', wake.give);
  subscription.on('end', end);
  subscription.on('close', end);
  subscription.on('error', (error: Error) => {
    state.error = error;
    wake.give();
  });
  subscription.on('caughtUp', () => {
    state.caughtUp = true;
    wake.give();
  });
  subscription.on('fellBehind', () => state.fellBehind());
  return state;
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

/** A wake-up call that is not lost when it comes before somebody waits for it. */
class Signal {
  #given = false;
  #resolve: (() => void) | undefined;

  readonly give = (): void => {
    this.#given = true;
    this.#resolve?.();
  };

  async taken(): Promise<void> {
    if (!this.#given) await new Promise<void>((resolve) => (this.#resolve = resolve));
    this.#given = false;
    this.#resolve = undefined;
  }
}

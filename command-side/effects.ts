import type { NewEvent, RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import type { StreamName } from '@orders/shared-events/contracts/ids.js';
import type { AppendResult } from '@orders/shared-events/transport/append-gateway.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { sleep } from '@orders/shared-events/transport/waiting.js';
import type { SnapshotEffects } from './snapshot.js';
import { snapshotsIn } from './snapshot-store.js';

/** Everything that a decider's runner does to the world, so that a simulator can drive the runner itself. */
export interface Effects {
  /** Forward from a revision, inclusive, up to so many events; nothing for a missing stream. */
  read(stream: StreamName, fromRevision: bigint, maxCount?: number): AsyncIterable<RecordedEvent>;
  /** All events or none; throws where the outcome is unknown after identical retries. */
  append(
    stream: StreamName,
    expected: bigint | 'no_stream',
    events: readonly NewEvent[],
  ): Promise<AppendResult>;
  now(): Date;
  /** From [0, 1). */
  random(): number;
  sleep(ms: number): Promise<void>;
  /** For deciders whose states are kept beside the log; without it their streams are folded from the beginning. */
  readonly snapshots?: SnapshotEffects;
}

/** The real world: the event store, the clock and chance. */
export const effectsOf = (store: Pick<EventStore, 'append' | 'readStream'>): Effects => ({
  read: (stream, fromRevision, maxCount) => store.readStream(stream, fromRevision, maxCount),
  append: (stream, expected, events) => store.append(stream, expected, events),
  now: () => new Date(),
  random: Math.random,
  sleep,
});

/** The same for a decider whose states are kept beside the log. */
export const effectsWithSnapshots = (store: EventStore, logger: LogSink): Effects => ({
  ...effectsOf(store),
  snapshots: snapshotsIn(store, logger),
});

import { randomUUID } from 'node:crypto';
import {
  BACKWARDS,
  END,
  EventStoreDBClient,
  FORWARDS,
  START,
  StreamNotFoundError,
} from '@eventstore/db-client';
import type { NewEvent, RecordedEvent } from '../contracts/envelope.js';
import {
  type RECONCILIATION_STREAM,
  STREAM_CATEGORIES,
  type SnapshotStreamName,
  type StreamName,
} from '../contracts/ids.js';
import { AppendGateway, type AppendResult, type AppendableEvent } from './append-gateway.js';
import type { LogSink } from './observability.js';
import { type ResolvedLogEvent, recorded } from './recorded.js';
import { type LogBatch, type SubscribeOptions, follow } from './subscription.js';
import { within } from './waiting.js';

const IDENTITY_STREAM = 'logIdentity';
const OUR_STREAMS = STREAM_CATEGORIES.map((category) => `${category}-`);
const READ_DEADLINE_MS = 10_000;
/** A read of the whole log takes as long as the log is long; reads that should never end are subscriptions. */
const LOG_READ_DEADLINE_MS = 3_600_000;
const PING_DEADLINE_MS = 2_000;
const DEFAULT_BATCH = 500;

/** Streams that hold no events of the domain: nobody follows them. */
export type UnheardStreamName = SnapshotStreamName | typeof RECONCILIATION_STREAM;

/** EventStoreDB as this system uses it. One instance a process: it holds the only appending client. */
export class EventStore {
  readonly #appends: AppendGateway;
  readonly #reader: EventStoreDBClient;
  readonly #stop = new AbortController();

  /** @param url `esdb://host:port?tls=false`, or `esdb+discover://` for a cluster. */
  constructor(
    url: string,
    private readonly logger: LogSink,
  ) {
    let replacements = 0;
    this.#reader = EventStoreDBClient.connectionString(url);
    this.#appends = new AppendGateway(
      () => EventStoreDBClient.connectionString(withOwnConnection(url, replacements++)),
      (stream, from, count) => this.readStream(stream, from, count),
      logger,
    );
  }

  /**
   * Appends all events or none at `expected`, the revision of the last event seen. A conflict is a value;
   * throws AppendOutcomeUnknown where the log did not answer in time, and the driver's error where it
   * refused for good.
   */
  append(
    stream: StreamName,
    expected: bigint | 'no_stream',
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    return this.#appends.append(stream, expected, events);
  }

  /** The same for one event that is not the domain's: no subscriber hears it. */
  appendSnapshot(
    stream: UnheardStreamName,
    expected: bigint | 'no_stream',
    event: AppendableEvent,
  ): Promise<AppendResult> {
    return this.#appends.append(stream, expected, [event]);
  }

  /** Of this stream the store is to keep the last event only. What has been said about the stream before stays. */
  async keepLastOnly(stream: UnheardStreamName): Promise<void> {
    const limit = { id: randomUUID(), type: '$metadata', data: { $maxCount: 1 } };
    await this.#appends.append(`$$${stream}`, 'no_stream', [limit]);
  }

  /** Forward from a revision, inclusive; nothing for a missing stream. */
  async *readStream(stream: string, fromRevision = 0n, maxCount?: number): AsyncGenerator<RecordedEvent> {
    yield* this.#read(() =>
      this.#reader.readStream(stream, {
        direction: FORWARDS,
        fromRevision,
        deadline: READ_DEADLINE_MS,
        ...(maxCount === undefined ? {} : { maxCount }),
      }),
    );
  }

  /** The last `maxCount` events, newest first; nothing for a missing stream. */
  async *readStreamBackwards(stream: string, maxCount: number): AsyncGenerator<RecordedEvent> {
    yield* this.#read(() =>
      this.#reader.readStream(stream, {
        direction: BACKWARDS,
        fromRevision: END,
        maxCount,
        deadline: READ_DEADLINE_MS,
      }),
    );
  }

  /** The log forward, behind the commit position `after`; without system streams. */
  async *readAll({
    after,
    maxCount,
  }: { after?: bigint; maxCount?: number } = {}): AsyncGenerator<RecordedEvent> {
    let left = maxCount ?? Infinity;
    const all = this.#read(() =>
      this.#reader.readAll({
        direction: FORWARDS,
        fromPosition: after === undefined ? START : { commit: after, prepare: after },
        deadline: LOG_READ_DEADLINE_MS,
      }),
    );
    for await (const event of all) {
      // A read of $all includes the position that it starts at; a subscription does not.
      if (event.position === after || !isOurs(event)) continue;
      if (left-- <= 0) return;
      yield event;
    }
  }

  /** The event of ours that stands there; undefined where none does. */
  async eventAt(position: bigint): Promise<RecordedEvent | undefined> {
    const from = { commit: position, prepare: position };
    const found = this.#read(() =>
      this.#reader.readAll({
        direction: FORWARDS,
        fromPosition: from,
        maxCount: 1,
        deadline: READ_DEADLINE_MS,
      }),
    );
    for await (const event of found) return event.position === position && isOurs(event) ? event : undefined;
    return undefined;
  }

  /**
   * Commit position of the last event of those streams, of all of ours unless told otherwise; `atLeast`, 0n unless told
   * otherwise, where there is none behind that.
   */
  async head({ prefixes = OUR_STREAMS, atLeast = 0n }: Partial<HeadOptions> = {}): Promise<bigint> {
    const backwards = this.#read(() =>
      this.#reader.readAll({ direction: BACKWARDS, fromPosition: END, deadline: READ_DEADLINE_MS }),
    );
    for await (const event of backwards) {
      if (event.position <= atLeast) break;
      if (isOf(prefixes, event)) return event.position;
    }
    return atLeast;
  }

  /**
   * Follows the log; see `follow`. Batches of up to 500 events of all our streams unless told otherwise.
   */
  subscribe(
    options: Pick<SubscribeOptions, 'name' | 'after' | 'signal'> & Partial<SubscribeOptions>,
  ): AsyncGenerator<LogBatch> {
    const { prefixes = OUR_STREAMS, maxBatch = DEFAULT_BATCH } = options;
    const signal = AbortSignal.any([options.signal, this.#stop.signal]);
    return follow(() => this.#reader, { ...options, prefixes, maxBatch, signal }, this.logger);
  }

  /**
   * What tells this log from another: the id of one event that the first caller ever writes. Checkpoints keep
   * it, so that a checkpoint is never used on a log that it was not made from.
   */
  async identity(): Promise<string> {
    for await (const event of this.readStream(IDENTITY_STREAM, 0n, 1)) return event.id;
    const mark = { id: randomUUID(), type: 'LogIdentified', data: {} };
    const { outcome } = await this.#appends.append(IDENTITY_STREAM, 'no_stream', [mark]);
    return outcome === 'appended' ? mark.id : this.identity();
  }

  /** Throws where the log does not answer within two seconds. */
  async ping(): Promise<void> {
    const one = this.#read(() =>
      this.#reader.readAll({
        direction: BACKWARDS,
        fromPosition: END,
        maxCount: 1,
        deadline: PING_DEADLINE_MS,
      }),
    );
    await within(PING_DEADLINE_MS, 'event store', one.next());
    await one.return(undefined);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#appends.close(), this.#reader.dispose()]);
  }

  async *#read(open: () => Reading): AsyncGenerator<RecordedEvent> {
    const events = open();
    let ended = false;
    try {
      const all = events.iterator({ destroyOnReturn: false }) as AsyncIterable<ResolvedLogEvent>;
      for await (const resolved of all) {
        const event = recorded(resolved);
        if (event) yield event;
      }
      ended = true;
    } catch (error) {
      ended = true;
      if (!(error instanceof StreamNotFoundError)) throw error;
    } finally {
      if (!ended) await leave(events);
    }
  }
}

export interface HeadOptions {
  /** Beginnings of stream names. */
  readonly prefixes: readonly string[];
  /** No event up to here is looked at. */
  readonly atLeast: bigint;
}

type Reading = ReturnType<EventStoreDBClient['readAll']> | ReturnType<EventStoreDBClient['readStream']>;

/**
 * Ends a read before its end. A call whose answer nobody takes stays open in the driver for ever, and closing
 * the driver waits for it; so the rest, which the cancellation keeps short, is taken and thrown away.
 */
async function leave(reading: Reading): Promise<void> {
  reading.on('error', () => undefined);
  reading.resume();
  await reading.cancel();
}

/**
 * gRPC lets all channels with equal options share one connection, also one that has gone silent. So the n-th
 * replacement of a client has options that differ by n milliseconds.
 */
function withOwnConnection(url: string, replacement: number): string {
  if (replacement === 0) return url;
  const [, timeout = '10000'] = /keep[_-]?alive[_-]?timeout=(\d+)/i.exec(url) ?? [];
  return `${url}${url.includes('?') ? '&' : '?'}keepAliveTimeout=${Number(timeout) + replacement}`;
}

const isOf = (prefixes: readonly string[], { streamId }: RecordedEvent): boolean =>
  prefixes.some((prefix) => streamId.startsWith(prefix));
const isOurs = (event: RecordedEvent): boolean => isOf(OUR_STREAMS, event);

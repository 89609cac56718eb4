import { randomUUID } from 'node:crypto';
import { BACKWARDS, END, EventStoreDBClient, FORWARDS, START } from '@eventstore/db-client';
import type { NewEvent, RecordedEvent } from '../contracts/envelope.js';
import {
  type RECONCILIATION_STREAM,
  STREAM_CATEGORIES,
  type SnapshotStreamName,
  type StreamName,
} from '../contracts/ids.js';
import { AppendGateway, type AppendResult, type AppendableEvent } from './append-gateway.js';
import type { AppendOutcome } from './append.metrics.js';
import { appendingOver, withOwnConnection } from './driver-connection.js';
import type { LogSink } from './observability.js';
import { ReadingClient } from './reading-client.js';
import { type Open, eventsOf } from './reading.js';
import { type LogBatch, type SubscribeOptions, follow } from './subscription.js';

const IDENTITY_STREAM = 'logIdentity';
const OUR_STREAMS = STREAM_CATEGORIES.map((category) => `${category}-`);
/** No read waits longer for the next event, or the end. */
const READ_DEADLINE_MS = 10_000;
const PING_DEADLINE_MS = 2_000;
const DEFAULT_BATCH = 500;

/** Streams that hold no events of the domain: nobody follows them. */
export type UnheardStreamName = SnapshotStreamName | typeof RECONCILIATION_STREAM;

/** EventStoreDB as this system uses it. One instance a process: it holds the only appending client. */
export class EventStore {
  readonly #appends: AppendGateway;
  readonly #reader: ReadingClient;
  readonly #stop = new AbortController();

  /**
   * @param url `esdb://host:port?tls=false`; of a cluster with several hosts, or `esdb+discover://`
   * @param ended is told what came of each append of events
   */
  constructor(
    url: string,
    private readonly logger: LogSink,
    private readonly ended: (stream: StreamName, outcome: AppendOutcome) => void = () => undefined,
  ) {
    let clients = 0;
    const connect = () => EventStoreDBClient.connectionString(withOwnConnection(url, clients++));
    this.#reader = new ReadingClient(connect, logger);
    this.#appends = new AppendGateway(
      () => appendingOver(connect()),
      (stream, from, count) => this.readStream(stream, from, count),
      logger,
    );
  }

  /**
   * Appends all events or none at `expected`, the revision of the last event seen. A conflict is a value;
   * throws AppendOutcomeUnknown where the log did not answer in time, and the driver's error where it
   * refused for good.
   */
  async append(
    stream: StreamName,
    expected: bigint | 'no_stream',
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    let outcome: AppendOutcome = 'failed';
    try {
      const result = await this.#appends.append(stream, expected, events);
      outcome = result.outcome;
      return result;
    } finally {
      this.ended(stream, outcome);
    }
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
    yield* this.#read((client) =>
      client.readStream(stream, {
        direction: FORWARDS,
        fromRevision,
        ...(maxCount === undefined ? {} : { maxCount }),
      }),
    );
  }

  /** The last `maxCount` events, newest first; nothing for a missing stream. */
  async *readStreamBackwards(stream: string, maxCount: number): AsyncGenerator<RecordedEvent> {
    yield* this.#read((client) =>
      client.readStream(stream, {
        direction: BACKWARDS,
        fromRevision: END,
        maxCount,
      }),
    );
  }

  /** The log forward, behind the commit position `after`; without system streams. */
  async *readAll({
    after,
    maxCount,
  }: { after?: bigint; maxCount?: number } = {}): AsyncGenerator<RecordedEvent> {
    let left = maxCount ?? Infinity;
    const all = this.#read((client) =>
      client.readAll({
        direction: FORWARDS,
        fromPosition: after === undefined ? START : { commit: after, prepare: after },
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
    const found = this.#read((client) =>
      client.readAll({ direction: FORWARDS, fromPosition: from, maxCount: 1 }),
    );
    for await (const event of found) return event.position === position && isOurs(event) ? event : undefined;
    return undefined;
  }

  /**
   * Commit position of the last event of those streams, of all of ours unless told otherwise; `atLeast`, 0n unless told
   * otherwise, where there is none behind that.
   */
  async head({ prefixes = OUR_STREAMS, atLeast = 0n }: Partial<HeadOptions> = {}): Promise<bigint> {
    const backwards = this.#read((client) => client.readAll({ direction: BACKWARDS, fromPosition: END }));
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
    return follow(() => this.#reader.call(), { ...options, prefixes, maxBatch, signal }, this.logger);
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
    const one = this.#read(
      (client) => client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 }),
      PING_DEADLINE_MS,
    );
    await one.next();
    await one.return(undefined);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#appends.close(), this.#reader.close()]);
  }

  #read(open: Open, deadlineMs = READ_DEADLINE_MS): AsyncGenerator<RecordedEvent> {
    return eventsOf(this.#reader.call(), open, deadlineMs);
  }
}

export interface HeadOptions {
  /** Beginnings of stream names. */
  readonly prefixes: readonly string[];
  /** No event up to here is looked at. */
  readonly atLeast: bigint;
}

const isOf = (prefixes: readonly string[], { streamId }: RecordedEvent): boolean =>
  prefixes.some((prefix) => streamId.startsWith(prefix));
const isOurs = (event: RecordedEvent): boolean => isOf(OUR_STREAMS, event);

import { randomUUID } from 'node:crypto';
import {
  type AppendResult as DriverResult,
  type EventData,
  type AppendExpectedRevision,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { STREAM_CATEGORIES } from '@orders/shared-events/contracts/ids.js';
import { AppendGateway } from '@orders/shared-events/transport/append-gateway.js';
import type {
  EventStore,
  HeadOptions,
  UnheardStreamName,
} from '@orders/shared-events/transport/event-store.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import type { LogBatch } from '@orders/shared-events/transport/subscription.js';
import type { EventLog } from './event-log.js';
import type { Life, Network } from './life.js';
import type { Listeners } from './listeners.js';

type Used = Pick<
  EventStore,
  | 'append'
  | 'appendSnapshot'
  | 'keepLastOnly'
  | 'readStream'
  | 'readStreamBackwards'
  | 'subscribe'
  | 'eventAt'
  | 'head'
  | 'identity'
>;

const OUR_STREAMS = STREAM_CATEGORIES.map((category) => `${category}-`);
const MOST_A_BATCH = 500;

/** What the driver says of a store that it does not reach. */
const unavailable = (): Error =>
  Object.assign(new Error('the event store is not reached'), { type: 'unavailable' });

export interface StoreParts {
  readonly log: EventLog;
  readonly network: Network;
  readonly listeners: Listeners;
  /** How a stream is called where what happens to it is named. */
  readonly nameOf: (stream: string) => string;
}

/** The event store as one process has it: the product's own gateway appends, over a driver that is simulated. */
export class SimulatedEventStore implements Used {
  readonly #gateway: AppendGateway;

  constructor(
    private readonly parts: StoreParts,
    private readonly life: Life,
    logger: LogSink,
  ) {
    const client = {
      appendToStream: this.#appendToStream.bind(this),
      dispose: () => Promise.resolve(),
    };
    this.#gateway = new AppendGateway(
      () => client,
      (stream, from, count) => this.readStream(stream, from, count),
      logger,
    );
  }

  append: Used['append'] = (stream, expected, events) => this.#gateway.append(stream, expected, events);

  appendSnapshot: Used['appendSnapshot'] = (stream, expected, event) =>
    this.#gateway.append(stream, expected, [event]);

  /** It is said, and all is kept: whoever reads such a stream reads its last event. */
  async keepLastOnly(stream: UnheardStreamName): Promise<void> {
    const limit = { id: randomUUID(), type: '$metadata', data: { $maxCount: 1 } };
    await this.#gateway.append(`$$${stream}`, 'no_stream', [limit]);
  }

  async *readStream(stream: string, fromRevision = 0n, maxCount?: number): AsyncGenerator<RecordedEvent> {
    const { log, network, nameOf } = this.parts;
    const from = Number(fromRevision);
    const read = () => log.stream(stream).slice(from, maxCount === undefined ? undefined : from + maxCount);
    yield* await network.request(this.life, 'read', nameOf(stream), read, unavailable);
  }

  async *readStreamBackwards(stream: string, maxCount: number): AsyncGenerator<RecordedEvent> {
    const { log, network, nameOf } = this.parts;
    const read = () => log.stream(stream).slice(-maxCount).reverse();
    yield* await network.request(this.life, 'read', nameOf(stream), read, unavailable);
  }

  /**
   * A batch holds what is there when it is taken, or the first part of it; the next one comes when the rest does, or
   * something new is there.
   */
  async *subscribe({
    name,
    after,
    prefixes = OUR_STREAMS,
    maxBatch = MOST_A_BATCH,
    signal,
  }: Parameters<Used['subscribe']>[0]): AsyncGenerator<LogBatch> {
    const { log, listeners } = this.parts;
    let index = log.indexAfter(after);
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      if (!isFirst && index === log.events.length) await listeners.news(this.life, name, signal);
      if (signal.aborted) return;
      const there = Math.min(log.events.length - index, maxBatch);
      const together = listeners.together(this.life, name, there);
      const considered = log.events.slice(index, index + together);
      index += together;
      const events = considered.filter(({ streamId }) =>
        prefixes.some((prefix) => streamId.startsWith(prefix)),
      );
      const position = considered.at(-1)?.position ?? after ?? 0n;
      yield { events, position, caughtUp: index === log.events.length };
      if (together < there) await listeners.rest(this.life, name, signal);
    }
  }

  head({ prefixes = [''], atLeast = 0n }: Partial<HeadOptions> = {}): Promise<bigint> {
    const { log, network } = this.parts;
    const head = () => log.headOf(prefixes, atLeast);
    return network.ask(this.life, 'read', 'head', head, unavailable);
  }

  eventAt(position: bigint): Promise<RecordedEvent | undefined> {
    const { log, network } = this.parts;
    const find = () => log.events.find((event) => event.position === position);
    return network.ask(this.life, 'read', 'event at', find, unavailable);
  }

  identity(): Promise<string> {
    const { network } = this.parts;
    return network.ask(this.life, 'read', 'identity', () => 'the simulated log', unavailable);
  }

  #appendToStream(
    stream: string,
    events: EventData | EventData[],
    { expectedRevision = 'any' }: { readonly expectedRevision?: AppendExpectedRevision } = {},
  ): Promise<DriverResult> {
    const { network, nameOf } = this.parts;
    const append = () => this.#written(stream, expectedRevision, [events].flat());
    return network.request(this.life, 'append', nameOf(stream), append, unavailable);
  }

  #written(stream: string, expected: AppendExpectedRevision, events: readonly EventData[]): DriverResult {
    const appended = this.parts.log.append(stream, expected, events.map(appendable));
    if ('conflict' in appended) {
      const versions = { streamName: stream, current: appended.conflict, expected };
      throw new WrongExpectedVersionError(undefined, versions);
    }
    const { revision, position } = appended;
    return {
      success: true,
      nextExpectedRevision: revision,
      position: { commit: position, prepare: position },
    };
  }
}

/** What the product appends is JSON. */
const appendable = ({ id, type, data, metadata }: EventData) => ({
  id,
  type,
  data: data as Readonly<Record<string, unknown>>,
  metadata: metadata as Readonly<Record<string, unknown>>,
});

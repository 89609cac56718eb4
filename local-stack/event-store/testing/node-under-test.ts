import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import type {
  AllStreamResolvedEvent,
  EventData,
  Position,
  RecordedEvent,
  ResolvedEvent,
} from '@eventstore/db-client';
import { startEventStore } from '../event-store.js';

/** A node that the contract suite runs against. */
export interface NodeUnderTest {
  readonly url: string;
  stop(): Promise<void>;
}

/** An event as both a stream and $all show it. */
export type PositionedEvent = RecordedEvent & { position: Position };

type Start = () => Promise<NodeUnderTest>;

export const EMBEDDED = 'the embedded node';

/** The embedded node, and the one at EVENTSTORE_URL when it is set: rows for `describe.each`. */
export function nodesUnderTest(): [name: string, start: Start][] {
  const url = process.env['EVENTSTORE_URL'];
  const embedded: [string, Start] = [EMBEDDED, startEmbedded];
  if (url === undefined || url === '') return [embedded];
  return [
    embedded,
    ['the node at EVENTSTORE_URL', () => Promise.resolve({ url, stop: () => Promise.resolve() })],
  ];
}

async function startEmbedded(): Promise<NodeUnderTest> {
  const dir = await temporaryFolder();
  const store = await startEventStore({ port: 0, dir });
  return {
    url: store.url,
    async stop() {
      await store.stop();
      await rm(dir, { recursive: true });
    },
  };
}

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'event-store-'));
}

export function connect(url: string): EventStoreDBClient {
  return EventStoreDBClient.connectionString(url);
}

/** A connection string with a further option, `name=value`. */
export function withOptions(url: string, option: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}${option}`;
}

/** A name that no other test uses: the node may be shared and old. */
export function newStream(category = 'test'): string {
  return `${category}-${crypto.randomUUID()}`;
}

/** `count` events that tell their number, from `first` on. */
export function numbered(count: number, first = 0): EventData[] {
  return Array.from({ length: count }, (_, index) =>
    jsonEvent({ type: 'Numbered', data: { number: first + index } }),
  );
}

/** The numbers that `numbered` gave. */
export function numbersOf(events: readonly { readonly data: unknown }[]): unknown[] {
  return events.map(({ data }) =>
    typeof data === 'object' && data !== null && 'number' in data ? data.number : data,
  );
}

/** What a read of a stream or of $all gives. Rejects as the read does. */
export async function eventsOf(
  read: AsyncIterable<ResolvedEvent | AllStreamResolvedEvent>,
): Promise<PositionedEvent[]> {
  const events: PositionedEvent[] = [];
  for await (const { event } of read) {
    if (event?.position !== undefined) events.push({ ...event, position: event.position });
  }
  return events;
}

/**
 * Which events they are, and where: what is compared of events that others may have written, which jest
 * would compare byte by byte for minutes.
 */
export function placesOf(events: readonly PositionedEvent[]): string[] {
  return events.map(
    ({ position, revision, streamId, id }) => `${position.commit} ${revision}@${streamId} ${id}`,
  );
}

/** Asks again and again until `condition` holds; throws after `deadline` ms. */
export async function until(condition: () => boolean | Promise<boolean>, deadline = 25_000): Promise<void> {
  const end = Date.now() + deadline;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`still not so after ${deadline} ms: ${condition.toString()}`);
    await setTimeout(5);
  }
}

/** The error that it is rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`it succeeded with ${String(value)}`);
    },
    (error: unknown) => error,
  );
}

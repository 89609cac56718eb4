import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  END,
  eventTypeFilter,
  jsonEvent,
  binaryEvent,
  START,
  StreamDeletedError,
  streamNameFilter,
} from '@eventstore/db-client';
import type { EventStoreDBClient, Filter, Position, ResolvedEvent } from '@eventstore/db-client';
import {
  connect,
  eventsOf,
  newStream,
  nodesUnderTest,
  type NodeUnderTest,
  numbered,
  numbersOf,
  type PositionedEvent,
  until,
} from './testing/node-under-test.js';

interface Subscription {
  on(event: 'data', listener: (resolved: ResolvedEvent) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'caughtUp' | 'fellBehind' | 'confirmation', listener: () => void): unknown;
  unsubscribe(): Promise<void>;
  pause(): unknown;
  resume(): unknown;
}

/** A subscription and what it has heard, in order. */
class Listener {
  readonly events: PositionedEvent[] = [];
  readonly heard: string[] = [];
  readonly checkpoints: bigint[] = [];
  failure: Error | undefined;

  constructor(readonly subscription: Subscription) {
    subscription.on('data', ({ event }) => {
      if (event?.position !== undefined) this.events.push({ ...event, position: event.position });
      this.heard.push('event');
    });
    subscription.on('error', (error) => (this.failure = error));
    for (const name of ['caughtUp', 'fellBehind', 'confirmation'] as const) {
      subscription.on(name, () => this.heard.push(name));
    }
  }

  async caughtUp(): Promise<void> {
    await until(() => this.heard.includes('caughtUp'));
  }

  async received(count: number): Promise<void> {
    await until(() => this.events.length >= count);
  }

  of(category: string): PositionedEvent[] {
    return this.events.filter(({ streamId }) => streamId.startsWith(category));
  }
}

describe.each(nodesUnderTest())('subscribing to %s', (_node, start) => {
  let node: NodeUnderTest;
  let client: EventStoreDBClient;
  const listeners: Listener[] = [];

  beforeAll(async () => {
    node = await start();
    client = connect(node.url);
  });

  afterEach(async () => {
    await Promise.all(listeners.splice(0).map(({ subscription }) => subscription.unsubscribe()));
  });

  afterAll(async () => {
    await client.dispose();
    await node.stop();
  });

  function listen(subscription: Subscription): Listener {
    const listener = new Listener(subscription);
    listeners.push(listener);
    return listener;
  }

  const toStream = (stream: string, fromRevision: bigint | typeof START | typeof END = START): Listener =>
    listen(client.subscribeToStream(stream, { fromRevision }));
  const toAll = (fromPosition: Position | typeof START | typeof END = START): Listener =>
    listen(client.subscribeToAll({ fromPosition }));

  function toFiltered(
    filter: Filter,
    fromPosition: Position | typeof START | typeof END | undefined,
  ): Listener {
    const checkpoints: bigint[] = [];
    const checkpointReached = (_subscription: unknown, position: Position) =>
      void checkpoints.push(position.commit);
    const listener = listen(
      client.subscribeToAll({
        filter: { ...filter, checkpointReached },
        fromPosition: fromPosition ?? START,
      }),
    );
    return Object.assign(listener, { checkpoints });
  }

  describe('a stream', () => {
    test('first confirms, then sends what is there, then says that it has caught up, then what comes', async () => {
      const stream = newStream();
      await client.appendToStream(stream, numbered(3));
      const listener = toStream(stream);
      await listener.caughtUp();
      await client.appendToStream(stream, numbered(2, 3));
      await listener.received(5);
      expect(listener.heard).toEqual([
        'confirmation',
        'event',
        'event',
        'event',
        'caughtUp',
        'event',
        'event',
      ]);
      expect(numbersOf(listener.events)).toEqual([0, 1, 2, 3, 4]);
    });

    test.each([
      ['after a revision, which is not included', 2n, [3, 4, 5]],
      ['after the last revision', 4n, [5]],
      ['from the end', END, [5]],
    ] as const)('%s', async (_case, from, expected) => {
      const stream = newStream();
      await client.appendToStream(stream, numbered(5));
      const listener = toStream(stream, from);
      await listener.caughtUp();
      await client.appendToStream(stream, numbered(1, 5));
      await listener.received(expected.length);
      expect(numbersOf(listener.events)).toEqual(expected);
    });

    test('hears nothing of other streams', async () => {
      const stream = newStream();
      const listener = toStream(stream);
      await listener.caughtUp();
      await client.appendToStream(`${stream}0`, numbered(3));
      await client.appendToStream(stream, numbered(1, 7));
      await listener.received(1);
      expect(numbersOf(listener.events)).toEqual([7]);
    });

    test.each([START, END] as const)('is waited for when it does not exist yet, from %s', async (from) => {
      const stream = newStream();
      const listener = toStream(stream, from);
      await listener.caughtUp();
      await client.appendToStream(stream, numbered(2));
      await listener.received(2);
      expect(numbersOf(listener.events)).toEqual([0, 1]);
    });

    test('that is deleted is heard again when it is begun anew', async () => {
      const stream = newStream();
      await client.appendToStream(stream, numbered(2));
      await client.deleteStream(stream);
      const listener = toStream(stream);
      await listener.caughtUp();
      await client.appendToStream(stream, numbered(1, 2));
      await listener.received(1);
      expect(listener.events.map(({ revision }) => revision)).toEqual([2n]);
    });

    test('shows only what its limits leave when it catches up', async () => {
      const stream = newStream();
      await client.appendToStream(stream, numbered(5));
      await client.setStreamMetadata(stream, { maxCount: 2 });
      const listener = toStream(stream);
      await listener.caughtUp();
      expect(numbersOf(listener.events)).toEqual([3, 4]);
    });

    test('ends with stream-deleted when it is tombstoned', async () => {
      const stream = newStream();
      await client.appendToStream(stream, numbered(1));
      const listener = toStream(stream);
      await listener.caughtUp();
      await client.appendToStream(stream, numbered(1, 1));
      await client.tombstoneStream(stream);
      await until(() => listener.failure !== undefined);
      expect(listener.failure).toBeInstanceOf(StreamDeletedError);
      expect(listener.failure).toMatchObject({ streamName: stream });
      expect(numbersOf(listener.events)).toEqual([0, 1]);
    });

    test('sends a slow subscriber what came before the tombstone, then ends', async () => {
      const stream = newStream();
      const listener = toStream(stream);
      await listener.caughtUp();
      listener.subscription.pause();
      for (let number = 0; number < 1000; number += 50) {
        const large = Array.from({ length: 50 }, () =>
          binaryEvent({ type: 'Large', data: new Uint8Array(4000) }),
        );
        await client.appendToStream(stream, large);
      }
      await client.tombstoneStream(stream);
      listener.subscription.resume();
      await until(() => listener.failure !== undefined);
      expect(listener.events.map(({ revision }) => Number(revision))).toEqual(
        Array.from({ length: 1000 }, (_, number) => number),
      );
    });

    test('that is tombstoned already ends with stream-deleted at once', async () => {
      const stream = newStream();
      await client.tombstoneStream(stream);
      const listener = toStream(stream);
      await until(() => listener.failure !== undefined);
      expect(listener.failure).toBeInstanceOf(StreamDeletedError);
    });
  });

  describe('$all', () => {
    test('sends everything from the start, then what comes, as a read shows it', async () => {
      await client.appendToStream(newStream(), numbered(3));
      const listener = toAll();
      await listener.caughtUp();
      const { position } = await client.appendToStream(newStream(), numbered(3));
      await until(() => listener.events.at(-1)?.position.commit === position!.commit);
      expect(listener.events).toEqual(await eventsOf(client.readAll()));
    });

    test('after a position, which is not included', async () => {
      const stream = newStream();
      await client.appendToStream(stream, numbered(3));
      const [, second] = await eventsOf(client.readStream(stream));
      const listener = toAll(second!.position);
      await until(() => listener.of(stream).length > 0);
      expect(numbersOf(listener.of(stream))).toEqual([2]);
    });

    test('from the end only what comes', async () => {
      const stream = newStream();
      await client.appendToStream(stream, numbered(3));
      const listener = toAll(END);
      await listener.caughtUp();
      await client.appendToStream(stream, numbered(1, 3));
      await listener.received(1);
      expect(numbersOf(listener.of(stream))).toEqual([3]);
    });

    test('subscribers who come while many append miss nothing and hear nothing twice', async () => {
      const category = newStream('busy');
      const { position } = await client.appendToStream(newStream(), numbered(1));
      const names = Array.from({ length: 6 }, (_, writer) => `${category}-${writer}`);
      const everyone: [listener: Listener, streams: string[]][] = [];
      await Promise.all(
        names.map(async (name, writer) => {
          for (let number = 0; number < 25; number++) {
            if (number % 5 === 0 && writer === 0) {
              everyone.push([toAll(position), names], [toStream(names[3]!), names.slice(3, 4)]);
            }
            await client.appendToStream(name, numbered(3, number * 3));
          }
        }),
      );
      for (const [listener, streams] of everyone) {
        await until(() => listener.of(category).length >= streams.length * 75);
        for (const stream of streams) {
          expect(numbersOf(listener.of(stream))).toEqual(Array.from({ length: 75 }, (_, number) => number));
        }
        const positions = listener.events.map((event) => event.position.commit);
        expect(positions).toEqual([...positions].sort((a, b) => (a < b ? -1 : 1)));
      }
    });
  });

  describe('a filter', () => {
    /** Twelve events, alternately of two types, the first half in one stream and the rest in another. */
    async function append(category: string, numbers: readonly number[]): Promise<void> {
      for (const number of numbers) {
        const type = `${category}${number % 2 === 0 ? 'Even' : 'Odd'}`;
        await client.appendToStream(
          `${category}-${number < 6 ? 'low' : 'high'}`,
          jsonEvent({ type, data: { number } }),
        );
      }
    }

    test.each<[string, (category: string) => Filter, number[]]>([
      [
        'stream names that begin with a text',
        (name) => streamNameFilter({ prefixes: [`${name}-lo`] }),
        [0, 1, 2, 3, 4, 5],
      ],
      [
        'stream names that begin with one of two',
        (name) => streamNameFilter({ prefixes: [`${name}-h`, 'x'] }),
        [6, 7, 8, 9, 10, 11],
      ],
      [
        'stream names by a pattern',
        (name) => streamNameFilter({ regex: `^${name}-.*(gh|w)$` }),
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
      ],
      [
        'event types that begin with a text',
        (name) => eventTypeFilter({ prefixes: [`${name}Ev`] }),
        [0, 2, 4, 6, 8, 10],
      ],
      ['event types by a pattern', (name) => eventTypeFilter({ regex: `${name}O.d$` }), [1, 3, 5, 7, 9, 11]],
    ])('passes %s, what is there and what comes', async (_case, filter, expected) => {
      const category = newStream('filtered');
      const { position } = await client.appendToStream(newStream('unrelated'), numbered(1));
      await append(category, [0, 1, 2, 6, 7, 8]);
      const listener = toFiltered(filter(category), position);
      await listener.caughtUp();
      expect(numbersOf(listener.events).sort()).toEqual(expected.filter((number) => number % 6 < 3).sort());
      await append(category, [3, 4, 5, 9, 10, 11]);
      await listener.received(expected.length);
      expect(numbersOf(listener.events).sort()).toEqual([...expected].sort());
    });

    test('tells its position each time the window has passed, while it catches up', async () => {
      const stream = newStream('quiet');
      const { position } = await client.appendToStream(stream, numbered(1));
      await client.appendToStream(stream, numbered(20, 1));
      const filter = {
        ...streamNameFilter({ prefixes: ['no such stream'] }),
        maxSearchWindow: 5,
        checkpointInterval: 2,
      };
      const listener = toFiltered(filter, position);
      await listener.caughtUp();
      const passed = await eventsOf(client.readAll({ fromPosition: position!, maxCount: 21 }));
      expect(listener.checkpoints).toEqual([passed[10]!.position.commit, passed[20]!.position.commit]);
      expect(listener.events).toEqual([]);
    });

    test('tells its position while it is live', async () => {
      const stream = newStream('quiet');
      const filter = {
        ...streamNameFilter({ prefixes: ['no such stream'] }),
        maxSearchWindow: 4,
        checkpointInterval: 1,
      };
      const listener = toFiltered(filter, END);
      await listener.caughtUp();
      const expected: bigint[] = [];
      for (let number = 1; number <= 12; number++) {
        const { position } = await client.appendToStream(stream, numbered(1, number));
        if (number % 4 === 0) expected.push(position!.commit);
      }
      await until(() => listener.checkpoints.length === 3);
      expect(listener.checkpoints).toEqual(expected);
    });

    test('a subscriber that goes on from a checkpoint misses nothing', async () => {
      const stream = newStream('resumed');
      const { position } = await client.appendToStream(stream, numbered(1));
      const filter = {
        ...streamNameFilter({ prefixes: [stream] }),
        maxSearchWindow: 1,
        checkpointInterval: 3,
      };
      await client.appendToStream(stream, numbered(10, 1));
      const first = toFiltered(filter, position);
      await first.caughtUp();
      const checkpoint = first.checkpoints.at(-1)!;
      const before = first.events.filter((event) => event.position.commit <= checkpoint);
      const second = toFiltered(filter, { commit: checkpoint, prepare: checkpoint });
      await second.caughtUp();
      expect(numbersOf([...before, ...second.events])).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    });
  });

  test('a slow subscriber is sent back to catching up, is told so (as of 24.10), and misses nothing', async () => {
    const stream = newStream();
    const listener = toStream(stream);
    await listener.caughtUp();
    listener.subscription.pause();
    for (let number = 0; number < 1500; number += 50) {
      const events = numbered(50, number).map(({ data }) =>
        binaryEvent({
          type: 'Large',
          data: new Uint8Array(4000).fill(0),
          metadata: data as { number: number },
        }),
      );
      await client.appendToStream(stream, events);
    }
    listener.subscription.resume();
    await listener.received(1500);
    expect(listener.events.map(({ revision }) => revision)).toEqual(
      Array.from({ length: 1500 }, (_, number) => BigInt(number)),
    );
    await until(() => listener.heard.at(-1) === 'caughtUp');
    expect(listener.heard.filter((word) => word !== 'event').slice(0, 4)).toEqual([
      'confirmation',
      'caughtUp',
      'fellBehind',
      'caughtUp',
    ]);
  });

  test('a hundred subscribers hear the same', async () => {
    const stream = newStream();
    const everyone = Array.from({ length: 100 }, () => toStream(stream));
    await Promise.all(everyone.map((listener) => listener.caughtUp()));
    await client.appendToStream(stream, numbered(5));
    await Promise.all(everyone.map((listener) => listener.received(5)));
    for (const { events } of everyone) expect(numbersOf(events)).toEqual([0, 1, 2, 3, 4]);
  });
});

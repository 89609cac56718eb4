import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  BACKWARDS,
  binaryEvent,
  END,
  FORWARDS,
  START,
  StreamDeletedError,
  StreamNotFoundError,
} from '@eventstore/db-client';
import type { EventStoreDBClient, ReadStreamOptions } from '@eventstore/db-client';
import {
  connect,
  eventsOf,
  failureOf,
  newStream,
  nodesUnderTest,
  type NodeUnderTest,
  numbered,
  numbersOf,
  type PositionedEvent,
} from './testing/node-under-test.js';

describe.each(nodesUnderTest())('reading from %s', (_node, start) => {
  let node: NodeUnderTest;
  let client: EventStoreDBClient;

  beforeAll(async () => {
    node = await start();
    client = connect(node.url);
  });

  afterAll(async () => {
    await client.dispose();
    await node.stop();
  });

  async function streamOf(count: number): Promise<string> {
    const stream = newStream();
    await client.appendToStream(stream, numbered(count));
    return stream;
  }

  describe('a stream of ten events', () => {
    let stream: string;

    beforeAll(async () => {
      stream = await streamOf(10);
    });

    test.each<[string, ReadStreamOptions, number[]]>([
      ['all of it', {}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
      ['from the start', { fromRevision: START }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
      ['the first three', { maxCount: 3 }, [0, 1, 2]],
      ['from a revision, which is included', { fromRevision: 7n }, [7, 8, 9]],
      ['two from a revision', { fromRevision: 4n, maxCount: 2 }, [4, 5]],
      ['the last one', { fromRevision: 9n }, [9]],
      ['from beyond the end', { fromRevision: 10n }, []],
      ['from far beyond the end', { fromRevision: 2n ** 63n }, []],
      ['from the end', { fromRevision: END }, []],
    ])('forwards: %s', async (_case, options, expected) => {
      expect(
        numbersOf(await eventsOf(client.readStream(stream, { direction: FORWARDS, ...options }))),
      ).toEqual(expected);
    });

    test.each<[string, ReadStreamOptions, number[]]>([
      ['all of it from the end', { fromRevision: END }, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]],
      ['the last three', { fromRevision: END, maxCount: 3 }, [9, 8, 7]],
      ['from a revision, which is included', { fromRevision: 2n }, [2, 1, 0]],
      ['two from a revision', { fromRevision: 5n, maxCount: 2 }, [5, 4]],
      ['from the start', { fromRevision: START }, [0]],
      ['from beyond the end', { fromRevision: 25n, maxCount: 2 }, [9, 8]],
    ])('backwards: %s', async (_case, options, expected) => {
      expect(
        numbersOf(await eventsOf(client.readStream(stream, { direction: BACKWARDS, ...options }))),
      ).toEqual(expected);
    });

    test('its revisions count up, and its positions are those in $all', async () => {
      const events = await eventsOf(client.readStream(stream));
      expect(events.map(({ revision }) => revision)).toEqual([0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n]);
      const fromAll = await eventsOf(client.readAll({ fromPosition: events[0]!.position, maxCount: 10 }));
      expect(fromAll).toEqual(events);
    });
  });

  test.each([FORWARDS, BACKWARDS] as const)(
    'a stream that does not exist is not found %s',
    async (direction) => {
      const stream = newStream();
      const error = await failureOf(
        eventsOf(
          client.readStream(stream, { direction, fromRevision: direction === FORWARDS ? START : END }),
        ),
      );
      expect(error).toBeInstanceOf(StreamNotFoundError);
      expect(error).toMatchObject({ streamName: stream });
    },
  );

  test.each([FORWARDS, BACKWARDS] as const)(
    'a stream of many pages comes whole and in order %s',
    async (direction) => {
      const stream = newStream();
      for (let first = 0; first < 3000; first += 1000)
        await client.appendToStream(stream, numbered(1000, first));
      const numbers = Array.from({ length: 3000 }, (_, number) => number);
      const read = client.readStream(stream, {
        direction,
        fromRevision: direction === FORWARDS ? START : END,
      });
      const expected = direction === FORWARDS ? numbers : numbers.reverse();
      expect(numbersOf(await eventsOf(read))).toEqual(expected);
      const fromRevision = direction === FORWARDS ? START : END;
      const limited = client.readStream(stream, { direction, fromRevision, maxCount: 1501 });
      expect(numbersOf(await eventsOf(limited))).toEqual(expected.slice(0, 1501));
    },
  );

  test('events that are larger than a page come whole and in order', async () => {
    const stream = newStream();
    for (let byte = 0; byte < 5; byte++) {
      await client.appendToStream(
        stream,
        binaryEvent({ type: 'Large', data: new Uint8Array(900_000).fill(byte) }),
      );
    }
    const events = await eventsOf(client.readStream(stream));
    expect(
      events.map(({ data }) =>
        Buffer.from(data as Uint8Array).equals(Buffer.alloc(900_000, (data as Uint8Array)[0])),
      ),
    ).toEqual(Array.from({ length: 5 }, () => true));
    expect(events.map(({ data }) => (data as Uint8Array)[0])).toEqual([0, 1, 2, 3, 4]);
  });

  test('a reader who stops early leaves others undisturbed', async () => {
    const stream = await streamOf(2000);
    const read = client.readStream(stream);
    for await (const _event of read) break;
    await read.cancel();
    expect(await eventsOf(client.readStream(stream))).toHaveLength(2000);
  });

  describe('$all', () => {
    let stream: string;
    let events: PositionedEvent[];

    beforeAll(async () => {
      stream = await streamOf(10);
      events = await eventsOf(client.readStream(stream));
    });

    const at = (index: number) => events[index]!.position;

    test('positions rise, and commit equals prepare', () => {
      for (const [index, { position }] of events.entries()) {
        expect(position.commit).toBe(position.prepare);
        if (index > 0) expect(position.commit).toBeGreaterThan(at(index - 1).commit);
      }
    });

    test('forwards from the start it holds every stream, limited to a count', async () => {
      const first = await eventsOf(client.readAll({ fromPosition: START, maxCount: 7 }));
      expect(first).toHaveLength(7);
      const whole = await eventsOf(client.readAll());
      expect(whole.slice(0, 7)).toEqual(first);
      expect(whole.filter(({ streamId }) => streamId === stream)).toEqual(events);
    });

    test('forwards from a position the event there is included', async () => {
      const read = await eventsOf(client.readAll({ fromPosition: at(4), maxCount: 3 }));
      expect(numbersOf(read)).toEqual([4, 5, 6]);
    });

    test('backwards from a position the event there is not included', async () => {
      const read = await eventsOf(client.readAll({ direction: BACKWARDS, fromPosition: at(4), maxCount: 3 }));
      expect(numbersOf(read)).toEqual([3, 2, 1]);
    });

    test('backwards from the end it begins with the last event', async () => {
      const last = await client.appendToStream(stream, numbered(2, 10));
      const read = await eventsOf(
        client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 5000 }),
      );
      expect(read.find(({ streamId }) => streamId === stream)!.position).toEqual(last.position);
    });

    test.each([
      ['forwards from the end', FORWARDS, END],
      ['backwards from the start', BACKWARDS, START],
    ] as const)('%s there is nothing', async (_case, direction, fromPosition) => {
      expect(await eventsOf(client.readAll({ direction, fromPosition }))).toEqual([]);
    });

    test('forwards from beyond the end there is nothing', async () => {
      const beyond = { commit: 2n ** 60n, prepare: 2n ** 60n };
      expect(await eventsOf(client.readAll({ fromPosition: beyond }))).toEqual([]);
    });
  });

  describe('a stream with limits in its metadata', () => {
    const allNumbers = async (stream: string) => numbersOf(await eventsOf(client.readStream(stream)));

    test('maxCount shows the last ones, in both directions, and follows what is appended', async () => {
      const stream = await streamOf(5);
      await client.setStreamMetadata(stream, { maxCount: 2 });
      expect(await allNumbers(stream)).toEqual([3, 4]);
      await client.appendToStream(stream, numbered(1, 5));
      expect(await allNumbers(stream)).toEqual([4, 5]);
      const backwards = client.readStream(stream, { direction: BACKWARDS, fromRevision: END });
      expect(numbersOf(await eventsOf(backwards))).toEqual([5, 4]);
    });

    test('truncateBefore hides what is below it', async () => {
      const stream = await streamOf(5);
      await client.setStreamMetadata(stream, { truncateBefore: 3 });
      expect(await allNumbers(stream)).toEqual([3, 4]);
      expect(numbersOf(await eventsOf(client.readStream(stream, { fromRevision: 1n, maxCount: 1 })))).toEqual(
        [3],
      );
    });

    test('truncateBefore beyond the end leaves an empty stream, not a missing one', async () => {
      const stream = await streamOf(5);
      await client.setStreamMetadata(stream, { truncateBefore: 5 });
      expect(await allNumbers(stream)).toEqual([]);
    });

    test('maxAge hides what is older', async () => {
      const stream = await streamOf(2);
      await client.setStreamMetadata(stream, { maxAge: 3600 });
      expect(await allNumbers(stream)).toEqual([0, 1]);
    });

    test('they are lifted when the metadata no longer has them', async () => {
      const stream = await streamOf(3);
      await client.setStreamMetadata(stream, { maxCount: 1 });
      await client.setStreamMetadata(stream, { note: 'no limits' });
      expect(await allNumbers(stream)).toEqual([0, 1, 2]);
    });

    test('$all still holds what the stream hides', async () => {
      const stream = await streamOf(3);
      const { position } = (await eventsOf(client.readStream(stream)))[0]!;
      await client.setStreamMetadata(stream, { maxCount: 1 });
      expect(numbersOf(await eventsOf(client.readAll({ fromPosition: position, maxCount: 3 })))).toEqual([
        0, 1, 2,
      ]);
    });

    test('metadata is read back whole, and is the last that was set', async () => {
      const stream = newStream();
      await client.setStreamMetadata(stream, { maxCount: 1 });
      const metadata = {
        maxAge: 10,
        cacheControl: 20,
        acl: { readRoles: ['a', 'b'], writeRoles: ['c'] },
        owner: { name: 'someone' },
      };
      await client.setStreamMetadata(stream, metadata);
      await expect(client.getStreamMetadata(stream)).resolves.toMatchObject({ streamName: stream, metadata });
    });
  });

  describe('a deleted stream', () => {
    test('is not found, and is still in $all', async () => {
      const stream = await streamOf(2);
      const [first] = await eventsOf(client.readStream(stream));
      const { position } = await client.deleteStream(stream);
      await expect(eventsOf(client.readStream(stream))).rejects.toThrow(StreamNotFoundError);
      const inAll = await eventsOf(client.readAll({ fromPosition: first!.position, maxCount: 2000 }));
      expect(numbersOf(inAll.filter(({ streamId }) => streamId === stream))).toEqual([0, 1]);
      expect(inAll.find(({ streamId }) => streamId === `$$${stream}`)).toMatchObject({
        type: '$metadata',
        position,
      });
    });

    test('keeps the rest of its metadata when it is begun anew', async () => {
      const stream = await streamOf(2);
      await client.deleteStream(stream);
      await client.setStreamMetadata(stream, { note: 'kept', truncateBefore: 2 });
      await client.appendToStream(stream, numbered(1, 2));
      const { metadata } = await client.getStreamMetadata(stream);
      expect(metadata).toEqual({ note: 'kept', truncateBefore: 2 });
      expect(numbersOf(await eventsOf(client.readStream(stream)))).toEqual([2]);
    });

    test.each([
      ['deleteStream', (stream: string) => client.deleteStream(stream, { expectedRevision: 0n })],
      ['tombstoneStream', (stream: string) => client.tombstoneStream(stream, { expectedRevision: 0n })],
    ])('%s at a wrong revision is refused', async (_name, remove) => {
      const stream = await streamOf(2);
      const error = await failureOf(remove(stream));
      expect(error).toMatchObject({
        type: 'wrong-expected-version',
        streamName: stream,
        expectedVersion: 0n,
        actualVersion: 1n,
      });
      expect(await eventsOf(client.readStream(stream))).toHaveLength(2);
    });

    test('a tombstoned stream is told apart from a missing one, and cannot be deleted again', async () => {
      const stream = await streamOf(2);
      await client.tombstoneStream(stream, { expectedRevision: 1n });
      const error = await failureOf(eventsOf(client.readStream(stream)));
      expect(error).toBeInstanceOf(StreamDeletedError);
      expect(error).toMatchObject({ streamName: stream });
      await expect(client.deleteStream(stream)).rejects.toThrow(StreamDeletedError);
      await expect(client.tombstoneStream(stream)).rejects.toThrow(StreamDeletedError);
    });
  });
});

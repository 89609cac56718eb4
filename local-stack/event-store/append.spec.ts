import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  ANY,
  binaryEvent,
  BACKWARDS,
  END,
  jsonEvent,
  MaxAppendSizeExceededError,
  NO_STREAM,
  STREAM_EXISTS,
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import type { AppendResult, EventData, EventStoreDBClient } from '@eventstore/db-client';
import {
  connect,
  eventsOf,
  failureOf,
  newStream,
  nodesUnderTest,
  numbered,
  numbersOf,
  type NodeUnderTest,
} from './testing/node-under-test.js';

type Expected = bigint | typeof ANY | typeof NO_STREAM | typeof STREAM_EXISTS;

/** With credentials of its own a call goes through Append, without them through BatchAppend. */
const METHODS = [
  ['BatchAppend', {}],
  ['Append', { credentials: { username: 'admin', password: 'changeit' } }],
] as const;

describe.each(nodesUnderTest())('appending to %s', (_node, start) => {
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

  describe.each(METHODS)('through %s', (_method, options) => {
    const append = (
      stream: string,
      events: EventData | EventData[],
      expectedRevision: Expected,
    ): Promise<AppendResult> => client.appendToStream(stream, events, { expectedRevision, ...options });

    async function refusal(
      stream: string,
      events: EventData[],
      expected: Expected,
    ): Promise<WrongExpectedVersionError> {
      const error = await failureOf(append(stream, events, expected));
      if (!(error instanceof WrongExpectedVersionError)) throw error;
      return error;
    }

    describe('to a stream that does not exist', () => {
      test.each([ANY, NO_STREAM] as const)('%s begins it at revision 0', async (expected) => {
        const stream = newStream();
        const result = await append(stream, numbered(1), expected);
        expect(result).toMatchObject({ success: true, nextExpectedRevision: 0n });
        expect(numbersOf(await eventsOf(client.readStream(stream)))).toEqual([0]);
      });

      test.each([STREAM_EXISTS, 0n, 7n] as const)(
        '%s is refused and names no stream as the actual version',
        async (expected) => {
          const stream = newStream();
          const error = await refusal(stream, numbered(1), expected);
          expect(error).toMatchObject({
            streamName: stream,
            expectedVersion: expected,
            actualVersion: NO_STREAM,
          });
          await expect(eventsOf(client.readStream(stream))).rejects.toThrow(StreamNotFoundError);
        },
      );

      test('the last revision of several events is told, and where it is in $all', async () => {
        const stream = newStream();
        const { nextExpectedRevision, position } = await append(stream, numbered(3), NO_STREAM);
        const [last] = await eventsOf(client.readAll({ fromPosition: position!, maxCount: 1 }));
        expect(nextExpectedRevision).toBe(2n);
        expect(last).toMatchObject({ streamId: stream, revision: 2n, position });
      });

      test('an append without events succeeds and leaves it absent', async () => {
        const stream = newStream();
        await expect(append(stream, [], NO_STREAM)).resolves.toMatchObject({ success: true });
        await expect(eventsOf(client.readStream(stream))).rejects.toThrow(StreamNotFoundError);
      });
    });

    describe('to a stream whose last revision is 2', () => {
      let stream: string;
      let first: EventData[];
      let firstResult: AppendResult;

      async function existing(): Promise<string> {
        stream = newStream();
        first = numbered(3);
        firstResult = await append(stream, first, NO_STREAM);
        return stream;
      }

      test.each([ANY, STREAM_EXISTS, 2n] as const)('%s goes on with revision 3', async (expected) => {
        await existing();
        const result = await append(stream, numbered(2, 3), expected);
        expect(result.nextExpectedRevision).toBe(4n);
        expect(result.position!.commit).toBeGreaterThan(firstResult.position!.commit);
        expect(numbersOf(await eventsOf(client.readStream(stream)))).toEqual([0, 1, 2, 3, 4]);
      });

      test.each([NO_STREAM, 0n, 1n, 3n, 1000n, 2n ** 60n] as const)(
        '%s is refused, and nothing is written',
        async (expected) => {
          await existing();
          const error = await refusal(stream, numbered(2, 9), expected);
          expect(error).toMatchObject({ streamName: stream, expectedVersion: expected, actualVersion: 2n });
          expect(numbersOf(await eventsOf(client.readStream(stream)))).toEqual([0, 1, 2]);
        },
      );

      test.each([NO_STREAM, ANY, STREAM_EXISTS] as const)(
        'the same events again at %s are answered as the first time',
        async (expected) => {
          await existing();
          await append(stream, numbered(1, 3), 2n);
          await expect(append(stream, first, expected)).resolves.toEqual(firstResult);
          expect(numbersOf(await eventsOf(client.readStream(stream)))).toEqual([0, 1, 2, 3]);
        },
      );

      test('the same events again in mid-stream are answered as the first time', async () => {
        await existing();
        const second = numbered(2, 3);
        const secondResult = await append(stream, second, 2n);
        await append(stream, numbered(1, 5), 4n);
        await expect(append(stream, second, 2n)).resolves.toEqual(secondResult);
      });

      test('the first of several events again are answered with where they are', async () => {
        await existing();
        await expect(append(stream, first.slice(0, 2), NO_STREAM)).resolves.toMatchObject({
          nextExpectedRevision: 1n,
        });
      });

      test('the same ids with other data are a repeat, and the log keeps the first', async () => {
        await existing();
        const forged = first.map(({ id }) => jsonEvent({ id: id, type: 'Forged', data: { number: -1 } }));
        await expect(append(stream, forged, NO_STREAM)).resolves.toEqual(firstResult);
        expect(numbersOf(await eventsOf(client.readStream(stream)))).toEqual([0, 1, 2]);
      });

      test.each([NO_STREAM, ANY, STREAM_EXISTS] as const)(
        'known events followed by a new one are refused at %s',
        async (expected) => {
          await existing();
          expect((await refusal(stream, [...first, ...numbered(1, 3)], expected)).actualVersion).toBe(2n);
        },
      );

      test('at any revision a new event decides: what follows it is not compared', async () => {
        await existing();
        const result = await append(stream, [...numbered(1, 3), first[0]!], ANY);
        expect(result.nextExpectedRevision).toBe(4n);
      });

      test('the same ids in another stream are no repeat', async () => {
        await existing();
        const other = newStream();
        await append(other, first, ANY);
        expect(numbersOf(await eventsOf(client.readStream(other)))).toEqual([0, 1, 2]);
      });

      test('at the last revision ids are not compared', async () => {
        await existing();
        await expect(append(stream, first, 2n)).resolves.toMatchObject({ nextExpectedRevision: 5n });
      });

      test('an append without events is checked, then succeeds', async () => {
        await existing();
        await expect(append(stream, [], 2n)).resolves.toMatchObject({
          success: true,
          nextExpectedRevision: 2n,
        });
        expect((await refusal(stream, [], 1n)).actualVersion).toBe(2n);
      });
    });

    test('of many that expect the same revision exactly one wins', async () => {
      const stream = newStream();
      const results = await Promise.allSettled(
        Array.from({ length: 32 }, (_, writer) => append(stream, numbered(2, writer), NO_STREAM)),
      );
      const refused: unknown[] = results.flatMap((result) =>
        result.status === 'rejected' ? [result.reason as unknown] : [],
      );
      expect(refused).toHaveLength(31);
      for (const reason of refused) expect(reason).toMatchObject({ actualVersion: 1n });
      expect(await eventsOf(client.readStream(stream))).toHaveLength(2);
    });

    test('an event keeps its id, type, data and metadata', async () => {
      const stream = newStream('ströme "♞"');
      const event = jsonEvent({
        id: '5CE7A6F5-7A1F-4B3C-9A39-F5A1A0F8C3D1',
        type: 'Größe geändert ♞',
        data: { text: 'ä€😀', nested: { list: [1, 2.5, null, true] } },
        metadata: { $correlationId: 'c-1', text: '😀' },
      });
      await append(stream, event, NO_STREAM);
      const [read] = await eventsOf(client.readStream(stream));
      const { type, data, metadata } = event;
      expect(read).toMatchObject({
        streamId: stream,
        type,
        data,
        metadata,
        isJson: true,
        id: event.id.toLowerCase(),
      });
      expect(Math.abs(read!.created.getTime() - Date.now())).toBeLessThan(60_000);
    });

    test('binary data and metadata come back as the same bytes', async () => {
      const stream = newStream();
      const data = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      const event = binaryEvent({ type: 'Bytes', data, metadata: Uint8Array.of(255, 0, 1) });
      await append(stream, event, NO_STREAM);
      const [read] = await eventsOf(client.readStream(stream));
      expect(read).toMatchObject({ isJson: false });
      expect(Buffer.from(read!.data as Uint8Array)).toEqual(Buffer.from(data));
      expect(Buffer.from(read!.metadata as Uint8Array)).toEqual(Buffer.of(255, 0, 1));
    });

    describe('the size of an append', () => {
      const sized = (size: number): EventData =>
        binaryEvent({ type: '', data: new Uint8Array(size).fill(7) });

      test('may be 1 MiB', async () => {
        const stream = newStream();
        await append(stream, sized(1024 * 1024), NO_STREAM);
        const [read] = await eventsOf(client.readStream(stream));
        expect(read!.data).toHaveLength(1024 * 1024);
      });

      test.each([
        ['by one event', [sized(1024 * 1024 + 1)]],
        ['by several events', [sized(600_000), sized(600_000)]],
        ['by an event larger than most messages may be', [sized(6 * 1024 * 1024)]],
      ])('is refused when it is exceeded %s, and nothing is written', async (_case, events) => {
        const stream = newStream();
        const error = await failureOf(append(stream, events, NO_STREAM));
        expect(error).toBeInstanceOf(MaxAppendSizeExceededError);
        expect(error).toMatchObject({ maxAppendSize: 1024 * 1024 });
        await expect(eventsOf(client.readStream(stream))).rejects.toThrow(StreamNotFoundError);
      });
    });

    describe('to a deleted stream', () => {
      async function deleted(): Promise<string> {
        const stream = newStream();
        await append(stream, numbered(3), NO_STREAM);
        await client.deleteStream(stream);
        return stream;
      }

      test.each([ANY, NO_STREAM, 2n] as const)('%s begins anew after its old revisions', async (expected) => {
        const stream = await deleted();
        await expect(append(stream, numbered(2, 3), expected)).resolves.toMatchObject({
          nextExpectedRevision: 4n,
        });
        const events = await eventsOf(client.readStream(stream));
        expect(events.map(({ revision }) => revision)).toEqual([3n, 4n]);
      });

      test('stream_exists is refused as deleted', async () => {
        const stream = await deleted();
        await expect(append(stream, numbered(1), STREAM_EXISTS)).rejects.toThrow(StreamDeletedError);
      });

      test('another revision than its last one is refused', async () => {
        const stream = await deleted();
        expect((await refusal(stream, numbered(1), 1n)).actualVersion).toBe(2n);
      });
    });

    test.each([ANY, NO_STREAM, STREAM_EXISTS, 0n] as const)(
      'to a tombstoned stream %s is refused as deleted',
      async (expected) => {
        const stream = newStream();
        await append(stream, numbered(1), NO_STREAM);
        await client.tombstoneStream(stream);
        const error = await failureOf(append(stream, numbered(1), expected));
        expect(error).toBeInstanceOf(StreamDeletedError);
        expect(error).toMatchObject({ streamName: stream });
      },
    );

    test('stream_exists holds for a stream that has only metadata', async () => {
      const stream = newStream();
      await client.setStreamMetadata(stream, { owner: 'someone' });
      await expect(append(stream, numbered(1), STREAM_EXISTS)).resolves.toMatchObject({
        nextExpectedRevision: 0n,
      });
    });
  });

  test('names that begin alike, and very long ones, are streams of their own', async () => {
    const short = newStream();
    const names = [
      short,
      `${short}\0\0\0\0\0\0\0\0`,
      `${short}0`,
      `${short}${'x'.repeat(3000)}`,
      `${short}${'x'.repeat(3001)}`,
    ];
    for (const [index, name] of names.entries()) await client.appendToStream(name, numbered(2, index * 10));
    for (const [index, name] of names.entries()) {
      expect(numbersOf(await eventsOf(client.readStream(name)))).toEqual([index * 10, index * 10 + 1]);
    }
  });

  test('appends of many writers are all in $all once, in the order of their answers within a stream', async () => {
    const category = newStream('many');
    await Promise.all(
      Array.from({ length: 16 }, async (_, writer) => {
        for (let number = 0; number < 20; number++) {
          const expectedRevision = number === 0 ? NO_STREAM : BigInt(number - 1);
          await client.appendToStream(`${category}-${writer}`, numbered(1, number), { expectedRevision });
        }
      }),
    );
    const all = await eventsOf(client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 2000 }));
    const mine = all.reverse().filter(({ streamId }) => streamId.startsWith(category));
    expect(mine).toHaveLength(16 * 20);
    for (let writer = 0; writer < 16; writer++) {
      const numbers = numbersOf(mine.filter(({ streamId }) => streamId === `${category}-${writer}`));
      expect(numbers).toEqual(Array.from({ length: 20 }, (_, number) => number));
    }
  });
});

import { describe, expect, test } from '@jest/globals';
import {
  ANY,
  BACKWARDS,
  END,
  NO_STREAM,
  STREAM_EXISTS,
  StreamDeletedError,
  StreamNotFoundError,
} from '@eventstore/db-client';
import type { AppendResult, EventData, EventStoreDBClient } from '@eventstore/db-client';
import { APPEND_METHODS, contract, type Expected, refusalOf } from '../testing/contract.js';
import { connect, eventsOf, failureOf, newStream, numbered, numbersOf } from '../testing/node-under-test.js';

/** What a stream may have been through before it is appended to. */
const HISTORIES = {
  'does not exist': () => Promise.resolve(),
  'has only metadata': (client, stream) => client.setStreamMetadata(stream, { owner: 'someone' }),
  'has three events': (client, stream) => client.appendToStream(stream, numbered(3)),
  'hides its three events': async (client, stream) => {
    await client.appendToStream(stream, numbered(3));
    await client.setStreamMetadata(stream, { truncateBefore: 3 });
  },
  'is deleted after three events': async (client, stream) => {
    await client.appendToStream(stream, numbered(3));
    await client.deleteStream(stream);
  },
  'is deleted and had only metadata': async (client, stream) => {
    await client.setStreamMetadata(stream, { owner: 'someone' });
    await client.deleteStream(stream);
  },
} satisfies Record<string, (client: EventStoreDBClient, stream: string) => Promise<unknown>>;

type History = keyof typeof HISTORIES;

/** [what the stream has been through, expected revision, revision of the appended event] */
const ACCEPTED: [History, Expected, bigint][] = [
  ['does not exist', ANY, 0n],
  ['does not exist', NO_STREAM, 0n],
  ['has only metadata', ANY, 0n],
  ['has only metadata', NO_STREAM, 0n],
  ['has only metadata', STREAM_EXISTS, 0n],
  ['has three events', ANY, 3n],
  ['has three events', STREAM_EXISTS, 3n],
  ['has three events', 2n, 3n],
  ['hides its three events', ANY, 3n],
  ['hides its three events', STREAM_EXISTS, 3n],
  ['hides its three events', 2n, 3n],
  ['is deleted after three events', ANY, 3n],
  ['is deleted after three events', NO_STREAM, 3n],
  ['is deleted after three events', 2n, 3n],
  ['is deleted and had only metadata', ANY, 0n],
  ['is deleted and had only metadata', NO_STREAM, 0n],
];

/** [what the stream has been through, expected revision, actual revision that the refusal tells] */
const REFUSED: [History, Expected, bigint | typeof NO_STREAM][] = [
  ['does not exist', STREAM_EXISTS, NO_STREAM],
  ['does not exist', 0n, NO_STREAM],
  ['does not exist', 7n, NO_STREAM],
  ['has only metadata', 0n, NO_STREAM],
  ['has three events', NO_STREAM, 2n],
  ['has three events', 0n, 2n],
  ['has three events', 1n, 2n],
  ['has three events', 3n, 2n],
  ['has three events', 1000n, 2n],
  ['has three events', 2n ** 60n, 2n],
  ['hides its three events', NO_STREAM, 2n],
  ['hides its three events', 3n, 2n],
  ['is deleted after three events', 0n, 2n],
  ['is deleted after three events', 1n, 2n],
  ['is deleted after three events', 3n, 2n],
  ['is deleted and had only metadata', 0n, NO_STREAM],
];

const DELETED: [History][] = [['is deleted after three events'], ['is deleted and had only metadata']];

contract('appending to', (node) => {
  async function streamThat(history: History): Promise<string> {
    const stream = newStream();
    await HISTORIES[history](node.client, stream);
    return stream;
  }

  /** What `change` leads to in a stream, whether the stream shows it or not. */
  async function writtenBy(stream: string, change: () => Promise<unknown>): Promise<unknown[]> {
    const { position } = await node.client.appendToStream(newStream('before'), numbered(1));
    await change();
    const all = await eventsOf(node.client.readAll({ fromPosition: position! }));
    return numbersOf(all.filter(({ streamId }) => streamId === stream));
  }

  describe.each(APPEND_METHODS)('through %s', (_method, options) => {
    const append = (
      stream: string,
      events: EventData | EventData[],
      expectedRevision: Expected,
    ): Promise<AppendResult> => node.client.appendToStream(stream, events, { expectedRevision, ...options });

    test.each(ACCEPTED)(
      'a stream that %s takes it at %s, as revision %s',
      async (history, expected, revision) => {
        const stream = await streamThat(history);
        const result = await append(stream, numbered(1, 9), expected);
        expect(result).toMatchObject({ success: true, nextExpectedRevision: revision });
        const [last] = await eventsOf(
          node.client.readStream(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 1 }),
        );
        expect(last).toMatchObject({ revision, data: { number: 9 }, position: result.position });
      },
    );

    test.each(REFUSED)(
      'a stream that %s refuses it at %s, being at %s',
      async (history, expected, actual) => {
        const stream = await streamThat(history);
        const written = await writtenBy(stream, async () => {
          expect(await refusalOf(append(stream, numbered(2, 9), expected))).toMatchObject({
            type: 'wrong-expected-version',
            streamName: stream,
            expectedVersion: expected,
            actualVersion: actual,
          });
        });
        expect(written).toEqual([]);
      },
    );

    test.each(DELETED)('a stream that %s is refused as deleted to who needs it to exist', async (history) => {
      const stream = await streamThat(history);
      const error = await failureOf(append(stream, numbered(1), STREAM_EXISTS));
      expect(error).toBeInstanceOf(StreamDeletedError);
      expect(error).toMatchObject({ type: 'stream-deleted', streamName: stream });
    });

    test.each([ANY, NO_STREAM, STREAM_EXISTS, 0n, 1n] as const)(
      'a stream that is tombstoned refuses it at %s as deleted',
      async (expected) => {
        const stream = await node.streamOf(1);
        await node.client.tombstoneStream(stream);
        const error = await failureOf(append(stream, numbered(1), expected));
        expect(error).toBeInstanceOf(StreamDeletedError);
        expect(error).toMatchObject({ type: 'stream-deleted', streamName: stream });
      },
    );

    test('several events become one after the other, and the last one is told', async () => {
      const stream = await node.streamOf(2);
      const { nextExpectedRevision, position } = await append(stream, numbered(3, 2), 1n);
      const events = await eventsOf(node.client.readStream(stream));
      expect(numbersOf(events)).toEqual([0, 1, 2, 3, 4]);
      expect(events.map(({ revision }) => revision)).toEqual([0n, 1n, 2n, 3n, 4n]);
      expect(events.at(-1)).toMatchObject({ revision: nextExpectedRevision, position });
    });

    test('what it is answered with is where the last event stands in $all', async () => {
      const stream = newStream();
      const { position } = await append(stream, numbered(3), NO_STREAM);
      const [last] = await eventsOf(node.client.readAll({ fromPosition: position!, maxCount: 1 }));
      expect(last).toMatchObject({ streamId: stream, revision: 2n, position });
    });

    test('each append stands behind the one before it, whatever the streams', async () => {
      const positions: bigint[] = [];
      for (let number = 0; number < 5; number++) {
        positions.push((await append(newStream(), numbered(1), ANY)).position!.commit);
      }
      expect(positions).toEqual([...positions].sort((a, b) => (a < b ? -1 : 1)));
      expect(new Set(positions).size).toBe(5);
    });

    test('who reads after the answer sees it, in the stream and in $all, over another connection too', async () => {
      const reader = connect(node.url);
      for (let number = 0; number < 20; number++) {
        const stream = newStream();
        const { position } = await append(stream, numbered(1, number), NO_STREAM);
        expect(numbersOf(await eventsOf(reader.readStream(stream)))).toEqual([number]);
        const [inAll] = await eventsOf(reader.readAll({ fromPosition: position!, maxCount: 1 }));
        expect(inAll).toMatchObject({ streamId: stream, data: { number } });
      }
      await reader.dispose();
    });

    describe('no events', () => {
      test('is fine for a stream that does not exist, and leaves it so', async () => {
        const stream = newStream();
        await expect(append(stream, [], NO_STREAM)).resolves.toMatchObject({ success: true });
        await expect(append(stream, [], ANY)).resolves.toMatchObject({ success: true });
        await expect(eventsOf(node.client.readStream(stream))).rejects.toThrow(StreamNotFoundError);
      });

      test.each([ANY, STREAM_EXISTS, 2n] as const)(
        'is fine at %s, and leaves the stream',
        async (expected) => {
          const stream = await node.streamOf(3);
          await expect(append(stream, [], expected)).resolves.toMatchObject({ nextExpectedRevision: 2n });
          expect(await node.numbersIn(stream)).toEqual([0, 1, 2]);
        },
      );

      test.each([NO_STREAM, 0n, 1n, 3n] as const)('is refused at %s', async (expected) => {
        const stream = await node.streamOf(3);
        expect(await refusalOf(append(stream, [], expected))).toMatchObject({
          expectedVersion: expected,
          actualVersion: 2n,
        });
      });

      test('is refused as the beginning of a stream that is deleted', async () => {
        const stream = await streamThat('is deleted after three events');
        expect(await refusalOf(append(stream, [], NO_STREAM))).toMatchObject({ actualVersion: 2n });
        await expect(eventsOf(node.client.readStream(stream))).rejects.toThrow(StreamNotFoundError);
      });

      test.each([ANY, 2n] as const)('at %s brings a deleted stream back, empty', async (expected) => {
        const stream = await streamThat('is deleted after three events');
        await append(stream, [], expected);
        expect(await node.numbersIn(stream)).toEqual([]);
      });

      node.differing('has no position (EventStoreDB tells where it stands in the log)', async () => {
        const stream = await node.streamOf(1);
        expect((await append(stream, [], 0n)).position).toBeUndefined();
      });
    });
  });
});

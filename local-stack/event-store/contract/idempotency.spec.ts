import { beforeEach, describe, expect, test } from '@jest/globals';
import { ANY, jsonEvent, NO_STREAM, STREAM_EXISTS, StreamDeletedError } from '@eventstore/db-client';
import type { AppendResult, EventData } from '@eventstore/db-client';
import { APPEND_METHODS, contract, type Expected, refusalOf } from '../testing/contract.js';
import {
  connect,
  eventsOf,
  newStream,
  numbered,
  numbersOf,
  type PositionedEvent,
} from '../testing/node-under-test.js';

/**
 * The stream holds 0, 1, 2 from one append and 3 from a second one, so its last revision is 3. 'new' is
 * an event that it does not hold.
 */
type Sent = readonly (0 | 1 | 2 | 3 | 'new')[];

/** [events sent, expected revision, the held event that it is answered with] */
const REPEATS: [Sent, Expected, number][] = [
  [[0, 1, 2], NO_STREAM, 2],
  [[0, 1, 2], ANY, 2],
  [[0, 1, 2], STREAM_EXISTS, 2],
  [[0, 1], NO_STREAM, 1],
  [[0, 1], ANY, 1],
  [[1, 2], 0n, 2],
  [[1, 2], ANY, 2],
  [[1], 0n, 1],
  [[3], 2n, 3],
  [[2, 3], 1n, 3],
  [[2, 3], STREAM_EXISTS, 3],
  [[0, 1, 2, 3], NO_STREAM, 3],
  // Without a revision to compare, only that each is known counts: not where it is.
  [[0, 2], ANY, 2],
  [[2, 1, 0], ANY, 0],
  [[0, 0], STREAM_EXISTS, 0],
];

/** [events sent, expected revision] */
const REFUSALS: [Sent, Expected][] = [
  [[0, 1, 2, 'new'], NO_STREAM],
  [[0, 1, 2, 'new'], ANY],
  [[0, 1, 2, 'new'], STREAM_EXISTS],
  [[0, 'new'], ANY],
  [[3, 'new'], 2n],
  [[2, 3, 'new'], 1n],
  [['new'], NO_STREAM],
  [['new'], 2n],
  [['new', 0], NO_STREAM],
  [[0, 1, 2], 0n],
  [[0, 1, 2], 1n],
  [[2, 1, 0], NO_STREAM],
  [[0, 2], NO_STREAM],
  [[0, 0], NO_STREAM],
  [[3], 4n],
];

/** [events sent, expected revision, revision of the last one appended] */
const APPENDED: [Sent, Expected, bigint][] = [
  [['new'], ANY, 4n],
  // The first event decides: what follows is not compared.
  [['new', 0], ANY, 5n],
  [['new', 0], STREAM_EXISTS, 5n],
  // At the last revision no ids are compared.
  [[3], 3n, 4n],
  [[0, 1, 2], 3n, 6n],
];

contract('an append that comes again to', (node) => {
  describe.each(APPEND_METHODS)('through %s', (_method, options) => {
    const append = (stream: string, events: EventData[], expectedRevision: Expected): Promise<AppendResult> =>
      node.client.appendToStream(stream, events, { expectedRevision, ...options });

    let stream: string;
    let held: EventData[];
    let stored: PositionedEvent[];

    beforeEach(async () => {
      stream = newStream();
      held = numbered(4);
      await append(stream, held.slice(0, 3), NO_STREAM);
      await append(stream, held.slice(3), 2n);
      stored = await eventsOf(node.client.readStream(stream));
    });

    const those = (sent: Sent): EventData[] =>
      sent.map((number) => (number === 'new' ? numbered(1, 99)[0]! : held[number]!));

    test.each(REPEATS)(
      '%j at %s is answered with where %i is, and writes nothing',
      async (sent, expected, last) => {
        const { revision, position } = stored[last]!;
        expect(await append(stream, those(sent), expected)).toEqual({
          success: true,
          nextExpectedRevision: revision,
          position,
        });
        expect(await eventsOf(node.client.readStream(stream))).toEqual(stored);
      },
    );

    test.each(REFUSALS)('%j at %s is refused, and writes nothing', async (sent, expected) => {
      expect(await refusalOf(append(stream, those(sent), expected))).toMatchObject({
        streamName: stream,
        expectedVersion: expected,
        actualVersion: 3n,
      });
      expect(await eventsOf(node.client.readStream(stream))).toEqual(stored);
    });

    test.each(APPENDED)('%j at %s is appended, up to revision %s', async (sent, expected, last) => {
      expect(await append(stream, those(sent), expected)).toMatchObject({ nextExpectedRevision: last });
      const events = await eventsOf(node.client.readStream(stream));
      expect(events).toHaveLength(Number(last) + 1);
      expect(events.slice(4).map(({ id }) => id)).toHaveLength(sent.length);
    });

    test.each([NO_STREAM, ANY, STREAM_EXISTS] as const)(
      'with other data at %s it is a repeat all the same: the log keeps the first',
      async (expected) => {
        const forged = held.map(({ id }) => jsonEvent({ id, type: 'Forged', data: { number: -1 } }));
        expect(await append(stream, forged, expected)).toMatchObject({ nextExpectedRevision: 3n });
        expect(await eventsOf(node.client.readStream(stream))).toEqual(stored);
      },
    );

    test('the case of an id does not matter', async () => {
      const shouting = held.map(({ id, data }) =>
        jsonEvent({ id: id.toUpperCase(), type: 'Numbered', data: data as { number: number } }),
      );
      expect(await append(stream, shouting, NO_STREAM)).toMatchObject({ nextExpectedRevision: 3n });
      expect(await append(stream, shouting, ANY)).toMatchObject({ nextExpectedRevision: 3n });
      expect(await eventsOf(node.client.readStream(stream))).toEqual(stored);
    });

    test('over another connection it is a repeat too', async () => {
      const other = connect(node.url);
      for (const expectedRevision of [NO_STREAM, ANY] as const) {
        await expect(
          other.appendToStream(stream, held, { expectedRevision, ...options }),
        ).resolves.toMatchObject({
          nextExpectedRevision: 3n,
        });
      }
      await other.dispose();
      expect(await eventsOf(node.client.readStream(stream))).toEqual(stored);
    });

    test.each([NO_STREAM, ANY] as const)(
      'in another stream at %s the same ids are no repeat',
      async (expected) => {
        const other = newStream();
        expect(await append(other, held, expected)).toMatchObject({ nextExpectedRevision: 3n });
        expect(await node.numbersIn(other)).toEqual([0, 1, 2, 3]);
        expect(await append(stream, held, ANY)).toMatchObject({ nextExpectedRevision: 7n });
      },
    );

    test.each([NO_STREAM, ANY] as const)('at %s hidden events are known as well', async (expected) => {
      await node.client.setStreamMetadata(stream, { maxCount: 1 });
      expect(await append(stream, held, expected)).toMatchObject({ nextExpectedRevision: 3n });
      expect(await node.numbersIn(stream)).toEqual([3]);
    });

    test.each([NO_STREAM, ANY] as const)(
      'at %s it does not bring a deleted stream back',
      async (expected) => {
        await node.client.deleteStream(stream);
        expect(await append(stream, held, expected)).toMatchObject({ nextExpectedRevision: 3n });
        await expect(eventsOf(node.client.readStream(stream))).rejects.toMatchObject({
          type: 'stream-not-found',
        });
      },
    );

    test.each([NO_STREAM, ANY, STREAM_EXISTS] as const)(
      'at %s to a tombstoned stream it is refused as deleted',
      async (expected) => {
        await node.client.tombstoneStream(stream);
        await expect(append(stream, held, expected)).rejects.toThrow(StreamDeletedError);
      },
    );

    test('the same id twice in one append is two events', async () => {
      const [event] = numbered(1);
      const other = newStream();
      expect(await append(other, [event!, event!], NO_STREAM)).toMatchObject({ nextExpectedRevision: 1n });
      expect(await append(other, [event!, event!], NO_STREAM)).toMatchObject({ nextExpectedRevision: 1n });
      expect(numbersOf(await eventsOf(node.client.readStream(other)))).toEqual([0, 0]);
    });

    node.differing.each([NO_STREAM, ANY] as const)(
      'at %s many times at once, it is written once and all are answered alike ' +
        '(EventStoreDB lets those time out that come before the first is on disk)',
      async (expected) => {
        const other = newStream();
        const results = await Promise.all(Array.from({ length: 16 }, () => append(other, held, expected)));
        expect(new Set(results.map(({ position }) => position!.commit)).size).toBe(1);
        expect(await node.numbersIn(other)).toEqual([0, 1, 2, 3]);
      },
    );
  });
});

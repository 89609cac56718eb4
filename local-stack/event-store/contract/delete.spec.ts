import { describe, expect, test } from '@jest/globals';
import {
  ANY,
  BACKWARDS,
  END,
  NO_STREAM,
  START,
  StreamDeletedError,
  StreamNotFoundError,
} from '@eventstore/db-client';
import type { DeleteResult, ExpectedRevision } from '@eventstore/db-client';
import { contract, refusalOf } from '../testing/contract.js';
import { eventsOf, failureOf, newStream, numbered, numbersOf } from '../testing/node-under-test.js';

contract('deleting a stream of', (node) => {
  const remove = (stream: string, expectedRevision: ExpectedRevision = ANY): Promise<DeleteResult> =>
    node.client.deleteStream(stream, { expectedRevision });
  const tombstone = (stream: string, expectedRevision: ExpectedRevision = ANY): Promise<DeleteResult> =>
    node.client.tombstoneStream(stream, { expectedRevision });
  const REMOVALS = [
    ['a deletion', remove],
    ['a tombstone', tombstone],
  ] as const;

  describe.each(REMOVALS)('%s', (_name, removal) => {
    test.each([ANY, 1n] as const)('is taken at %s by a stream whose last revision is 1', async (expected) => {
      const stream = await node.streamOf(2);
      const { position } = await removal(stream, expected);
      const [last] = await eventsOf(node.client.readAll({ fromPosition: position!, maxCount: 1 }));
      expect(last).toMatchObject({ position });
      await expect(eventsOf(node.client.readStream(stream))).rejects.toThrow();
    });

    test.each([
      [NO_STREAM, -1n],
      [0n, 0n],
      [2n, 2n],
    ] as const)('is refused at %s, and the stream stays', async (expected, told) => {
      const stream = await node.streamOf(2);
      // As an error of its own kind, which names no_stream by its number; an append names it by its word.
      expect(await refusalOf(removal(stream, expected))).toMatchObject({
        type: 'wrong-expected-version',
        streamName: stream,
        expectedVersion: told,
        actualVersion: 1n,
      });
      expect(await node.numbersIn(stream)).toEqual([0, 1]);
    });

    test('is refused at a revision of a stream that does not exist', async () => {
      const stream = newStream();
      expect(await refusalOf(removal(stream, 0n))).toMatchObject({ expectedVersion: 0n, actualVersion: -1n });
    });

    test('leaves the events in $all', async () => {
      const stream = await node.streamOf(2);
      const events = await eventsOf(node.client.readStream(stream));
      await removal(stream);
      expect(await eventsOf(node.client.readAll({ fromPosition: events[0]!.position, maxCount: 2 }))).toEqual(
        events,
      );
    });

    test('is refused by a stream that is tombstoned', async () => {
      const stream = await node.streamOf(1);
      await tombstone(stream);
      const error = await failureOf(removal(stream));
      expect(error).toBeInstanceOf(StreamDeletedError);
      expect(error).toMatchObject({ type: 'stream-deleted', streamName: stream });
    });

    test('does not touch a stream whose name only begins like that', async () => {
      const stream = await node.streamOf(1);
      await node.client.appendToStream(`${stream}0`, numbered(1));
      await removal(stream);
      expect(await node.numbersIn(`${stream}0`)).toEqual([0]);
    });
  });

  describe('softly', () => {
    test.each([
      ['forwards', { fromRevision: START }],
      ['from a revision', { fromRevision: 1n }],
      ['backwards', { direction: BACKWARDS, fromRevision: END }],
    ] as const)('hides it as if it did not exist: %s', async (_case, options) => {
      const stream = await node.streamOf(2);
      await remove(stream);
      const error = await failureOf(eventsOf(node.client.readStream(stream, options)));
      expect(error).toBeInstanceOf(StreamNotFoundError);
      expect(error).toMatchObject({ streamName: stream });
    });

    test('is an event of its metadata, which replaces all metadata that it had', async () => {
      const stream = await node.streamOf(1);
      await node.client.setStreamMetadata(stream, { maxCount: 5, owner: 'someone' });
      const { position } = await remove(stream);
      const [deletion] = await eventsOf(node.client.readAll({ fromPosition: position!, maxCount: 1 }));
      expect(deletion).toMatchObject({
        streamId: `$$${stream}`,
        type: '$metadata',
        revision: 1n,
        isJson: true,
      });
      const { metadata } = await node.client.getStreamMetadata(stream);
      expect(metadata).toEqual({ truncateBefore: Number(2n ** 63n - 1n) });
    });

    test('may come again', async () => {
      const stream = await node.streamOf(1);
      await remove(stream);
      await remove(stream, 0n);
      await remove(stream);
      await expect(eventsOf(node.client.readStream(stream))).rejects.toThrow(StreamNotFoundError);
    });

    test('may come again as if it had never been', async () => {
      const stream = await node.streamOf(1);
      await remove(stream);
      await remove(stream, NO_STREAM);
      await expect(eventsOf(node.client.readStream(stream))).rejects.toThrow(StreamNotFoundError);
    });

    test.each([
      [ANY, -2n],
      [NO_STREAM, -1n],
    ] as const)('is refused at %s where nothing ever was (as of 24.10)', async (expected, told) => {
      const stream = newStream();
      expect(await refusalOf(remove(stream, expected))).toMatchObject({
        streamName: stream,
        expectedVersion: told,
        actualVersion: -1n,
      });
      await expect(node.client.getStreamMetadata(stream)).resolves.toEqual({ streamName: stream });
    });

    test('is taken where there is only metadata', async () => {
      const stream = newStream();
      await node.client.setStreamMetadata(stream, { owner: 'someone' });
      await remove(stream, NO_STREAM);
      await expect(eventsOf(node.client.readStream(stream))).rejects.toThrow(StreamNotFoundError);
    });
  });

  describe('and then appending to it', () => {
    test('goes on with the old revisions, and shows the new events only', async () => {
      const stream = await node.streamOf(3);
      await remove(stream);
      await node.client.appendToStream(stream, numbered(2, 3), { expectedRevision: NO_STREAM });
      const events = await eventsOf(node.client.readStream(stream));
      expect(numbersOf(events)).toEqual([3, 4]);
      expect(events.map(({ revision }) => revision)).toEqual([3n, 4n]);
      const backwards = node.client.readStream(stream, { direction: BACKWARDS, fromRevision: END });
      expect(numbersOf(await eventsOf(backwards))).toEqual([4, 3]);
      expect(await eventsOf(node.client.readStream(stream, { fromRevision: 1n, maxCount: 1 }))).toEqual([
        events[0],
      ]);
    });

    test('rewrites where it is truncated', async () => {
      const stream = await node.streamOf(3);
      await remove(stream);
      await node.client.appendToStream(stream, numbered(1, 3));
      await expect(node.client.getStreamMetadata(stream)).resolves.toMatchObject({
        metadata: { truncateBefore: 3 },
      });
      await node.client.appendToStream(stream, numbered(1, 4));
      expect(await node.numbersIn(stream)).toEqual([3, 4]);
    });

    test('may be done over and over', async () => {
      const stream = await node.streamOf(1);
      for (let round = 1; round < 5; round++) {
        await remove(stream);
        const { nextExpectedRevision } = await node.client.appendToStream(stream, numbered(1, round));
        expect(nextExpectedRevision).toBe(BigInt(round));
        expect(await node.numbersIn(stream)).toEqual([round]);
      }
    });

    test('is done by one of many who begin it anew', async () => {
      const stream = await node.streamOf(1);
      await remove(stream);
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, (_, writer) =>
          node.client.appendToStream(stream, numbered(1, writer), { expectedRevision: NO_STREAM }),
        ),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await eventsOf(node.client.readStream(stream))).toHaveLength(1);
    });
  });

  describe('for ever', () => {
    test.each([
      ['forwards', { fromRevision: START }],
      ['backwards', { direction: BACKWARDS, fromRevision: END }],
    ] as const)('is told apart from a stream that does not exist: %s', async (_case, options) => {
      const stream = await node.streamOf(2);
      await tombstone(stream);
      const error = await failureOf(eventsOf(node.client.readStream(stream, options)));
      expect(error).toBeInstanceOf(StreamDeletedError);
      expect(error).toMatchObject({ type: 'stream-deleted', streamName: stream });
    });

    test('is an event in $all, of the greatest revision there is', async () => {
      const stream = await node.streamOf(1);
      const { position } = await tombstone(stream);
      const [event] = await eventsOf(node.client.readAll({ fromPosition: position!, maxCount: 1 }));
      expect(event).toMatchObject({ streamId: stream, type: '$streamDeleted', revision: 2n ** 63n - 1n });
    });

    test.each([ANY, NO_STREAM] as const)('is taken at %s where nothing ever was', async (expected) => {
      const stream = newStream();
      await tombstone(stream, expected);
      await expect(eventsOf(node.client.readStream(stream))).rejects.toThrow(StreamDeletedError);
    });

    test('is taken by a stream that is deleted', async () => {
      const stream = await node.streamOf(1);
      await remove(stream);
      await tombstone(stream, 0n);
      await expect(eventsOf(node.client.readStream(stream))).rejects.toThrow(StreamDeletedError);
    });

    test('ends its metadata as well', async () => {
      const stream = await node.streamOf(1);
      await tombstone(stream);
      await expect(node.client.setStreamMetadata(stream, { maxCount: 1 })).rejects.toThrow(
        StreamDeletedError,
      );
      await expect(node.client.getStreamMetadata(stream)).rejects.toThrow(StreamDeletedError);
    });

    test('ends metadata that it had', async () => {
      const stream = await node.streamOf(1);
      await node.client.setStreamMetadata(stream, { maxCount: 1 });
      await tombstone(stream);
      await expect(node.client.getStreamMetadata(stream)).rejects.toThrow(StreamDeletedError);
    });
  });
});

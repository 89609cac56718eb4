import { beforeAll, describe, expect, test } from '@jest/globals';
import { BACKWARDS, binaryEvent, END, FORWARDS, START, StreamNotFoundError } from '@eventstore/db-client';
import type { ReadStreamOptions } from '@eventstore/db-client';
import { contract } from '../testing/contract.js';
import { eventsOf, failureOf, newStream, numbered, numbersOf } from '../testing/node-under-test.js';

const DIRECTIONS = [
  [FORWARDS, START],
  [BACKWARDS, END],
] as const;

contract('reading a stream of', (node) => {
  describe('with ten events', () => {
    let stream: string;

    beforeAll(async () => {
      stream = await node.streamOf(10);
    });

    const read = async (options: ReadStreamOptions) =>
      numbersOf(await eventsOf(node.client.readStream(stream, options)));

    test.each<[string, ReadStreamOptions, number[]]>([
      ['all of it', {}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
      ['from the start', { fromRevision: START }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
      ['the first one', { maxCount: 1 }, [0]],
      ['the first three', { maxCount: 3 }, [0, 1, 2]],
      ['as many as there are', { maxCount: 10 }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
      ['more than there are', { maxCount: 11 }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
      ['from a revision, which is included', { fromRevision: 7n }, [7, 8, 9]],
      ['two from a revision', { fromRevision: 4n, maxCount: 2 }, [4, 5]],
      ['more from a revision than there are', { fromRevision: 8n, maxCount: 9 }, [8, 9]],
      ['the last one', { fromRevision: 9n }, [9]],
      ['from beyond the end', { fromRevision: 10n }, []],
      ['from far beyond the end', { fromRevision: 2n ** 53n + 1n }, []],
      ['from the end', { fromRevision: END }, []],
    ])('forwards: %s', async (_case, options, expected) => {
      expect(await read({ direction: FORWARDS, ...options })).toEqual(expected);
    });

    test.each<[string, ReadStreamOptions, number[]]>([
      ['all of it from the end', { fromRevision: END }, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]],
      ['the last one', { fromRevision: END, maxCount: 1 }, [9]],
      ['the last three', { fromRevision: END, maxCount: 3 }, [9, 8, 7]],
      ['more than there are', { fromRevision: END, maxCount: 11 }, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]],
      ['from a revision, which is included', { fromRevision: 2n }, [2, 1, 0]],
      ['two from a revision', { fromRevision: 5n, maxCount: 2 }, [5, 4]],
      ['more from a revision than there are', { fromRevision: 1n, maxCount: 9 }, [1, 0]],
      ['from the start, which is the first event', { fromRevision: START }, [0]],
      ['without saying from where, which is from the start', {}, [0]],
      ['from beyond the end', { fromRevision: 25n, maxCount: 2 }, [9, 8]],
    ])('backwards: %s', async (_case, options, expected) => {
      expect(await read({ direction: BACKWARDS, ...options })).toEqual(expected);
    });

    test('shows the revisions, and the positions that the events have in $all', async () => {
      const events = await eventsOf(node.client.readStream(stream));
      expect(events.map(({ revision }) => revision)).toEqual([0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n]);
      expect(
        await eventsOf(node.client.readAll({ fromPosition: events[0]!.position, maxCount: 10 })),
      ).toEqual(events);
    });

    test('shows the same backwards as forwards', async () => {
      const forwards = await eventsOf(node.client.readStream(stream));
      const backwards = await eventsOf(
        node.client.readStream(stream, { direction: BACKWARDS, fromRevision: END }),
      );
      expect(backwards).toEqual(forwards.toReversed());
    });

    test('shows an event as itself, with no link', async () => {
      for await (const resolved of node.client.readStream(stream, { maxCount: 1 })) {
        expect(resolved.link).toBeUndefined();
        expect(resolved.commitPosition).toBe(resolved.event!.position!.commit);
      }
    });
  });

  test.each(DIRECTIONS)('that does not exist finds nothing %s', async (direction, fromRevision) => {
    const stream = newStream('ströme ♞');
    const error = await failureOf(
      eventsOf(node.client.readStream(stream, { direction, fromRevision, maxCount: 1 })),
    );
    expect(error).toBeInstanceOf(StreamNotFoundError);
    expect(error).toMatchObject({ type: 'stream-not-found', streamName: stream });
  });

  test.each(DIRECTIONS)('of many pages brings it whole and in order %s', async (direction, fromRevision) => {
    const stream = newStream();
    for (let first = 0; first < 3000; first += 1000)
      await node.client.appendToStream(stream, numbered(1000, first));
    const forwards = Array.from({ length: 3000 }, (_, number) => number);
    const expected = direction === FORWARDS ? forwards : forwards.toReversed();
    const whole = node.client.readStream(stream, { direction, fromRevision });
    expect(numbersOf(await eventsOf(whole))).toEqual(expected);
    const limited = node.client.readStream(stream, { direction, fromRevision, maxCount: 1501 });
    expect(numbersOf(await eventsOf(limited))).toEqual(expected.slice(0, 1501));
  });

  test.each(DIRECTIONS)(
    'of events that are larger than a page brings them whole %s',
    async (direction, fromRevision) => {
      const stream = newStream();
      for (let byte = 0; byte < 5; byte++) {
        const data = new Uint8Array(900_000).fill(byte);
        await node.client.appendToStream(stream, binaryEvent({ type: 'Large', data }));
      }
      const events = await eventsOf(node.client.readStream(stream, { direction, fromRevision }));
      const bytes = events.map(({ data }) => data as Uint8Array);
      expect(bytes.map(([first]) => first)).toEqual(
        direction === FORWARDS ? [0, 1, 2, 3, 4] : [4, 3, 2, 1, 0],
      );
      for (const data of bytes) expect(Buffer.from(data).equals(Buffer.alloc(900_000, data[0]))).toBe(true);
    },
  );

  test('stopped early leaves others undisturbed', async () => {
    const stream = await node.streamOf(2000);
    const read = node.client.readStream(stream);
    for await (const _event of read) break;
    await read.cancel();
    expect(await eventsOf(node.client.readStream(stream))).toHaveLength(2000);
  });

  test('while it is appended to shows a beginning of it, without a gap', async () => {
    const stream = await node.streamOf(1);
    let appending = true;
    const appends = (async () => {
      for (let number = 1; number < 200; number++)
        await node.client.appendToStream(stream, numbered(1, number));
    })().finally(() => (appending = false));
    while (appending) {
      const numbers = await node.numbersIn(stream);
      expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, number) => number));
    }
    await appends;
    expect(await eventsOf(node.client.readStream(stream))).toHaveLength(200);
  });

  test('many times at once brings each reader the same', async () => {
    const stream = await node.streamOf(100);
    const reads = await Promise.all(Array.from({ length: 50 }, () => node.numbersIn(stream)));
    for (const numbers of reads) expect(numbers).toEqual(Array.from({ length: 100 }, (_, number) => number));
  });
});

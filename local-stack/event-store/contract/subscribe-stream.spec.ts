import { describe, expect, test } from '@jest/globals';
import { binaryEvent, END, START, StreamDeletedError } from '@eventstore/db-client';
import { contract } from '../testing/contract.js';
import type { Listener } from '../testing/listener.js';
import { newStream, numbered, numbersOf, until } from '../testing/node-under-test.js';

const countingTo = (count: number) => Array.from({ length: count }, (_, number) => number);

contract('subscribing to a stream of', (node) => {
  const subscribe = (stream: string, fromRevision: bigint | typeof START | typeof END = START): Listener =>
    node.listen(node.client.subscribeToStream(stream, { fromRevision }));

  /** More than what lies between node and client on its way, in appends of 50. */
  async function flood(stream: string, count: number): Promise<void> {
    for (let number = 0; number < count; number += 50) {
      const events = countingTo(50).map(() => binaryEvent({ type: 'Large', data: new Uint8Array(4000) }));
      await node.client.appendToStream(stream, events);
    }
  }

  const revisionsOf = (listener: Listener) =>
    listener.events.filter(({ type }) => type === 'Large').map(({ revision }) => Number(revision));

  test('first confirms, then sends what is there, then says that it has caught up, then what comes', async () => {
    const stream = await node.streamOf(3);
    const listener = subscribe(stream);
    await listener.caughtUp();
    await node.client.appendToStream(stream, numbered(2, 3));
    await listener.received(5);
    expect(listener.heard).toEqual(['confirmation', 'event', 'event', 'event', 'caughtUp', 'event', 'event']);
    expect(numbersOf(listener.events)).toEqual([0, 1, 2, 3, 4]);
  });

  test('sends events as a read shows them', async () => {
    const stream = await node.streamOf(3);
    const listener = subscribe(stream);
    await listener.caughtUp();
    await node.client.appendToStream(stream, numbered(2, 3));
    await listener.received(5);
    const read = [];
    for await (const { event } of node.client.readStream(stream)) read.push(event);
    expect(listener.events).toEqual(read);
  });

  test.each([
    ['from the start', START, [0, 1, 2, 3, 4, 5]],
    ['after the first revision', 0n, [1, 2, 3, 4, 5]],
    ['after a revision, which is not included', 2n, [3, 4, 5]],
    ['after the last revision', 4n, [5]],
    ['from the end', END, [5]],
  ] as const)('%s', async (_case, from, expected) => {
    const stream = await node.streamOf(5);
    const listener = subscribe(stream, from);
    await listener.caughtUp();
    await node.client.appendToStream(stream, numbered(1, 5));
    await listener.received(expected.length);
    expect(numbersOf(listener.events)).toEqual(expected);
  });

  test('after a revision that is still to come sends only what lies beyond it', async () => {
    const stream = await node.streamOf(2);
    const listener = subscribe(stream, 3n);
    await listener.confirmed();
    await node.client.appendToStream(stream, numbered(4, 2));
    await listener.received(2);
    expect(numbersOf(listener.events)).toEqual([4, 5]);
  });

  test('of many pages sends it whole and in order', async () => {
    const stream = newStream();
    await node.client.appendToStream(stream, numbered(1500));
    const listener = subscribe(stream);
    await listener.caughtUp();
    await node.client.appendToStream(stream, numbered(10, 1500));
    await listener.received(1510);
    expect(numbersOf(listener.events)).toEqual(countingTo(1510));
  });

  test('hears nothing of other streams', async () => {
    const stream = newStream();
    const listener = subscribe(stream);
    await listener.confirmed();
    await node.client.appendToStream(`${stream}0`, numbered(3));
    await node.client.setStreamMetadata(stream, { maxCount: 10 });
    await node.client.appendToStream(stream, numbered(1, 7));
    await listener.received(1);
    expect(numbersOf(listener.events)).toEqual([7]);
  });

  test.each([START, END] as const)('waits for one that does not exist yet, from %s', async (from) => {
    const stream = newStream();
    const listener = subscribe(stream, from);
    await listener.confirmed();
    await node.client.appendToStream(stream, numbered(2));
    await listener.received(2);
    expect(numbersOf(listener.events)).toEqual([0, 1]);
    expect(listener.failure).toBeUndefined();
  });

  test('that is deleted hears it again when it is begun anew', async () => {
    const stream = await node.streamOf(2);
    await node.client.deleteStream(stream);
    const listener = subscribe(stream);
    await listener.confirmed();
    await node.client.appendToStream(stream, numbered(1, 2));
    await listener.received(1);
    expect(listener.events.map(({ revision }) => revision)).toEqual([2n]);
  });

  test('goes on when it is deleted and begun anew meanwhile', async () => {
    const stream = await node.streamOf(2);
    const listener = subscribe(stream);
    await listener.caughtUp();
    await node.client.deleteStream(stream);
    await node.client.appendToStream(stream, numbered(2, 2));
    await listener.received(4);
    expect(numbersOf(listener.events)).toEqual([0, 1, 2, 3]);
  });

  test.each([
    ['maxCount', { maxCount: 2 }],
    ['truncateBefore', { truncateBefore: 3 }],
  ])('that is limited by %s shows only what is left when it catches up', async (_case, metadata) => {
    const stream = await node.streamOf(5);
    await node.client.setStreamMetadata(stream, metadata);
    const listener = subscribe(stream);
    await listener.caughtUp();
    await node.client.appendToStream(stream, numbered(1, 5));
    await listener.received(3);
    expect(numbersOf(listener.events)).toEqual([3, 4, 5]);
  });

  test('of metadata hears each change', async () => {
    const stream = newStream();
    const listener = subscribe(`$$${stream}`);
    await listener.confirmed();
    for (const maxCount of [1, 2, 3]) await node.client.setStreamMetadata(stream, { maxCount });
    await until(() => listener.events.at(-1)?.revision === 2n);
    expect(listener.events.at(-1)).toMatchObject({ type: '$metadata', data: { $maxCount: 3 } });
  });

  describe('that is tombstoned', () => {
    test('ends with stream-deleted, after what came before', async () => {
      const stream = await node.streamOf(1);
      const listener = subscribe(stream);
      await listener.caughtUp();
      await node.client.appendToStream(stream, numbered(1, 1));
      await node.client.tombstoneStream(stream);
      const error = await listener.failed();
      expect(error).toBeInstanceOf(StreamDeletedError);
      expect(error).toMatchObject({ type: 'stream-deleted', streamName: stream });
      // 24.10 sends the tombstone as an event before that.
      const events = listener.events.filter(({ type }) => type !== '$streamDeleted');
      expect(numbersOf(events)).toEqual([0, 1]);
    });

    test('already ends with stream-deleted at once', async () => {
      const stream = newStream();
      await node.client.tombstoneStream(stream);
      expect(await subscribe(stream).failed()).toBeInstanceOf(StreamDeletedError);
    });

    test('before it ever existed ends who waits for it', async () => {
      const stream = newStream();
      const listener = subscribe(stream);
      await listener.confirmed();
      await node.client.tombstoneStream(stream);
      expect(await listener.failed()).toBeInstanceOf(StreamDeletedError);
    });

    node.differing(
      'sends a slow subscriber what came before, then ends (EventStoreDB may end it without)',
      async () => {
        const stream = newStream();
        const listener = subscribe(stream);
        await listener.caughtUp();
        listener.subscription.pause();
        await flood(stream, 1000);
        await node.client.tombstoneStream(stream);
        listener.subscription.resume();
        await listener.failed();
        expect(revisionsOf(listener)).toEqual(countingTo(1000));
      },
    );
  });

  test('that is too slow is sent back to catching up, is told so, and misses nothing (as of 24.10)', async () => {
    const stream = newStream();
    const listener = subscribe(stream);
    await listener.caughtUp();
    listener.subscription.pause();
    await flood(stream, 1500);
    listener.subscription.resume();
    await listener.received(1500);
    expect(revisionsOf(listener)).toEqual(countingTo(1500));
    await until(() => listener.heard.at(-1) === 'caughtUp');
    expect(listener.heard.filter((word) => word !== 'event').slice(0, 4)).toEqual([
      'confirmation',
      'caughtUp',
      'fellBehind',
      'caughtUp',
    ]);
  });

  test('a hundred times hears the same each time', async () => {
    const stream = newStream();
    const everyone = countingTo(100).map(() => subscribe(stream));
    await Promise.all(everyone.map((listener) => listener.confirmed()));
    await node.client.appendToStream(stream, numbered(5));
    await Promise.all(everyone.map((listener) => listener.received(5)));
    for (const { events } of everyone) expect(numbersOf(events)).toEqual([0, 1, 2, 3, 4]);
  });

  test('ends when it is unsubscribed, without an error, and leaves the others', async () => {
    const stream = newStream();
    const [leaver, stayer] = [subscribe(stream), subscribe(stream)];
    await Promise.all([leaver.confirmed(), stayer.confirmed()]);
    await node.client.appendToStream(stream, numbered(1));
    await Promise.all([leaver.received(1), stayer.received(1)]);
    await leaver.subscription.unsubscribe();
    await node.client.appendToStream(stream, numbered(2, 1));
    await stayer.received(3);
    expect(numbersOf(leaver.events)).toEqual([0]);
    expect(leaver.failure).toBeUndefined();
  });
});

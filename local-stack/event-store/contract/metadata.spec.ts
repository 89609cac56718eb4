import { describe, expect, test } from '@jest/globals';
import { ANY, BACKWARDS, binaryEvent, END, jsonEvent, NO_STREAM } from '@eventstore/db-client';
import type { StreamMetadata } from '@eventstore/db-client';
import { contract, refusalOf } from '../testing/contract.js';
import { eventsOf, newStream, numbered, numbersOf, until } from '../testing/node-under-test.js';

contract('the metadata of a stream of', (node) => {
  const set = (stream: string, metadata: StreamMetadata) => node.client.setStreamMetadata(stream, metadata);
  const metadataOf = async (stream: string) => (await node.client.getStreamMetadata(stream)).metadata;

  test.each<[string, StreamMetadata]>([
    ['maxCount', { maxCount: 7 }],
    ['maxAge', { maxAge: 3600 }],
    ['truncateBefore', { truncateBefore: 3 }],
    ['cacheControl', { cacheControl: 20 }],
    [
      'properties of its own',
      { owner: { name: 'someone' }, tags: ['a', 'b'], note: 'ä€😀', ratio: 1.5, no: false },
    ],
    [
      'access lists',
      {
        acl: {
          readRoles: ['$all'],
          writeRoles: ['a', 'b'],
          deleteRoles: ['c'],
          metaReadRoles: ['d'],
          metaWriteRoles: ['e'],
        },
      },
    ],
    ['nothing', {}],
  ])('keeps %s', async (_case, metadata) => {
    const stream = newStream();
    await set(stream, metadata);
    expect(await metadataOf(stream)).toEqual(metadata);
  });

  test('keeps access lists that are given by their name', async () => {
    const stream = newStream();
    const event = jsonEvent({ type: '$metadata', data: { $acl: '$userStreamAcl' } });
    await node.client.appendToStream(`$$${stream}`, event);
    expect(await metadataOf(stream)).toEqual({ acl: '$userStreamAcl' });
  });

  test('is not there before it is set', async () => {
    await expect(node.client.getStreamMetadata(await node.streamOf(1))).resolves.toEqual({
      streamName: expect.any(String),
    });
  });

  test('is what was set last, and nothing of what was set before', async () => {
    const stream = newStream();
    await set(stream, { maxCount: 1, owner: 'someone' });
    await set(stream, { maxAge: 10 });
    expect(await metadataOf(stream)).toEqual({ maxAge: 10 });
  });

  test('does not begin the stream', async () => {
    const stream = newStream();
    await set(stream, { maxCount: 1 });
    await expect(eventsOf(node.client.readStream(stream))).rejects.toMatchObject({
      type: 'stream-not-found',
    });
  });

  test('is set at an expected revision, which counts its changes', async () => {
    const stream = newStream();
    const at = (expectedRevision: typeof ANY | typeof NO_STREAM | bigint, maxCount: number) =>
      node.client.setStreamMetadata(stream, { maxCount }, { expectedRevision });
    expect(await at(NO_STREAM, 1)).toMatchObject({ nextExpectedRevision: 0n });
    expect(await at(0n, 2)).toMatchObject({ nextExpectedRevision: 1n });
    expect(await refusalOf(at(0n, 3))).toMatchObject({
      streamName: `$$${stream}`,
      expectedVersion: 0n,
      actualVersion: 1n,
    });
    expect(await refusalOf(at(NO_STREAM, 3))).toMatchObject({
      expectedVersion: NO_STREAM,
      actualVersion: 1n,
    });
    expect(await metadataOf(stream)).toEqual({ maxCount: 2 });
    expect(await at(ANY, 3)).toMatchObject({ nextExpectedRevision: 2n });
  });

  test('is a stream that shows its last event only', async () => {
    const stream = newStream();
    for (const maxCount of [1, 2, 3]) await set(stream, { maxCount });
    const events = await eventsOf(node.client.readStream(`$$${stream}`));
    expect(events).toMatchObject([
      { streamId: `$$${stream}`, type: '$metadata', revision: 2n, data: { $maxCount: 3 }, isJson: true },
    ]);
  });

  test("tells where in $all it stands as metastreamRevision: the driver's fault", async () => {
    const stream = newStream();
    await set(stream, { maxCount: 1 });
    const { position } = await set(stream, { maxCount: 2 });
    await expect(node.client.getStreamMetadata(stream)).resolves.toMatchObject({
      metastreamRevision: position!.commit,
    });
  });

  describe('with maxCount', () => {
    test('shows the last ones, in both directions, and follows what is appended', async () => {
      const stream = await node.streamOf(5);
      await set(stream, { maxCount: 2 });
      expect(await node.numbersIn(stream)).toEqual([3, 4]);
      await node.client.appendToStream(stream, numbered(1, 5));
      expect(await node.numbersIn(stream)).toEqual([4, 5]);
      const backwards = node.client.readStream(stream, { direction: BACKWARDS, fromRevision: END });
      expect(numbersOf(await eventsOf(backwards))).toEqual([5, 4]);
    });

    test.each([
      ['from before them', { fromRevision: 0n }, [3, 4]],
      ['limited, from before them', { fromRevision: 1n, maxCount: 1 }, [3]],
      ['from within them', { fromRevision: 4n }, [4]],
      ['backwards from before them', { direction: BACKWARDS, fromRevision: 1n }, []],
      ['backwards from within them', { direction: BACKWARDS, fromRevision: 3n }, [3]],
    ] as const)('read %s', async (_case, options, expected) => {
      const stream = await node.streamOf(5);
      await set(stream, { maxCount: 2 });
      expect(numbersOf(await eventsOf(node.client.readStream(stream, options)))).toEqual(expected);
    });

    test('greater than the stream shows all', async () => {
      const stream = await node.streamOf(3);
      await set(stream, { maxCount: 100 });
      expect(await node.numbersIn(stream)).toEqual([0, 1, 2]);
    });

    test('set before the stream is begun holds as well', async () => {
      const stream = newStream();
      await set(stream, { maxCount: 2 });
      await node.client.appendToStream(stream, numbered(5));
      expect(await node.numbersIn(stream)).toEqual([3, 4]);
    });
  });

  describe('with truncateBefore', () => {
    test('hides what is below it', async () => {
      const stream = await node.streamOf(5);
      await set(stream, { truncateBefore: 3 });
      expect(await node.numbersIn(stream)).toEqual([3, 4]);
      const limited = node.client.readStream(stream, { fromRevision: 1n, maxCount: 1 });
      expect(numbersOf(await eventsOf(limited))).toEqual([3]);
    });

    test('beyond the end leaves an empty stream, not a missing one', async () => {
      const stream = await node.streamOf(5);
      await set(stream, { truncateBefore: 5 });
      expect(await node.numbersIn(stream)).toEqual([]);
      await node.client.appendToStream(stream, numbered(1, 5), { expectedRevision: 4n });
      expect(await node.numbersIn(stream)).toEqual([5]);
    });

    test('and maxCount together show what both leave', async () => {
      const stream = await node.streamOf(5);
      await set(stream, { truncateBefore: 1, maxCount: 2 });
      expect(await node.numbersIn(stream)).toEqual([3, 4]);
      await set(stream, { truncateBefore: 4, maxCount: 2 });
      expect(await node.numbersIn(stream)).toEqual([4]);
    });
  });

  describe('with maxAge', () => {
    test('shows what is younger', async () => {
      const stream = await node.streamOf(2);
      await set(stream, { maxAge: 3600 });
      expect(await node.numbersIn(stream)).toEqual([0, 1]);
    });

    test('hides what has become older, and shows what comes then', async () => {
      const stream = await node.streamOf(2);
      await set(stream, { maxAge: 1 });
      await until(async () => (await node.numbersIn(stream)).length === 0);
      await node.client.setStreamMetadata(stream, { maxAge: 3600 });
      expect(await node.numbersIn(stream)).toEqual([0, 1]);
    });
  });

  test('lifts its limits when it no longer has them', async () => {
    const stream = await node.streamOf(3);
    await set(stream, { maxCount: 1 });
    await set(stream, { note: 'no limits' });
    expect(await node.numbersIn(stream)).toEqual([0, 1, 2]);
  });

  test('limits nothing in $all', async () => {
    const stream = await node.streamOf(3);
    const [first] = await eventsOf(node.client.readStream(stream));
    await set(stream, { maxCount: 1 });
    const all = node.client.readAll({ fromPosition: first!.position, maxCount: 3 });
    expect(numbersOf(await eventsOf(all))).toEqual([0, 1, 2]);
  });

  test.each([
    ['no JSON object', [1, 2]],
    ['limits that are none', { $maxCount: 'many', $maxAge: 'long', $tb: 'far' }],
  ])('limits nothing when it is %s', async (_case, data) => {
    const stream = await node.streamOf(3);
    await node.client.appendToStream(`$$${stream}`, jsonEvent({ type: '$metadata', data }));
    expect(await node.numbersIn(stream)).toEqual([0, 1, 2]);
  });

  test('that is no JSON, set while the stream is deleted, is left as it is, and hides nothing', async () => {
    const stream = await node.streamOf(2);
    await node.client.deleteStream(stream);
    const metastream = `$$${stream}`;
    await node.client.appendToStream(
      metastream,
      binaryEvent({ type: '$metadata', data: Buffer.from('no JSON') }),
    );
    const [last] = await eventsOf(
      node.client.readStream(metastream, { direction: BACKWARDS, fromRevision: END }),
    );
    expect(last?.revision).toBe(1n);
    expect(await node.numbersIn(stream)).toEqual([0, 1]);
  });

  test('is kept, with the truncation of a new beginning, when it is set while the stream is deleted', async () => {
    const stream = await node.streamOf(2);
    await node.client.deleteStream(stream);
    await set(stream, { owner: 'someone', maxCount: 5 });
    expect(await metadataOf(stream)).toEqual({ owner: 'someone', maxCount: 5, truncateBefore: 2 });
    expect(await node.numbersIn(stream)).toEqual([]);
    await node.client.appendToStream(stream, numbered(1, 2), { expectedRevision: 1n });
    expect(await node.numbersIn(stream)).toEqual([2]);
  });
});

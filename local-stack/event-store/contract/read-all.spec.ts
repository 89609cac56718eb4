import { beforeAll, describe, expect, test } from '@jest/globals';
import { BACKWARDS, END, FORWARDS, START } from '@eventstore/db-client';
import { contract } from '../testing/contract.js';
import {
  eventsOf,
  newStream,
  numbered,
  numbersOf,
  placesOf,
  type PositionedEvent,
} from '../testing/node-under-test.js';

contract('reading $all of', (node) => {
  let stream: string;
  let events: PositionedEvent[];

  beforeAll(async () => {
    stream = await node.streamOf(10);
    events = await eventsOf(node.client.readStream(stream));
  });

  const at = (index: number) => events[index]!.position;

  test('positions rise, and commit equals prepare', () => {
    for (const [index, { position }] of events.entries()) {
      expect(position.commit).toBe(position.prepare);
      if (index > 0) expect(position.commit).toBeGreaterThan(at(index - 1).commit);
    }
  });

  test('forwards from the start, which is the default, it begins with the first event there ever was', async () => {
    const first = await eventsOf(node.client.readAll({ maxCount: 7 }));
    expect(first).toHaveLength(7);
    const more = await eventsOf(node.client.readAll({ fromPosition: START, maxCount: 10 }));
    expect(placesOf(more.slice(0, 7))).toEqual(placesOf(first));
    const before = node.client.readAll({ direction: BACKWARDS, fromPosition: first[0]!.position });
    expect(await eventsOf(before)).toEqual([]);
  });

  test('forwards without a limit it goes on to the last event', async () => {
    const { position } = await node.client.appendToStream(newStream(), numbered(2));
    const read = await eventsOf(node.client.readAll({ fromPosition: at(0) }));
    expect(read.filter(({ streamId }) => streamId === stream)).toEqual(events);
    expect(read.some((event) => event.position.commit === position!.commit)).toBe(true);
  });

  test('forwards from a position the event there is included', async () => {
    const read = await eventsOf(node.client.readAll({ fromPosition: at(4), maxCount: 3 }));
    expect(numbersOf(read)).toEqual([4, 5, 6]);
  });

  test('backwards from a position the event there is not included', async () => {
    const read = node.client.readAll({ direction: BACKWARDS, fromPosition: at(4), maxCount: 3 });
    expect(numbersOf(await eventsOf(read))).toEqual([3, 2, 1]);
  });

  test('backwards from the end it begins with the last event', async () => {
    const { position } = await node.client.appendToStream(newStream(), numbered(2));
    const read = node.client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 });
    const [last] = await eventsOf(read);
    // Others may have appended since.
    expect(last!.position.commit).toBeGreaterThanOrEqual(position!.commit);
  });

  test.each([
    ['forwards from the end', FORWARDS, END],
    ['backwards from the start', BACKWARDS, START],
  ] as const)('%s there is nothing', async (_case, direction, fromPosition) => {
    expect(await eventsOf(node.client.readAll({ direction, fromPosition }))).toEqual([]);
  });

  test('forwards from beyond the end there is nothing', async () => {
    const beyond = { commit: 2n ** 60n, prepare: 2n ** 60n };
    expect(await eventsOf(node.client.readAll({ fromPosition: beyond }))).toEqual([]);
  });

  test('page by page, each from where the one before ended, nothing is missed', async () => {
    const last = at(9);
    const read: PositionedEvent[] = [events[0]!];
    while (read.at(-1)!.position.commit < last.commit) {
      const { position } = read.at(-1)!;
      // The event at the position comes again.
      read.push(...(await eventsOf(node.client.readAll({ fromPosition: position, maxCount: 4 }))).slice(1));
    }
    expect(read.filter(({ streamId }) => streamId === stream)).toEqual(events);
  });

  test('of many pages it comes whole and in order, forwards as backwards', async () => {
    const category = newStream('pages');
    const first = await node.client.appendToStream(`${category}-0`, numbered(1));
    for (let part = 1; part <= 6; part++)
      await node.client.appendToStream(`${category}-${part}`, numbered(400));
    const end = await node.client.appendToStream(newStream(), numbered(1));
    const all = await eventsOf(node.client.readAll({ fromPosition: first.position! }));
    const forwards = all.filter(({ position }) => position.commit < end.position!.commit);
    expect(forwards.filter(({ streamId }) => streamId.startsWith(category))).toHaveLength(2401);
    const commits = forwards.map(({ position }) => position.commit);
    expect(commits).toEqual([...new Set(commits)].sort((a, b) => (a < b ? -1 : 1)));
    const backwards = await eventsOf(
      node.client.readAll({ direction: BACKWARDS, fromPosition: end.position!, maxCount: forwards.length }),
    );
    expect(placesOf(backwards.toReversed())).toEqual(placesOf(forwards));
  });

  describe('shows system events too:', () => {
    test('the metadata of a stream', async () => {
      const other = newStream();
      const { position } = await node.client.setStreamMetadata(other, { maxCount: 3 });
      const [event] = await eventsOf(node.client.readAll({ fromPosition: position!, maxCount: 1 }));
      expect(event).toMatchObject({
        streamId: `$$${other}`,
        type: '$metadata',
        data: { $maxCount: 3 },
        position,
      });
    });

    test('all metadata that a stream ever had, in order', async () => {
      const other = newStream();
      const { position } = await node.client.setStreamMetadata(other, { maxCount: 1 });
      await node.client.setStreamMetadata(other, { maxCount: 2 });
      await node.client.setStreamMetadata(other, { maxCount: 3 });
      const all = await eventsOf(node.client.readAll({ fromPosition: position! }));
      const metadata = all.filter(({ streamId }) => streamId === `$$${other}`);
      expect(metadata.map(({ data, revision }) => [data, revision])).toEqual([
        [{ $maxCount: 1 }, 0n],
        [{ $maxCount: 2 }, 1n],
        [{ $maxCount: 3 }, 2n],
      ]);
    });

    test('a deletion, a new beginning and a tombstone, behind the events that they are about', async () => {
      const other = newStream();
      const { position } = await node.client.appendToStream(other, numbered(1));
      await node.client.deleteStream(other);
      await node.client.appendToStream(other, numbered(1, 1));
      await node.client.tombstoneStream(other);
      const all = await eventsOf(node.client.readAll({ fromPosition: position! }));
      const mine = all.filter(({ streamId }) => streamId === other || streamId === `$$${other}`);
      expect(mine.map(({ type }) => type)).toEqual([
        'Numbered',
        '$metadata',
        'Numbered',
        '$metadata',
        '$streamDeleted',
      ]);
    });
  });
});

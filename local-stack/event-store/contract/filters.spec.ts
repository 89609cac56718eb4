import { expect, test } from '@jest/globals';
import {
  END,
  eventTypeFilter,
  excludeSystemEvents,
  jsonEvent,
  START,
  streamNameFilter,
} from '@eventstore/db-client';
import type { Filter, Position } from '@eventstore/db-client';
import { contract } from '../testing/contract.js';
import type { Listener } from '../testing/listener.js';
import { eventsOf, newStream, numbered, numbersOf, until } from '../testing/node-under-test.js';

const countingTo = (count: number) => Array.from({ length: count }, (_, number) => number);
const sorted = (numbers: readonly unknown[]) => (numbers as number[]).toSorted((a, b) => a - b);

contract('filtering $all of', (node) => {
  const subscribe = (filter: Filter, fromPosition: Position | typeof START | typeof END = START): Listener =>
    node.listen(node.client.subscribeToAll({ filter, fromPosition }));

  async function now(): Promise<Position> {
    return (await node.client.appendToStream(newStream('now'), numbered(1))).position!;
  }

  /** Events of two types, the even numbers and the odd ones, in two streams, those below 6 and the rest. */
  async function append(category: string, numbers: readonly number[]): Promise<void> {
    for (const number of numbers) {
      const type = `${category}${number % 2 === 0 ? 'Even' : 'Odd'}`;
      const stream = `${category}-${number < 6 ? 'low' : 'high'}`;
      await node.client.appendToStream(stream, jsonEvent({ type, data: { number } }));
    }
  }

  test.each<[string, (category: string) => Filter, passed: number[]]>([
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
      'stream names by a pattern in their midst',
      (name) => streamNameFilter({ regex: `${name.slice(9)}-l` }),
      [0, 1, 2, 3, 4, 5],
    ],
    [
      'event types that begin with a text',
      (name) => eventTypeFilter({ prefixes: [`${name}Ev`] }),
      [0, 2, 4, 6, 8, 10],
    ],
    [
      'event types that begin with one of several',
      (name) => eventTypeFilter({ prefixes: ['x', `${name}E`, `${name}O`] }),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    ],
    ['event types by a pattern', (name) => eventTypeFilter({ regex: `${name}O.d$` }), [1, 3, 5, 7, 9, 11]],
    ['the exact case', (name) => eventTypeFilter({ prefixes: [`${name}ev`] }), []],
    [
      'names that begin so, not those that go on so',
      (name) => streamNameFilter({ prefixes: [name.slice(1)] }),
      [],
    ],
    [
      'types that begin so, not those that go on so',
      (name) => eventTypeFilter({ prefixes: [name.slice(1)] }),
      [],
    ],
  ])('by %s passes them, what is there and what comes', async (_case, filter, expected) => {
    const category = newStream('filtered');
    const position = await now();
    await append(category, [0, 1, 2, 6, 7, 8]);
    const listener = subscribe(filter(category), position);
    await listener.caughtUp();
    expect(sorted(numbersOf(listener.events))).toEqual(expected.filter((number) => number % 6 < 3));
    await append(category, [3, 4, 5, 9, 10, 11]);
    const fence = node.listen(node.client.subscribeToAll({ fromPosition: position }));
    await until(() => fence.of(category).length === 12);
    await listener.received(expected.length);
    expect(sorted(numbersOf(listener.events))).toEqual(expected);
  });

  test('keeps the order of $all, and events as a read shows them', async () => {
    const category = newStream('ordered');
    const position = await now();
    await append(category, countingTo(12));
    const listener = subscribe(streamNameFilter({ prefixes: [category] }), position);
    await listener.received(12);
    const read = await eventsOf(node.client.readAll({ fromPosition: position }));
    expect(listener.events).toEqual(read.filter(({ streamId }) => streamId.startsWith(category)));
  });

  test('without system events passes what has another name', async () => {
    const position = await now();
    const stream = await node.streamOf(1);
    await node.client.setStreamMetadata(stream, { maxCount: 9 });
    const listener = subscribe(excludeSystemEvents(), position);
    await listener.caughtUp();
    await node.client.deleteStream(stream);
    await node.client.appendToStream(stream, numbered(2, 1));
    await until(() => listener.of(stream).length === 3);
    expect(numbersOf(listener.of(stream))).toEqual([0, 1, 2]);
    expect(listener.events.filter(({ type }) => type.startsWith('$'))).toEqual([]);
  });

  test('for system events passes only those', async () => {
    const position = await now();
    const stream = await node.streamOf(1);
    await node.client.setStreamMetadata(stream, { maxCount: 9 });
    const listener = subscribe(eventTypeFilter({ prefixes: ['$metadata'] }), position);
    await until(() => listener.of(`$$${stream}`).length === 1);
    expect(listener.of(stream)).toEqual([]);
  });

  test('from the start passes all that there ever was', async () => {
    const stream = await node.streamOf(3);
    const listener = subscribe(streamNameFilter({ prefixes: [stream] }));
    await listener.caughtUp();
    expect(numbersOf(listener.events)).toEqual([0, 1, 2]);
  });

  test('from the end passes only what comes', async () => {
    const stream = await node.streamOf(3);
    const listener = subscribe(streamNameFilter({ prefixes: [stream] }), END);
    await listener.caughtUp();
    await node.client.appendToStream(stream, numbered(2, 3));
    await listener.received(2);
    expect(numbersOf(listener.events)).toEqual([3, 4]);
  });

  test('from a position does not pass the event there', async () => {
    const stream = await node.streamOf(3);
    const [, second] = await eventsOf(node.client.readStream(stream));
    const listener = subscribe(streamNameFilter({ prefixes: [stream] }), second!.position);
    await listener.received(1);
    expect(numbersOf(listener.events)).toEqual([2]);
  });

  test('finds the few among many', async () => {
    const position = await now();
    const category = newStream('few');
    for (let part = 0; part < 5; part++) {
      await node.client.appendToStream(newStream('many'), numbered(300));
      await node.client.appendToStream(`${category}-${part}`, numbered(1, part));
    }
    const listener = subscribe(streamNameFilter({ prefixes: [category] }), position);
    await listener.caughtUp();
    expect(numbersOf(listener.events)).toEqual([0, 1, 2, 3, 4]);
  });

  test.each([
    ['window', { maxSearchWindow: 0 }],
    ['interval', { checkpointInterval: 0 }],
  ])('by a %s of nothing is refused by the driver itself', (_case, option) => {
    const filter = { ...streamNameFilter({ prefixes: ['x'] }), ...option };
    expect(() => node.client.subscribeToAll({ filter })).toThrow('must be greater than 0');
  });
});

import { describe, expect, test } from '@jest/globals';
import { END, NO_STREAM, START } from '@eventstore/db-client';
import type { Position } from '@eventstore/db-client';
import { contract } from '../testing/contract.js';
import type { Listener } from '../testing/listener.js';
import {
  eventsOf,
  newStream,
  numbered,
  numbersOf,
  placesOf,
  type PositionedEvent,
  until,
} from '../testing/node-under-test.js';

const countingTo = (count: number) => Array.from({ length: count }, (_, number) => number);

contract('subscribing to $all of', (node) => {
  const subscribe = (fromPosition: Position | typeof START | typeof END = START): Listener =>
    node.listen(node.client.subscribeToAll({ fromPosition }));

  /** Where $all ended a moment ago. */
  async function now(): Promise<Position> {
    return (await node.client.appendToStream(newStream('now'), numbered(1))).position!;
  }

  function expectRising(events: readonly PositionedEvent[]): void {
    const positions = events.map(({ position }) => position.commit);
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => (a < b ? -1 : 1)));
  }

  test('from the start sends what a read from there shows', async () => {
    await node.streamOf(300);
    const listener = subscribe();
    await listener.received(300);
    const read = await eventsOf(node.client.readAll({ maxCount: 300 }));
    expect(placesOf(listener.events.slice(0, 300))).toEqual(placesOf(read));
    expect(listener.heard[0]).toBe('confirmation');
  });

  test('sends what is there and then what comes, as a read shows it', async () => {
    const position = await now();
    const stream = await node.streamOf(3);
    const listener = subscribe(position);
    await listener.caughtUp();
    await node.client.appendToStream(stream, numbered(2, 3));
    await until(() => listener.of(stream).length === 5);
    expect(listener.of(stream)).toEqual(await eventsOf(node.client.readStream(stream)));
  });

  test('from a position sends what lies after it: unlike a read, not the event there', async () => {
    const stream = await node.streamOf(3);
    const [, second] = await eventsOf(node.client.readStream(stream));
    const listener = subscribe(second!.position);
    await until(() => listener.of(stream).length > 0);
    expect(numbersOf(listener.of(stream))).toEqual([2]);
    const [read] = await eventsOf(node.client.readAll({ fromPosition: second!.position, maxCount: 1 }));
    expect(read).toEqual(second);
  });

  test('from the position of the last event sends only what comes', async () => {
    const last = await now();
    const listener = subscribe(last);
    await listener.caughtUp();
    const stream = await node.streamOf(2);
    await until(() => listener.of(stream).length === 2);
    expect(listener.events.every(({ position }) => position.commit > last.commit)).toBe(true);
  });

  test('from the end sends only what comes', async () => {
    const stream = await node.streamOf(3);
    const listener = subscribe(END);
    await listener.caughtUp();
    await node.client.appendToStream(stream, numbered(1, 3));
    await until(() => listener.of(stream).length > 0);
    expect(numbersOf(listener.of(stream))).toEqual([3]);
  });

  test('says that it has caught up between what was there and what comes', async () => {
    const position = await now();
    const stream = await node.streamOf(2);
    const listener = subscribe(position);
    await until(() => listener.of(stream).length === 2);
    await listener.caughtUp();
    const before = listener.heard.indexOf('caughtUp');
    await node.client.appendToStream(stream, numbered(1, 2));
    await until(() => listener.of(stream).length === 3);
    expect(before).toBeGreaterThanOrEqual(3);
    expect(listener.heard.slice(before + 1)).toContain('event');
  });

  test('sends system events too', async () => {
    const listener = subscribe(END);
    await listener.caughtUp();
    const stream = await node.streamOf(1);
    await node.client.setStreamMetadata(stream, { maxCount: 3 });
    await node.client.tombstoneStream(stream);
    const mine = () => listener.events.filter(({ streamId }) => streamId.endsWith(stream));
    await until(() => mine().length === 3);
    expect(mine().map(({ type }) => type)).toEqual(['Numbered', '$metadata', '$streamDeleted']);
  });

  test('is not ended by a tombstone, and still sends what the stream held', async () => {
    const position = await now();
    const stream = await node.streamOf(2);
    await node.client.tombstoneStream(stream);
    const listener = subscribe(position);
    await listener.caughtUp();
    expect(numbersOf(listener.of(stream)).slice(0, 2)).toEqual([0, 1]);
    expect(listener.failure).toBeUndefined();
  });

  describe('while many append', () => {
    test('misses nothing and hears nothing twice, whenever it begins', async () => {
      const category = newStream('busy');
      const position = await now();
      const names = countingTo(6).map((writer) => `${category}-${writer}`);
      const everyone: [listener: Listener, streams: string[]][] = [];
      await Promise.all(
        names.map(async (name, writer) => {
          for (let number = 0; number < 25; number++) {
            if (number % 5 === 0 && writer === 0) {
              everyone.push([subscribe(position), names]);
              const toOne = node.listen(node.client.subscribeToStream(names[3]!));
              everyone.push([toOne, names.slice(3, 4)]);
            }
            await node.client.appendToStream(name, numbered(3, number * 3));
          }
        }),
      );
      for (const [listener, streams] of everyone) {
        await until(() => listener.of(category).length >= streams.length * 75);
        for (const stream of streams) expect(numbersOf(listener.of(stream))).toEqual(countingTo(75));
        expectRising(listener.events);
      }
    });

    test('hears an append of several events in one piece, and in the order of a read', async () => {
      const category = newStream('pieces');
      const position = await now();
      const listener = subscribe(position);
      await listener.caughtUp();
      await Promise.all(
        countingTo(20).map((writer) =>
          node.client.appendToStream(`${category}-${writer}`, numbered(5), { expectedRevision: NO_STREAM }),
        ),
      );
      await until(() => listener.of(category).length === 100);
      const heard = listener.of(category);
      for (let index = 0; index < 100; index += 5)
        expect(numbersOf(heard.slice(index, index + 5))).toEqual([0, 1, 2, 3, 4]);
      const read = await eventsOf(node.client.readAll({ fromPosition: position }));
      expect(heard).toEqual(read.filter(({ streamId }) => streamId.startsWith(category)));
    });

    test('and leaves and comes back at the last position that it heard, misses nothing', async () => {
      const stream = newStream('resumed');
      let position = await now();
      const heard: PositionedEvent[] = [];
      const appends = (async () => {
        for (let number = 0; number < 60; number++)
          await node.client.appendToStream(stream, numbered(1, number));
      })();
      while (numbersOf(heard).length < 60) {
        const listener = subscribe(position);
        await until(() => listener.of(stream).length > 0);
        await listener.subscription.unsubscribe();
        heard.push(...listener.of(stream));
        position = listener.events.at(-1)!.position;
      }
      await appends;
      expect(numbersOf(heard)).toEqual(countingTo(60));
    });
  });

  test('ends when it is unsubscribed, without an error', async () => {
    const [leaver, stayer] = [subscribe(END), subscribe(END)];
    await Promise.all([leaver.caughtUp(), stayer.caughtUp()]);
    await leaver.subscription.unsubscribe();
    const stream = await node.streamOf(1);
    await until(() => stayer.of(stream).length === 1);
    expect(leaver.of(stream)).toEqual([]);
    expect(leaver.failure).toBeUndefined();
  });
});

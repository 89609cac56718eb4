import { expect, test } from '@jest/globals';
import { END, START, streamNameFilter } from '@eventstore/db-client';
import type { Filter, Position } from '@eventstore/db-client';
import { contract } from '../testing/contract.js';
import { Checkpoints, type Listener } from '../testing/listener.js';
import { eventsOf, newStream, numbered, numbersOf, until } from '../testing/node-under-test.js';

const countingTo = (count: number) => Array.from({ length: count }, (_, number) => number);

/** A filter by a stream that there never is. */
const nothing = (window: number, interval: number): Filter => ({
  ...streamNameFilter({ prefixes: ['no such stream'] }),
  maxSearchWindow: window,
  checkpointInterval: interval,
});

contract('a filtered subscription tells where it is:', (node) => {
  function subscribe(
    filter: Filter,
    fromPosition: Position | typeof START | typeof END = START,
  ): Listener & { checkpoints: Checkpoints } {
    const checkpoints = new Checkpoints();
    const { checkpointReached } = checkpoints;
    const subscription = node.client.subscribeToAll({
      filter: { ...filter, checkpointReached },
      fromPosition,
    });
    return Object.assign(node.listen(subscription), { checkpoints });
  }

  async function now(): Promise<Position> {
    return (await node.client.appendToStream(newStream('now'), numbered(1))).position!;
  }

  test('while it catches up, although nothing passes', async () => {
    const position = await now();
    const { position: last } = await node.client.appendToStream(newStream('quiet'), numbered(50));
    const { checkpoints, events } = subscribe(nothing(5, 2), position);
    await checkpoints.reached(2);
    const commits = checkpoints.commits;
    expect(commits).toEqual(commits.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(commits[1]).toBeGreaterThan(position.commit);
    expect(commits[1]).toBeLessThanOrEqual(last!.commit);
    expect(events).toEqual([]);
  });

  test('while it is live, although nothing passes', async () => {
    const listener = subscribe(nothing(4, 1), END);
    await listener.caughtUp();
    const first = await now();
    for (let number = 0; number < 12; number++)
      await node.client.appendToStream(newStream('quiet'), numbered(1));
    const { checkpoints } = listener;
    await until(() => checkpoints.commits.filter((commit) => commit >= first.commit).length >= 2);
    expect(checkpoints.commits).toEqual(checkpoints.commits.toSorted((a, b) => (a < b ? -1 : 1)));
    for (const { commit, prepare } of checkpoints.positions) expect(commit).toBe(prepare);
  });

  node.differing(
    'each time that window times interval have passed, to the event (EventStoreDB may lag by a window)',
    async () => {
      const position = await now();
      await node.client.appendToStream(newStream('quiet'), numbered(20));
      const listener = subscribe(nothing(5, 2), position);
      await listener.caughtUp();
      const passed = await eventsOf(node.client.readAll({ fromPosition: position, maxCount: 21 }));
      expect(listener.checkpoints.positions).toEqual([passed[10]!.position, passed[20]!.position]);
      await node.client.appendToStream(newStream('quiet'), numbered(25));
      await listener.checkpoints.reached(4);
      const later = await eventsOf(node.client.readAll({ fromPosition: position, maxCount: 46 }));
      expect(listener.checkpoints.positions.slice(2)).toEqual([later[30]!.position, later[40]!.position]);
    },
  );

  node.differing(
    'by default each 32 events, and not when it has caught up (EventStoreDB 24.10 does then as well)',
    async () => {
      const position = await now();
      await node.client.appendToStream(newStream('quiet'), numbered(70));
      const listener = subscribe(streamNameFilter({ prefixes: ['no such stream'] }), position);
      await listener.caughtUp();
      const passed = await eventsOf(node.client.readAll({ fromPosition: position, maxCount: 65 }));
      expect(listener.checkpoints.positions).toEqual([passed[32]!.position, passed[64]!.position]);
    },
  );

  test('so that who goes on from a checkpoint misses nothing, wherever that is', async () => {
    const stream = newStream('resumed');
    const position = await now();
    await node.client.appendToStream(stream, numbered(12));
    const filter = {
      ...streamNameFilter({ prefixes: [stream] }),
      maxSearchWindow: 1,
      checkpointInterval: 3,
    };
    const first = subscribe(filter, position);
    await first.caughtUp();
    expect(first.checkpoints.positions.length).toBeGreaterThanOrEqual(3);
    for (const checkpoint of first.checkpoints.positions) {
      const before = first.events.filter((event) => event.position.commit <= checkpoint.commit);
      const second = subscribe(filter, checkpoint);
      await second.received(12 - before.length);
      await second.caughtUp();
      expect(numbersOf([...before, ...second.events])).toEqual(countingTo(12));
    }
  });
});

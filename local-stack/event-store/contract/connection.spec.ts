import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  ANY,
  DeadlineExceededError,
  EventStoreDBClient,
  START,
  StreamNotFoundError,
  UnavailableError,
} from '@eventstore/db-client';
import { APPEND_METHODS, contract } from '../testing/contract.js';
import {
  connect,
  eventsOf,
  failureOf,
  newStream,
  numbered,
  numbersOf,
  until,
  withOptions,
} from '../testing/node-under-test.js';

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

contract('a connection to', (node) => {
  const clients: EventStoreDBClient[] = [];
  function another(url = node.url): EventStoreDBClient {
    const client = connect(url);
    clients.push(client);
    return client;
  }

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.dispose()));
  });

  test.each([
    'defaultDeadline=20000',
    'keepAliveInterval=10000&keepAliveTimeout=10000',
    'connectionName=orders',
    'nodePreference=leader',
    'throwOnAppendFailure=true',
  ])('may be made with %s', async (option) => {
    const client = another(withOptions(node.url, option));
    const stream = newStream();
    await client.appendToStream(stream, numbered(1));
    expect(numbersOf(await eventsOf(client.readStream(stream)))).toEqual([0]);
  });

  test('serves a client that asks for the leader', async () => {
    const stream = newStream();
    await node.client.appendToStream(stream, numbered(1), { requiresLeader: true });
    const read = node.client.readStream(stream, { requiresLeader: true });
    expect(numbersOf(await eventsOf(read))).toEqual([0]);
  });

  test('sees what another one wrote, and what it writes is seen there', async () => {
    const other = another();
    const stream = await node.streamOf(1);
    await other.appendToStream(stream, numbered(1, 1), { expectedRevision: 0n });
    await node.client.appendToStream(stream, numbered(1, 2), { expectedRevision: 1n });
    expect(numbersOf(await eventsOf(other.readStream(stream)))).toEqual([0, 1, 2]);
    expect(await node.numbersIn(stream)).toEqual([0, 1, 2]);
  });

  test('carries appends, reads, subscriptions and deletions at the same time', async () => {
    const client = another();
    const [live, read, deleted] = [newStream(), await node.streamOf(500), await node.streamOf(1)];
    const listener = node.listen(client.subscribeToStream(live));
    await listener.confirmed();
    const [numbers] = await Promise.all([
      eventsOf(client.readStream(read)).then(numbersOf),
      client.deleteStream(deleted),
      ...numbered(50).map((event) => client.appendToStream(live, event)),
    ]);
    expect(numbers).toHaveLength(500);
    await listener.received(50);
    await expect(eventsOf(client.readStream(deleted))).rejects.toThrow(StreamNotFoundError);
  });

  test('that is disposed of ends its subscriptions, and leaves those of others', async () => {
    const client = another();
    const stream = newStream();
    const [ended, other] = [
      node.listen(client.subscribeToStream(stream)),
      node.listen(node.client.subscribeToStream(stream)),
    ];
    await Promise.all([ended.confirmed(), other.confirmed()]);
    await client.dispose();
    await node.client.appendToStream(stream, numbered(1));
    await other.received(1);
    expect(ended.events).toEqual([]);
    expect(ended.failure).toBeUndefined();
  });

  test('may be made and closed over and over', async () => {
    const stream = newStream();
    for (let number = 0; number < 20; number++) {
      const client = connect(node.url);
      await client.appendToStream(stream, numbered(1, number));
      await client.dispose();
    }
    expect(await node.numbersIn(stream)).toEqual(Array.from({ length: 20 }, (_, number) => number));
  });

  test('to nobody is unavailable', async () => {
    const client = another(`esdb://127.0.0.1:${await unusedPort()}?tls=false`);
    expect(await failureOf(eventsOf(client.readStream(newStream())))).toBeInstanceOf(UnavailableError);
    // An append first asks what the node supports, and fails with what gRPC says: 14 is UNAVAILABLE.
    expect(await failureOf(client.appendToStream(newStream(), numbered(1)))).toMatchObject({ code: 14 });
  });

  describe('a deadline', () => {
    test.each(APPEND_METHODS)('that has passed is an error of its own for %s', async (_method, options) => {
      const error = await failureOf(
        node.client.appendToStream(newStream(), numbered(1), { deadline: 0, ...options }),
      );
      expect(error).toBeInstanceOf(DeadlineExceededError);
      expect(error).toMatchObject({ type: 'deadline-exceeded' });
    });

    test('that has passed before the node looks at an append writes nothing', async () => {
      const stream = newStream();
      await failureOf(node.client.appendToStream(stream, numbered(1), { deadline: 0 }));
      await node.client.appendToStream(stream, numbered(1, 1), { expectedRevision: ANY });
      expect(await node.numbersIn(stream)).toEqual([1]);
    });

    test('that has passed is no reason to refuse what comes next', async () => {
      const stream = newStream();
      const late = node.client.appendToStream(newStream(), numbered(1), { deadline: 0 });
      const inTime = node.client.appendToStream(stream, numbered(1), { deadline: 20_000 });
      await expect(late).rejects.toThrow(DeadlineExceededError);
      await expect(inTime).resolves.toMatchObject({ success: true });
    });

    test.each([
      ['a deletion', (stream: string) => node.client.deleteStream(stream, { deadline: 0 })],
      ['a tombstone', (stream: string) => node.client.tombstoneStream(stream, { deadline: 0 })],
    ])('that has passed is an error for %s', async (_case, remove) => {
      expect(await failureOf(remove(await node.streamOf(1)))).toBeInstanceOf(DeadlineExceededError);
    });

    test('of a year is far away', async () => {
      const year = 365 * 24 * 3600 * 1000;
      for (const [, options] of APPEND_METHODS) {
        await expect(
          node.client.appendToStream(newStream(), numbered(1), { deadline: year, ...options }),
        ).resolves.toMatchObject({ success: true });
      }
    });

    test("does not end reads and subscriptions, which have none: the driver's choice", async () => {
      const stream = await node.streamOf(2);
      expect(numbersOf(await eventsOf(node.client.readStream(stream, { deadline: 0 })))).toEqual([0, 1]);
      expect(await eventsOf(node.client.readAll({ deadline: 0, maxCount: 1 }))).toHaveLength(1);
      const listener = node.listen(
        node.client.subscribeToStream(stream, { deadline: 0, fromRevision: START }),
      );
      await listener.received(2);
      await node.client.appendToStream(stream, numbered(1, 2));
      await until(() => listener.events.length === 3);
      expect(listener.failure).toBeUndefined();
    });
  });
});

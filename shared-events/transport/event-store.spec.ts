import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createServer, connect as connectTcp, type Socket } from 'node:net';
import type { NewEvent, RecordedEvent } from '../contracts/envelope.js';
import { CommandId, EventId, OrderId, type StreamName, orderStream } from '../contracts/ids.js';
import { silent } from '../testing/logger.js';
import { type Server, embeddedEventStore } from '../testing/servers.js';
import { until } from '../testing/until.js';
import { EventStore } from './event-store.js';
import type { LogBatch } from './subscription.js';

let server: Server;
let store: EventStore;

beforeAll(async () => {
  server = await embeddedEventStore();
});
afterAll(() => server.stop());
beforeEach(() => {
  store = new EventStore(server.url, silent);
});
afterEach(() => store.close());

const aStream = (): StreamName => orderStream(OrderId.parse(randomUUID()));

const anEvent = (n = 0): NewEvent => ({
  id: EventId.parse(randomUUID()),
  type: 'SpecHappened',
  data: { n },
  metadata: {
    $correlationId: 'c1',
    $causationId: 'x',
    commandId: CommandId.parse(randomUUID()),
    actor: { kind: 'system', subject: 'spec' },
    occurredAt: '2026-01-31T12:00:00.000Z',
    schemaVersion: 1,
  },
});

const all = async (events: AsyncIterable<RecordedEvent>) => {
  const collected: RecordedEvent[] = [];
  for await (const event of events) collected.push(event);
  return collected;
};

describe('append', () => {
  it('answers with the revision and position of the last event', async () => {
    const stream = aStream();
    const result = await store.append(stream, 'no_stream', [anEvent(), anEvent()]);
    const stored = await all(store.readStream(stream));
    expect(result).toEqual({ outcome: 'appended', revision: 1n, position: stored[1]?.position });
  });

  it('answers a conflict as a value, and writes nothing', async () => {
    const stream = aStream();
    await store.append(stream, 'no_stream', [anEvent()]);
    expect(await store.append(stream, 'no_stream', [anEvent()])).toEqual({ outcome: 'conflict' });
    expect(await store.append(stream, 5n, [anEvent()])).toEqual({ outcome: 'conflict' });
    expect(await all(store.readStream(stream))).toHaveLength(1);
  });

  it('lets one of many at the same revision through', async () => {
    const stream = aStream();
    const results = await Promise.all(
      Array.from({ length: 20 }, () => store.append(stream, 'no_stream', [anEvent()])),
    );
    expect(results.filter(({ outcome }) => outcome === 'appended')).toHaveLength(1);
  });

  it('keeps data and metadata', async () => {
    const stream = aStream();
    const event = anEvent(7);
    await store.append(stream, 'no_stream', [event]);
    expect(await all(store.readStream(stream))).toMatchObject([
      {
        id: event.id,
        type: event.type,
        data: event.data,
        metadata: event.metadata,
        revision: 0n,
        streamId: stream,
      },
    ]);
  });

  it('is done once when the answer is lost: the same bytes again, then the log says what happened', async () => {
    const link = await severableLink(server.url);
    const behindLink = new EventStore(link.url, silent);
    try {
      const stream = aStream();
      await behindLink.append(stream, 'no_stream', [anEvent()]);
      link.swallowAnswers();
      const event = anEvent();
      const append = behindLink.append(stream, 0n, [event]);
      await until(async () => (await all(store.readStream(stream))).length === 2);
      link.restore();
      const stored = await all(store.readStream(stream));
      expect(await append).toEqual({ outcome: 'appended', revision: 1n, position: stored[1]?.position });
      expect(await all(store.readStream(stream))).toHaveLength(2);
    } finally {
      await behindLink.close();
      await link.close();
    }
  });

  it('tells a lost answer from somebody else’s event at the same revision', async () => {
    const link = await severableLink(server.url);
    const behindLink = new EventStore(link.url, silent);
    try {
      const stream = aStream();
      await behindLink.append(stream, 'no_stream', [anEvent()]);
      link.swallowRequests();
      const append = behindLink.append(stream, 0n, [anEvent()]);
      await store.append(stream, 0n, [anEvent()]);
      link.restore();
      expect(await append).toEqual({ outcome: 'conflict' });
    } finally {
      await behindLink.close();
      await link.close();
    }
  });
});

describe('read', () => {
  it('finds nothing in a missing stream', async () => {
    expect(await all(store.readStream(aStream()))).toEqual([]);
    expect(await all(store.readStreamBackwards(aStream(), 1))).toEqual([]);
  });

  it('goes forward from a revision, and backwards from the end', async () => {
    const stream = aStream();
    await store.append(stream, 'no_stream', [anEvent(0), anEvent(1), anEvent(2)]);
    const ns = (events: RecordedEvent[]) => events.map(({ data }) => (data as { n: number }).n);
    expect(ns(await all(store.readStream(stream, 1n)))).toEqual([1, 2]);
    expect(ns(await all(store.readStream(stream, 0n, 2)))).toEqual([0, 1]);
    expect(ns(await all(store.readStreamBackwards(stream, 2)))).toEqual([2, 1]);
  });

  it('reads the log behind a position, up to its head', async () => {
    const stream = aStream();
    const first = await store.append(stream, 'no_stream', [anEvent(1)]);
    await store.append(stream, 0n, [anEvent(2)]);
    const after = first.outcome === 'appended' ? first.position : 0n;
    const found = await all(store.readAll({ after }));
    expect(found.map(({ data }) => data)).toEqual([{ n: 2 }]);
    expect(await store.head()).toBe(found[0]?.position);
  });
});

describe('the log’s identity', () => {
  it('is the same for everybody who asks, also at the same time', async () => {
    const other = new EventStore(server.url, silent);
    const identities = await Promise.all([store.identity(), store.identity(), other.identity()]);
    await other.close();
    expect(new Set(identities).size).toBe(1);
  });
});

describe('subscription', () => {
  const stopping = new AbortController();
  afterAll(() => stopping.abort());

  const listen = (after: bigint | undefined, prefixes: string[], maxBatch = 10) => {
    const batches: LogBatch[] = [];
    const signal = stopping.signal;
    void (async () => {
      for await (const batch of store.subscribe({ name: 'spec', after, prefixes, maxBatch, signal })) {
        batches.push(batch);
      }
    })();
    return batches;
  };
  const heard = (batches: LogBatch[]) =>
    batches.flatMap(({ events }) => events.map(({ data }) => (data as { n: number }).n));

  it('hands out history, then what comes, each once and in order', async () => {
    const stream = aStream();
    await store.append(
      stream,
      'no_stream',
      Array.from({ length: 25 }, (_, n) => anEvent(n)),
    );
    const batches = listen(undefined, [stream]);
    await until(() => heard(batches).length === 25 && (batches.at(-1)?.caughtUp ?? false));
    await store.append(stream, 24n, [anEvent(25)]);
    await until(() => heard(batches).length === 26);
    expect(heard(batches)).toEqual(Array.from({ length: 26 }, (_, n) => n));
    expect(Math.max(...batches.map(({ events }) => events.length))).toBeLessThanOrEqual(10);
  });

  it('moves its position past events that its filter leaves out', async () => {
    const head = await store.head();
    const batches = listen(head, ['payment-nobody']);
    const stream = aStream();
    for (let n = 0; n < 40; n++) {
      await store.append(
        stream,
        n === 0 ? 'no_stream' : BigInt(n * 10 - 1),
        Array.from({ length: 10 }, anEvent),
      );
    }
    await until(() => (batches.at(-1)?.position ?? 0n) > head);
    expect(heard(batches)).toEqual([]);
  });

  it('goes on behind the last batch after the connection was lost', async () => {
    const link = await severableLink(server.url);
    const behindLink = new EventStore(link.url, silent);
    const stream = aStream();
    const seen: number[] = [];
    try {
      void (async () => {
        const events = behindLink.subscribe({
          name: 'spec',
          after: undefined,
          prefixes: [stream],
          signal: stopping.signal,
        });
        for await (const batch of events) seen.push(...heard([batch]));
      })();
      await store.append(stream, 'no_stream', [anEvent(0)]);
      await until(() => seen.length === 1);
      link.cut();
      await store.append(stream, 0n, [anEvent(1)]);
      await until(() => seen.length === 2);
      expect(seen).toEqual([0, 1]);
    } finally {
      await behindLink.close();
      await link.close();
    }
  });
});

/** A TCP link to the event store that can lose what goes through it. */
async function severableLink(target: string) {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let up = true;
  let down = true;
  const proxy = createServer((client) => {
    const upstream = connectTcp(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (bytes) => up && upstream.write(bytes));
    upstream.on('data', (bytes) => down && client.write(bytes));
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  const bound = typeof address === 'object' && address ? address.port : 0;
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    url: `esdb://127.0.0.1:${bound}?tls=false`,
    cut,
    swallowAnswers: () => (down = false),
    swallowRequests: () => (up = false),
    /** What was swallowed is gone: the connections break, new ones work. */
    restore: () => {
      up = down = true;
      cut();
    },
    close: () =>
      new Promise<void>((resolve) => {
        cut();
        proxy.close(() => resolve());
      }),
  };
}

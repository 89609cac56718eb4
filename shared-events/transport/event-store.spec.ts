import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EventStoreDBClient, MaxAppendSizeExceededError, jsonEvent } from '@eventstore/db-client';
import type { RecordedEvent } from '../contracts/envelope.js';
import { type StreamName, stockStream } from '../contracts/ids.js';
import { aReceipt, collected, freshSku } from '../testing/event-stores.js';
import { silent } from '../testing/logger.js';
import { SeverableLink } from '../testing/severable-link.js';
import { type Server, eventStoreOf, serverRows } from '../testing/servers.js';
import { until } from '../testing/until.js';
import { AppendGateway, AppendOutcomeUnknown, NotAppended } from './append-gateway.js';
import type { AppendOutcome } from './append.metrics.js';
import { EventStore } from './event-store.js';
import { eventsOf } from './reading.js';
import type { LogBatch } from './subscription.js';
import { NoAnswer } from './waiting.js';

describe.each(serverRows('EVENTSTORE_URL'))('on %s', (_title, real) => {
  /** A link shows one node another address than its certificate names, and a cluster names its own. */
  const overLink = /^\w+:.*tls=false/.test(real.EVENTSTORE_URL ?? 'esdb://?tls=false') ? it : it.skip;

  let server: Server;
  let store: EventStore;

  beforeAll(async () => {
    server = await eventStoreOf(real);
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    store = new EventStore(server.url, silent);
  });
  afterEach(() => store.close());

  const aStream = (): StreamName => stockStream(freshSku());

  describe('append', () => {
    it('answers with the revision and position of the last event', async () => {
      const stream = aStream();
      const result = await store.append(stream, 'no_stream', [aReceipt(), aReceipt()]);
      const stored = await collected(store.readStream(stream));
      expect(result).toEqual({ outcome: 'appended', revision: 1n, position: stored[1]?.position });
    });

    it('answers a conflict as a value, and writes nothing', async () => {
      const stream = aStream();
      await store.append(stream, 'no_stream', [aReceipt()]);
      expect(await store.append(stream, 'no_stream', [aReceipt()])).toEqual({ outcome: 'conflict' });
      expect(await store.append(stream, 5n, [aReceipt()])).toEqual({ outcome: 'conflict' });
      expect(await collected(store.readStream(stream))).toHaveLength(1);
    });

    it('tells what came of it', async () => {
      const told: [StreamName, AppendOutcome][] = [];
      const watched = new EventStore(server.url, silent, (...append) => told.push(append));
      const stream = aStream();
      const large = { ...aReceipt(), data: { text: 'x'.repeat(2 ** 21) } };
      await watched.append(stream, 'no_stream', [aReceipt()]);
      await watched.append(stream, 'no_stream', [aReceipt()]);
      await expect(watched.append(stream, 0n, [large])).rejects.toThrow(MaxAppendSizeExceededError);
      await watched.close();
      expect(told).toEqual([
        [stream, 'appended'],
        [stream, 'conflict'],
        [stream, 'failed'],
      ]);
    });

    it('lets one of many at the same revision through', async () => {
      const stream = aStream();
      const results = await Promise.all(
        Array.from({ length: 20 }, () => store.append(stream, 'no_stream', [aReceipt()])),
      );
      expect(results.filter(({ outcome }) => outcome === 'appended')).toHaveLength(1);
    });

    it('keeps data and metadata', async () => {
      const stream = aStream();
      const event = aReceipt(7);
      await store.append(stream, 'no_stream', [event]);
      expect(await collected(store.readStream(stream))).toMatchObject([
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

    overLink(
      'is done once when the answer is lost: the same bytes again, then the log says what happened',
      async () => {
        const link = await SeverableLink.to(server.url);
        const behindLink = new EventStore(link.url, silent);
        try {
          const stream = aStream();
          await behindLink.append(stream, 'no_stream', [aReceipt()]);
          link.swallowAnswers();
          const event = aReceipt();
          const append = behindLink.append(stream, 0n, [event]);
          await until(async () => (await collected(store.readStream(stream))).length === 2);
          link.restore();
          const stored = await collected(store.readStream(stream));
          expect(await append).toEqual({ outcome: 'appended', revision: 1n, position: stored[1]?.position });
          expect(await collected(store.readStream(stream))).toHaveLength(2);
        } finally {
          await behindLink.close();
          await link.close();
        }
      },
    );

    overLink('tells a lost answer from somebody else’s event at the same revision', async () => {
      const link = await SeverableLink.to(server.url);
      const behindLink = new EventStore(link.url, silent);
      try {
        const stream = aStream();
        await behindLink.append(stream, 'no_stream', [aReceipt()]);
        link.swallowRequests();
        const append = behindLink.append(stream, 0n, [aReceipt()]);
        await store.append(stream, 0n, [aReceipt()]);
        link.restore();
        expect(await append).toEqual({ outcome: 'conflict' });
      } finally {
        await behindLink.close();
        await link.close();
      }
    });
  });

  describe('append, over a link that loses what goes through it', () => {
    let link: SeverableLink;
    let behindLink: EventStore;
    let stream: StreamName;

    beforeEach(async () => {
      link = await SeverableLink.to(server.url);
      behindLink = new EventStore(link.url, silent);
      stream = aStream();
      await behindLink.append(stream, 'no_stream', [aReceipt()]);
    });
    afterEach(async () => {
      await behindLink.close();
      await link.close();
    });

    overLink('is done by a repeat, as the same event, when the request is lost', async () => {
      link.swallowRequests();
      const event = aReceipt();
      const append = behindLink.append(stream, 0n, [event]);
      await until(() => link.swallowed > 0);
      link.restore();
      expect(await append).toMatchObject({ outcome: 'appended', revision: 1n });
      expect(await collected(store.readStream(stream, 1n))).toMatchObject([{ id: event.id }]);
    });

    overLink('goes over a new connection when its own has gone silent, and is done once', async () => {
      link.silenceConnections();
      const streams = Array.from({ length: 20 }, aStream);
      const appends = streams.map((name) => behindLink.append(name, 'no_stream', [aReceipt(), aReceipt()]));
      expect(new Set((await Promise.all(appends)).map(({ outcome }) => outcome))).toEqual(
        new Set(['appended']),
      );
      for (const name of streams) expect(await collected(store.readStream(name))).toHaveLength(2);
    });

    overLink('waits for its turn behind 128 others', async () => {
      const before = await store.head();
      link.swallowAnswers();
      const appends = Array.from({ length: 300 }, () =>
        behindLink.append(aStream(), 'no_stream', [aReceipt()]),
      );
      const arrived = async () => (await collected(store.readAll({ after: before }))).length;
      await until(async () => (await arrived()) >= 128);
      expect(await arrived()).toBe(128);
      link.restore();
      await Promise.all(appends);
      expect(await arrived()).toBe(300);
    });

    overLink('was surely not done where it has waited for its turn in vain, or too many have', async () => {
      const limits = { atOnce: 2, waiting: 3, waitMs: 500 };
      const gateway = new AppendGateway(
        () => EventStoreDBClient.connectionString(link.url),
        (name, from) => store.readStream(name, from),
        silent,
        limits,
      );
      link.swallowAnswers();
      const streams = Array.from({ length: 6 }, aStream);
      const appends = streams.map((name) => gateway.append(name, 'no_stream', [aReceipt()]));
      const [, , ...without] = appends;
      for (const append of without) await expect(append).rejects.toThrow(NotAppended);
      await expect(appends[5]).rejects.toThrow('3 others wait already');
      link.restore();
      expect(await Promise.all(appends.slice(0, 2))).toMatchObject([
        { outcome: 'appended' },
        { outcome: 'appended' },
      ]);
      for (const name of streams.slice(2)) expect(await collected(store.readStream(name))).toEqual([]);
      await gateway.close();
    });

    overLink('is of unknown outcome when the store is closed before an answer', async () => {
      link.swallowAnswers();
      const append = behindLink.append(stream, 0n, [aReceipt()]);
      const answer = expect(append).rejects.toThrow(AppendOutcomeUnknown);
      await until(async () => (await collected(store.readStream(stream))).length === 2);
      const closedAt = Date.now();
      await behindLink.close();
      await answer;
      expect(Date.now() - closedAt).toBeLessThan(2_000);
    });

    overLink('is not tried over a new connection where the store is closed before that', async () => {
      let connections = 0;
      const connect = () => {
        connections += 1;
        return EventStoreDBClient.connectionString(link.url);
      };
      // What is said before a repeat is the moment between two tries.
      const gateway: AppendGateway = new AppendGateway(
        connect,
        (name, from) => store.readStream(name, from),
        {
          ...silent,
          warn: () => void gateway.close(),
        },
      );
      link.swallowAnswers();
      await expect(gateway.append(stream, 0n, [aReceipt()])).rejects.toThrow(AppendOutcomeUnknown);
      expect(connections).toBe(1);
    });

    overLink('is known from the log where the store takes a repeat for a conflict', async () => {
      const events = [aReceipt(), aReceipt()];
      // The store answers such a repeat itself whenever it can: what it finds and what the log holds are two streams here.
      const gateway = new AppendGateway(
        () => EventStoreDBClient.connectionString(link.url),
        (_stream, from) => store.readStream(inLog, from),
        silent,
      );
      const inLog = aStream();
      await store.append(inLog, 'no_stream', [aReceipt(), ...events]);
      link.swallowRequests();
      const append = gateway.append(stream, 0n, events);
      await until(() => link.swallowed > 0);
      await store.append(stream, 0n, [aReceipt()]);
      link.restore();
      const [, , last] = await collected(store.readStream(inLog));
      expect(await append).toEqual({ outcome: 'appended', revision: 2n, position: last?.position });
      await gateway.close();
    });
  });

  overLink('any of the nodes that the URL names leads to the log, whichever of them are away', async () => {
    const { host } = new URL(server.url);
    // Nobody listens on port 1.
    const through = new EventStore(server.url.replace(host, `127.0.0.1:1,${host},127.0.0.1:1`), silent);
    const stream = aStream();
    await store.append(stream, 'no_stream', [aReceipt()]);
    try {
      expect(await through.append(stream, 0n, [aReceipt()])).toMatchObject({ outcome: 'appended' });
      expect(await collected(through.readStream(stream))).toHaveLength(2);
    } finally {
      await through.close();
    }
  });

  it('an append that is refused for good is refused at once, in the words of the store', async () => {
    const tooLarge = { ...aReceipt(), data: { text: 'x'.repeat(2 ** 21) } };
    await expect(store.append(aStream(), 'no_stream', [tooLarge])).rejects.toThrow(
      MaxAppendSizeExceededError,
    );
  });

  describe('ping', () => {
    overLink('is answered, or is an error after two seconds', async () => {
      await expect(store.ping()).resolves.toBeUndefined();
      const link = await SeverableLink.to(server.url);
      const behindLink = new EventStore(link.url, silent);
      await behindLink.ping();
      link.swallowAnswers();
      const askedAt = Date.now();
      await expect(behindLink.ping()).rejects.toThrow();
      expect(Date.now() - askedAt).toBeLessThan(4_000);
      await behindLink.close();
      await link.close();
    });
  });

  describe('read', () => {
    it('finds nothing in a missing stream', async () => {
      expect(await collected(store.readStream(aStream()))).toEqual([]);
      expect(await collected(store.readStreamBackwards(aStream(), 1))).toEqual([]);
    });

    it('goes forward from a revision, and backwards from the end', async () => {
      const stream = aStream();
      await store.append(stream, 'no_stream', [aReceipt(0), aReceipt(1), aReceipt(2)]);
      const ns = (events: RecordedEvent[]) => events.map(({ data }) => (data as { n: number }).n);
      expect(ns(await collected(store.readStream(stream, 1n)))).toEqual([1, 2]);
      expect(ns(await collected(store.readStream(stream, 0n, 2)))).toEqual([0, 1]);
      expect(ns(await collected(store.readStreamBackwards(stream, 2)))).toEqual([2, 1]);
    });

    it('reads the log behind a position, up to its head', async () => {
      const stream = aStream();
      const first = await store.append(stream, 'no_stream', [aReceipt(1)]);
      await store.append(stream, 0n, [aReceipt(2)]);
      const after = first.outcome === 'appended' ? first.position : 0n;
      const found = await collected(store.readAll({ after }));
      expect(found.map(({ data }) => data)).toMatchObject([{ n: 2 }]);
      expect(await store.head()).toBe(found[0]?.position);
    });

    it('has a head of some streams, too, and looks for none before what is known of it', async () => {
      const [stream, other] = [aStream(), aStream()];
      await store.append(stream, 'no_stream', [aReceipt(1)]);
      const head = await store.head({ prefixes: [stream] });
      await store.append(other, 'no_stream', [aReceipt(2)]);
      const all = await store.head();
      expect(all).toBeGreaterThan(head);
      expect(await store.head({ prefixes: [stream] })).toBe(head);
      expect(await store.head({ prefixes: [stream, other] })).toBe(all);
      expect(await store.head({ prefixes: [stream], atLeast: head })).toBe(head);
      expect(await store.head({ prefixes: [stream], atLeast: all })).toBe(all);
    });

    it('finds the event of ours that stands at a position, and nothing where none does', async () => {
      const [stream] = [stockStream(freshSku())];
      await store.append(stream, 'no_stream', [aReceipt()]);
      const [written] = await collected(store.readStream(stream));
      expect(await store.eventAt(written!.position)).toEqual(written);
      expect(await store.eventAt(written!.position - 1n)).not.toEqual(written);
    });

    it('passes over what is not ours, and takes no more than it was asked for', async () => {
      const before = await store.head();
      await store.append(aStream(), 'no_stream', [aReceipt(1), aReceipt(2)]);
      const ours = await store.head();
      const driver = EventStoreDBClient.connectionString(server.url);
      await driver.appendToStream('somebodyElse-1', jsonEvent({ type: 'ElseHappened', data: {} }));
      await driver.dispose();
      expect(await store.head()).toBe(ours);
      const found = await collected(store.readAll({ after: before }));
      expect(found.map(({ data }) => data)).toMatchObject([{ n: 1 }, { n: 2 }]);
      expect(await collected(store.readAll({ after: before, maxCount: 1 }))).toEqual(found.slice(0, 1));
    });
  });

  describe('over a link that falls silent', () => {
    let link: SeverableLink;
    let behindLink: EventStore;

    beforeEach(async () => {
      link = await SeverableLink.to(server.url);
      behindLink = new EventStore(link.url, silent);
    });
    afterEach(async () => {
      await behindLink.close();
      await link.close();
    });

    const answers = () =>
      behindLink.ping().then(
        () => true,
        () => false,
      );
    const isSilent = () =>
      behindLink.ping().then(
        () => false,
        (error: unknown) => error instanceof NoAnswer,
      );

    overLink('a read waits no longer than it may for the next event', async () => {
      const stream = aStream();
      await store.append(stream, 'no_stream', Array.from({ length: 2_000 }, aReceipt));
      const client = EventStoreDBClient.connectionString(link.url);
      const failures: unknown[] = [];
      const call = {
        client,
        givenUp: new AbortController().signal,
        answered: () => undefined,
        failed: (error: unknown) => void failures.push(error),
      };
      const events = eventsOf(call, () => client.readStream(stream, {}, { highWaterMark: 1 }), 300);
      // Whoever reads may take longer.
      for (let n = 0; n < 3; n++) {
        expect((await events.next()).done).toBe(false);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      link.blackhole();
      await expect(collected(events)).rejects.toThrow(NoAnswer);
      expect(failures).toHaveLength(1);
      link.restore();
      await client.dispose();
    });

    overLink('goes over another connection when its own has gone silent', async () => {
      await behindLink.ping();
      link.silenceConnections();
      await until(answers);
    });

    overLink('goes over another connection where its own was accepted and never answered', async () => {
      link.blackhole();
      await expect(behindLink.ping()).rejects.toThrow(NoAnswer);
      link.silenceConnections();
      link.mend();
      await until(answers);
    });

    overLink(
      'a subscription that is not confirmed asks over another connection, also where nobody else does',
      async () => {
        const stream = aStream();
        await store.append(stream, 'no_stream', [aReceipt(1)]);
        link.blackhole();
        const stop = new AbortController();
        const options = { name: 'spec', after: undefined, prefixes: [stream], signal: stop.signal };
        // Before the event may come how far the log was looked at.
        const heard = async () => {
          for await (const { events } of behindLink.subscribe(options)) if (events.length > 0) return events;
          return [];
        };
        const first = heard();
        await expect(behindLink.ping()).rejects.toThrow(NoAnswer);
        link.silenceConnections();
        link.mend();
        expect(await first).toMatchObject([{ data: { n: 1 } }]);
        stop.abort();
      },
    );

    overLink.each([
      ['was accepted and never answered', (link: SeverableLink) => link.cut()],
      ['has gone silent', () => undefined],
    ])(
      'a subscription takes back that nothing waits, and goes on over another connection when its own %s',
      async (_what, breakOff) => {
        const stream = aStream();
        const batches: LogBatch[] = [];
        const stop = new AbortController();
        const options = { name: 'spec', after: undefined, prefixes: [stream], signal: stop.signal };
        const listening = (async () => {
          for await (const batch of behindLink.subscribe(options)) batches.push(batch);
        })();
        await until(() => batches.at(-1)?.caughtUp ?? false);
        link.blackhole();
        breakOff(link);
        // While it is quiet nobody notices but those who ask.
        await until(async () => (await isSilent()) && !(batches.at(-1)?.caughtUp ?? true));
        expect(batches.at(-1)?.events).toEqual([]);
        await store.append(stream, 'no_stream', [aReceipt(1)]);
        link.silenceConnections();
        link.mend();
        await until(async () => (await answers()) && (batches.at(-1)?.caughtUp ?? false));
        expect(batches.flatMap(({ events }) => events.map(({ data }) => data))).toMatchObject([{ n: 1 }]);
        stop.abort();
        await listening;
      },
    );
  });

  it('a read that is left early does not keep the store from closing', async () => {
    const stream = aStream();
    await store.append(stream, 'no_stream', Array.from({ length: 2_000 }, aReceipt));
    const leaving = new EventStore(server.url, silent);
    for await (const _first of leaving.readStream(stream)) break;
    await leaving.close();
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

    const listen = (after: bigint | undefined, prefixes: string[] | undefined, maxBatch = 10) => {
      const batches: LogBatch[] = [];
      const signal = stopping.signal;
      const only = prefixes ? { prefixes } : {};
      void (async () => {
        for await (const batch of store.subscribe({ name: 'spec', after, maxBatch, signal, ...only })) {
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
        Array.from({ length: 25 }, (_, n) => aReceipt(n)),
      );
      const batches = listen(undefined, [stream]);
      await until(() => heard(batches).length === 25 && (batches.at(-1)?.caughtUp ?? false));
      expect(batches.filter(({ caughtUp }) => caughtUp)).toHaveLength(1);
      await store.append(stream, 24n, [aReceipt(25)]);
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
          Array.from({ length: 10 }, aReceipt),
        );
      }
      await until(() => (batches.at(-1)?.position ?? 0n) > head);
      expect(heard(batches)).toEqual([]);
    });

    it('hears all of our streams, from a position on, and nobody else’s', async () => {
      await store.append(aStream(), 'no_stream', [aReceipt(1)]);
      const after = await store.head();
      const driver = EventStoreDBClient.connectionString(server.url);
      await driver.appendToStream('somebodyElse-2', jsonEvent({ type: 'ElseHappened', data: { n: 2 } }));
      await driver.dispose();
      await store.append(aStream(), 'no_stream', [aReceipt(3)]);
      const batches = listen(after, undefined);
      await until(() => batches.at(-1)?.caughtUp ?? false);
      expect(heard(batches)).toEqual([3]);
    });

    it('says that it has caught up where there is nothing to hear', async () => {
      const batches = listen(undefined, ['payment-nobody']);
      await until(() => batches.length > 0 && batches.every(({ events }) => events.length === 0));
      await until(() => batches.at(-1)?.caughtUp ?? false);
    });

    it.each(['its caller', 'the store'])('that waits for news ends when %s stops', async (who) => {
      const [own, closing] = [new AbortController(), new EventStore(server.url, silent)];
      let caughtUp = false;
      const over = (async () => {
        const events = closing.subscribe({ name: 'spec', after: undefined, signal: own.signal });
        for await (const batch of events) caughtUp = batch.caughtUp;
      })();
      await until(() => caughtUp);
      if (who === 'its caller') own.abort();
      else await closing.close();
      await over;
      await closing.close();
    });

    overLink('goes on behind the last batch after the connection was lost', async () => {
      const link = await SeverableLink.to(server.url);
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
        await store.append(stream, 'no_stream', [aReceipt(0)]);
        await until(() => seen.length === 1);
        link.cut();
        await store.append(stream, 0n, [aReceipt(1)]);
        await until(() => seen.length === 2);
        expect(seen).toEqual([0, 1]);
      } finally {
        await behindLink.close();
        await link.close();
      }
    });
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type SnapshotStreamName, type StreamName, snapshotStream, stockStream } from '../contracts/ids.js';
import { type ConnectedStore, aReceipt, collected, connectedTo, freshSku } from '../testing/event-stores.js';
import { eventStoreOf, serverRows } from '../testing/servers.js';
import type { AppendableEvent } from './append-gateway.js';
import type { EventStore } from './event-store.js';

describe.each(serverRows('EVENTSTORE_URL'))('on %s', (_title, real) => {
  let server: ConnectedStore;
  let store: EventStore;
  let stream: StreamName;
  let snapshots: SnapshotStreamName;

  beforeAll(async () => {
    server = await connectedTo(eventStoreOf(real));
    store = server.store;
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    stream = stockStream(freshSku());
    snapshots = snapshotStream(stream, 1);
  });

  const aSnapshot = (...bytes: number[]): AppendableEvent => ({
    id: randomUUID(),
    type: 'SnapshotTaken',
    data: Uint8Array.from(bytes),
    metadata: { of: stream },
  });

  describe('a snapshot', () => {
    it('comes back in the bytes that it was given', async () => {
      await store.appendSnapshot(snapshots, 'no_stream', aSnapshot(0, 255, 7));
      const [kept] = await collected(store.readStreamBackwards(snapshots, 1));
      expect(kept).toMatchObject({ revision: 0n, metadata: { of: stream } });
      expect([...(kept?.data as Uint8Array)]).toEqual([0, 255, 7]);
    });

    it('is the only one that is kept, from its first on', async () => {
      await store.keepLastOnly(snapshots);
      await store.appendSnapshot(snapshots, 'no_stream', aSnapshot(1));
      await store.appendSnapshot(snapshots, 0n, aSnapshot(2));
      await store.appendSnapshot(snapshots, 1n, aSnapshot(3));
      const kept = await collected(store.readStream(snapshots));
      expect(kept.map(({ revision, data }) => [revision, [...(data as Uint8Array)]])).toEqual([[2n, [3]]]);
    });

    it('is not put in the place of one that was put there meanwhile', async () => {
      await store.appendSnapshot(snapshots, 'no_stream', aSnapshot(1));
      expect(await store.appendSnapshot(snapshots, 'no_stream', aSnapshot(2))).toEqual({
        outcome: 'conflict',
      });
    });

    it('leaves what was said about its stream before', async () => {
      await Promise.all([store.keepLastOnly(snapshots), store.keepLastOnly(snapshots)]);
      await store.keepLastOnly(snapshots);
      expect(await collected(store.readStream(`$$${snapshots}`))).toMatchObject([
        { type: '$metadata', revision: 0n, data: { $maxCount: 1 } },
      ]);
    });

    it('does not exist for those who follow or read the log', async () => {
      const before = await store.head();
      await store.append(stream, 'no_stream', [aReceipt()]);
      const head = await store.head();
      await store.keepLastOnly(snapshots);
      await store.appendSnapshot(snapshots, 'no_stream', aSnapshot(1));
      expect(await store.head()).toBe(head);
      await store.append(stream, 0n, [aReceipt()]);
      const log = await collected(store.readAll({ after: before }));
      expect(log.map(({ streamId }) => streamId)).toEqual([stream, stream]);
      const stopping = new AbortController();
      const heard: string[] = [];
      for await (const batch of store.subscribe({ name: 'spec', after: before, signal: stopping.signal })) {
        heard.push(...batch.events.map(({ streamId }) => streamId));
        if (heard.length >= 2) break;
      }
      expect(heard).toEqual([stream, stream]);
    });
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import type { Addressed } from '@orders/shared-events/contracts/envelope.js';
import {
  CommandId,
  Sku,
  type StreamName,
  snapshotStream,
  stockStream,
} from '@orders/shared-events/contracts/ids.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import {
  type ConnectedStore,
  collected,
  connectedTo,
  freshSku,
} from '@orders/shared-events/testing/event-stores.js';
import { origin } from '@orders/shared-events/testing/examples.js';
import { eventStoreOf, serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { DeciderRunner } from './decider.js';
import { effectsOf } from './effects.js';
import { type SnapshotEffects, SnapshotTooLarge } from './snapshot.js';
import { snapshotsIn } from './snapshot-store.js';
import { EVENTS_BETWEEN } from './snapshots.js';
import { stockSnapshot } from './stock/stock.snapshot.js';
import { type StockCommand, stock } from './stock/stock.js';

const { version } = stockSnapshot;

describe.each(serverRows('EVENTSTORE_URL'))('on %s', (_title, real) => {
  let server: ConnectedStore;
  let store: EventStore;
  let snapshots: SnapshotEffects;
  let warnings: object[];
  let stream: StreamName;
  let sku: Sku;

  beforeAll(async () => {
    server = await connectedTo(eventStoreOf(real));
    store = server.store;
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    sku = freshSku();
    stream = stockStream(sku);
    warnings = [];
    snapshots = snapshotsIn(store, { warn: (warning: object) => void warnings.push(warning) });
  });

  const inStore = () => collected(store.readStream(snapshotStream(stream, version)));
  const putBytes = (data: Uint8Array | Record<string, unknown>) =>
    store.appendSnapshot(snapshotStream(stream, version), 'no_stream', {
      id: randomUUID(),
      type: 'SnapshotTaken',
      data,
    });

  describe('a snapshot in the event store', () => {
    const snapshot = { header: { revision: '7' }, state: { receipts: [['ä', 1]] } };

    it('comes back as it was', async () => {
      expect(await snapshots.read(stream, version)).toBeUndefined();
      const place = await snapshots.write(stream, version, snapshot, undefined);
      expect(await snapshots.read(stream, version)).toEqual({ ...place, ...snapshot });
      expect(await snapshots.read(stream, version + 1)).toBeUndefined();
    });

    it('takes the place of the one before it, and of no other', async () => {
      await snapshots.write(stream, version, snapshot, undefined);
      await snapshots.write(stream, version, { ...snapshot, state: {} }, 0n);
      expect(await snapshots.write(stream, version, snapshot, 0n)).toBeUndefined();
      expect(await snapshots.write(stream, version, snapshot, undefined)).toBeUndefined();
      expect(await snapshots.read(stream, version)).toMatchObject({ at: 1n, state: {} });
      expect(await inStore()).toHaveLength(1);
    });

    it('is refused where the store would not take it', async () => {
      const large = { header: {}, state: { noise: randomBytes(2 ** 20).toString('base64') } };
      await expect(snapshots.write(stream, version, large, undefined)).rejects.toThrow(SnapshotTooLarge);
      expect(await inStore()).toEqual([]);
      const less = { header: {}, state: { noise: randomBytes(950_000).toString('base64') } };
      expect(await snapshots.write(stream, version, less, undefined)).toMatchObject({ at: 0n });
    });

    it.each([
      ['bytes that are not compressed', Buffer.from('{}')],
      ['no bytes', new Uint8Array()],
      ['an event of somebody else', { onHand: 7 }],
    ])('has no state where there are %s', async (_what, data) => {
      await putBytes(data);
      expect(await snapshots.read(stream, version)).toMatchObject({ at: 0n, state: undefined });
    });

    it('has no state where a bit of it has changed', async () => {
      await snapshots.write(stream, version, snapshot, undefined);
      const data = Uint8Array.from((await inStore())[0]?.data as Uint8Array);
      data[data.length - 6]! ^= 1;
      stream = stockStream(Sku.parse(`${sku}-2`));
      await putBytes(data);
      expect(await snapshots.read(stream, version)).toMatchObject({ state: undefined });
    });
  });

  describe('a process that decides', () => {
    const started = (keeping = snapshots) =>
      new DeciderRunner(stock, { ...effectsOf(store), snapshots: keeping });
    const addressed = (command: StockCommand): Addressed<StockCommand> => ({
      commandId: CommandId.parse(randomUUID()),
      stream,
      command,
      origin,
    });
    const receive = (receiptId: string) =>
      addressed({ type: 'ReceiveStock', data: { sku, receiptId, quantity: 1 } });
    const receiveMany = (process: ReturnType<typeof started>, from: number, to: number) =>
      Promise.all(
        Array.from({ length: to - from }, (_unused, n) => process.execute(receive(`r${from + n}`))),
      );
    const snapshotted = () => until(async () => (await inStore()).length === 1);
    /** A process that ends before its snapshots are written. */
    const ended: SnapshotEffects = {
      read: () => Promise.resolve(undefined),
      write: () => new Promise(() => undefined),
      tell: () => undefined,
    };

    it('leaves a snapshot, by which the next one knows every key', async () => {
      await receiveMany(started(), 0, EVENTS_BETWEEN);
      await snapshotted();
      await receiveMany(started(), EVENTS_BETWEEN, EVENTS_BETWEEN + 10);
      const next = started();
      expect(await next.execute(receive('r0'))).toMatchObject({ outcome: 'repeated' });
      expect((await next.load(stream)).state.onHand).toBe(EVENTS_BETWEEN + 10);
      expect(warnings).toEqual([]);
    });

    it('loses nothing where it ends between an append and its snapshot', async () => {
      await receiveMany(started(ended), 0, EVENTS_BETWEEN + 5);
      expect(await inStore()).toEqual([]);
      const next = started();
      expect(await next.execute(receive('r0'))).toMatchObject({ outcome: 'repeated' });
      await snapshotted();
      expect(await started().execute(receive('r7'))).toMatchObject({ outcome: 'repeated' });
    });

    it('passes over a snapshot that it cannot read, and leaves a good one', async () => {
      await putBytes(Buffer.from('nothing that anybody could read'));
      await receiveMany(started(ended), 0, EVENTS_BETWEEN);
      const process = started();
      expect((await process.load(stream)).state.onHand).toBe(EVENTS_BETWEEN);
      expect(warnings).toMatchObject([{ stream, err: expect.any(Error) }]);
      await until(async () => (await inStore()).at(-1)?.revision === 1n);
      warnings = [];
      expect((await started().load(stream)).state.onHand).toBe(EVENTS_BETWEEN);
      expect(warnings).toEqual([]);
    });

    it('passes over a snapshot that is beyond the end of the stream', async () => {
      await receiveMany(started(), 0, EVENTS_BETWEEN);
      await snapshotted();
      const [{ data, metadata } = { data: undefined, metadata: undefined }] = await inStore();
      await store.appendSnapshot(snapshotStream(stream, version), 0n, {
        id: randomUUID(),
        type: 'SnapshotTaken',
        data: data as Uint8Array,
        metadata: { ...(metadata as object), revision: '100000' },
      });
      expect((await started().load(stream)).state.onHand).toBe(EVENTS_BETWEEN);
      expect(warnings).toHaveLength(1);
    });

    it('does no harm to another that writes the same stream and its snapshots', async () => {
      const processes = [started(), started()];
      const outcomes = await Promise.all(processes.map((each) => receiveMany(each, 0, 3 * EVENTS_BETWEEN)));
      expect(outcomes.flat().filter(({ outcome }) => outcome === 'happened')).toHaveLength(
        3 * EVENTS_BETWEEN,
      );
      await snapshotted();
      const { state } = await started().load(stream);
      expect([state.onHand, state.receipts.size]).toEqual([3 * EVENTS_BETWEEN, 3 * EVENTS_BETWEEN]);
      expect(warnings).toEqual([]);
    });
  });
});

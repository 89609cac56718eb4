import { beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Addressed, NewEvent } from '@orders/shared-events/contracts/envelope.js';
import { CommandId, type StreamName, stockStream } from '@orders/shared-events/contracts/ids.js';
import type { AppendResult } from '@orders/shared-events/transport/append-gateway.js';
import { mug, origin } from '@orders/shared-events/testing/examples.js';
import { DeciderRunner } from './decider.js';
import type { Kept } from './snapshot.js';
import { EVENTS_BETWEEN } from './snapshots.js';
import { type StockCommand, stock } from './stock/stock.js';
import { SimulatedLog } from './testing/simulated-log.js';

const stream = stockStream(mug);
const { version } = stock.snapshot!;
const PLACE = `${stream} ${version}`;
const NOT_USED = `${stream}: snapshot: not used, the stream is folded from its beginning`;
const NOT_WRITTEN = `${stream}: snapshot: not written`;

let log: SimulatedLog;
let receipts: number;
beforeEach(() => {
  log = new SimulatedLog();
  receipts = 0;
});

/** A process that has just been started. */
const started = () => new DeciderRunner(stock, log);
type Process = ReturnType<typeof started>;

const addressed = (command: StockCommand): Addressed<StockCommand> => ({
  commandId: CommandId.parse(randomUUID()),
  stream,
  command,
  origin,
});
const receive = (receiptId: string) =>
  addressed({ type: 'ReceiveStock', data: { sku: mug, receiptId, quantity: 1 } });

/** Receipts, one after the other, with whatever they begin in the background. */
async function receiveMany(process: Process, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    await process.execute(receive(`r${receipts++}`));
    await settled();
  }
}
/** Nothing in a simulation waits for anything but its own turn. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

const revisionKept = () =>
  (log.snapshots.kept.get(PLACE)?.header as { revision?: string } | undefined)?.revision;
const change = (how: (kept: Kept) => object) => {
  const kept = log.snapshots.kept.get(PLACE)!;
  log.snapshots.kept.set(PLACE, { ...kept, ...how(kept) });
};
const inHeader = (change: object) => (kept: Kept) => ({ header: { ...(kept.header as object), ...change } });
const inState = (change: object) => (kept: Kept) => ({ state: { ...(kept.state as object), ...change } });

describe('a snapshot', () => {
  it('is written once there are so many events, with what it is of', async () => {
    const process = started();
    await receiveMany(process, EVENTS_BETWEEN - 1);
    expect(log.snapshots.kept.size).toBe(0);
    await receiveMany(process, 1);
    const last = log.events.at(-1)!;
    expect(log.snapshots.kept.get(PLACE)).toMatchObject({
      header: {
        stream,
        version,
        revision: String(EVENTS_BETWEEN - 1),
        position: String(last.position),
        eventId: last.id,
      },
      state: { onHand: EVENTS_BETWEEN },
    });
  });

  it('is followed by the next when there are so many events more', async () => {
    const process = started();
    await receiveMany(process, 2 * EVENTS_BETWEEN - 1);
    expect(revisionKept()).toBe(String(EVENTS_BETWEEN - 1));
    await receiveMany(process, 1);
    expect(revisionKept()).toBe(String(2 * EVENTS_BETWEEN - 1));
  });

  it('is not read by whom wrote it: the next one goes on from there', async () => {
    const process = started();
    await receiveMany(process, EVENTS_BETWEEN);
    [log.snapshots.reads, log.eventsRead] = [0, 0];
    await receiveMany(process, 3 * EVENTS_BETWEEN);
    expect([log.snapshots.reads, log.eventsRead]).toEqual([0, 3 * (EVENTS_BETWEEN + 1)]);
    expect(log.snapshots.kept.get(PLACE)).toMatchObject({ at: 3n, state: { onHand: 4 * EVENTS_BETWEEN } });
  });

  it('is made anew where the stream no longer holds what it was made of', async () => {
    const process = started();
    await receiveMany(process, EVENTS_BETWEEN);
    const last = log.events[EVENTS_BETWEEN - 1]!;
    log.events[EVENTS_BETWEEN - 1] = {
      ...last,
      id: randomUUID(),
      data: { ...(last.data as object), quantity: 8 },
    };
    await receiveMany(process, EVENTS_BETWEEN);
    expect(log.snapshots.kept.get(PLACE)).toMatchObject({
      at: 1n,
      state: { onHand: 2 * EVENTS_BETWEEN + 7 },
    });
    expect(log.snapshots.told).toEqual([NOT_USED]);
  });

  it('is made anew where it was damaged after it was read', async () => {
    await receiveMany(started(), EVENTS_BETWEEN + 20);
    const process = started();
    await process.load(stream);
    change(() => ({ state: undefined }));
    await receiveMany(process, EVENTS_BETWEEN - 20);
    expect(revisionKept()).toBe(String(2 * EVENTS_BETWEEN - 1));
    expect(log.snapshots.kept.get(PLACE)).toMatchObject({ state: { onHand: 2 * EVENTS_BETWEEN } });
  });

  it('is followed later by the next where it weighs more than so many events', async () => {
    log.snapshots.bytes = 540 * (EVENTS_BETWEEN + 100);
    const process = started();
    await receiveMany(process, 2 * EVENTS_BETWEEN + 99);
    expect(revisionKept()).toBe(String(EVENTS_BETWEEN - 1));
    await receiveMany(process, 1);
    expect(revisionKept()).toBe(String(2 * EVENTS_BETWEEN + 99));
  });

  it('is not waited for', async () => {
    const process = started();
    await receiveMany(process, EVENTS_BETWEEN - 1);
    log.snapshots.beforeWrite = () => new Promise(() => undefined);
    await receiveMany(process, 10);
    expect(log.events).toHaveLength(EVENTS_BETWEEN + 9);
    expect(log.snapshots.writes).toBe(1);
  });

  it('is begun when the turn of its command is over', async () => {
    const process = started();
    log.sleep = () => new Promise(() => undefined);
    await receiveMany(process, EVENTS_BETWEEN);
    expect([log.events.length, log.snapshots.reads]).toEqual([EVENTS_BETWEEN, 0]);
  });

  it('is also written by a process that has folded many events to decide', async () => {
    const process = started();
    log.snapshots.beforeWrite = failing;
    await receiveMany(process, 3 * EVENTS_BETWEEN);
    log.snapshots.beforeWrite = () => undefined;
    await receiveMany(started(), 1);
    expect(revisionKept()).toBe(String(3 * EVENTS_BETWEEN - 1));
  });

  it('spares the next process what came before it', async () => {
    await receiveMany(started(), EVENTS_BETWEEN + 20);
    log.eventsRead = 0;
    const { state, revision, position } = await started().load(stream);
    expect(log.eventsRead).toBe(50 + 1 + 20);
    expect([state.onHand, revision, position]).toEqual([
      EVENTS_BETWEEN + 20,
      BigInt(EVENTS_BETWEEN + 19),
      log.events.at(-1)!.position,
    ]);
    expect(await started().execute(receive('r0'))).toMatchObject({ outcome: 'repeated' });
    expect(await started().execute(receive('new'))).toMatchObject({ outcome: 'happened' });
  });

  it('costs a short stream nothing', async () => {
    await receiveMany(started(), 49);
    [log.reads, log.snapshots.reads] = [0, 0];
    await receiveMany(started(), 1);
    expect([log.reads, log.snapshots.reads]).toEqual([1, 0]);
  });

  it('costs a new stream nothing', async () => {
    await started().execute(receive('r'), { from: 'nothing' });
    expect([log.reads, log.snapshots.reads]).toEqual([0, 0]);
  });

  it('is not looked for by whom what it could tell is known', async () => {
    const process = started();
    await receiveMany(process, EVENTS_BETWEEN + 1);
    log.snapshots.reads = 0;
    await receiveMany(started(), 1);
    log.snapshots.reads = 0;
    // This process is behind, and finds out by a conflict.
    await receiveMany(process, 1);
    expect(log.snapshots.reads).toBe(0);
    expect((await process.load(stream)).state.onHand).toBe(EVENTS_BETWEEN + 3);
  });

  it('is of what the log holds, not of what was decided', async () => {
    log = new LogOfRepeats();
    const process = started();
    await receiveMany(process, EVENTS_BETWEEN);
    expect((await process.load(stream)).state.onHand).toBe(EVENTS_BETWEEN);
    expect(log.snapshots.kept.get(PLACE)).toMatchObject({ state: { onHand: 7 * EVENTS_BETWEEN } });
  });
});

/** Each append is taken for the repeat of another process's, which received seven pieces under the same id. */
class LogOfRepeats extends SimulatedLog {
  override append(
    name: StreamName,
    expected: bigint | 'no_stream',
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    return super.append(
      name,
      expected,
      events.map((event) => ({ ...event, data: { ...event.data, quantity: 7 } })),
    );
  }
}

describe('a snapshot that is not used', () => {
  const damages: [of: string, how: (kept: Kept) => object][] = [
    ['another version', inHeader({ version: version + 1 })],
    ['events as another build reads them', inHeader({ events: 'StockReceived.2' })],
    ['another stream', inHeader({ stream: 'stock-OTHER' })],
    ['a history beyond the end of the stream', inHeader({ revision: '5000' })],
    ['a history with another last event', inHeader({ eventId: randomUUID() })],
    ['another log', inHeader({ position: '1' })],
    ['nothing that could be read', () => ({ header: undefined, state: undefined })],
    ['a state that is damaged', () => ({ state: undefined })],
    ['a state that nobody wrote', inState({ open: [['no id', 'active', -1, 'soon']] })],
  ];

  it.each(damages)('is one of %s: the stream is folded from its beginning', async (_of, how) => {
    await receiveMany(started(), EVENTS_BETWEEN + 20);
    change(how);
    const process = started();
    expect((await process.load(stream)).state.onHand).toBe(EVENTS_BETWEEN + 20);
    expect(log.snapshots.told).toEqual([NOT_USED]);
    await settled();
    // A good one takes its place, and is used.
    expect(revisionKept()).toBe(String(EVENTS_BETWEEN + 19));
    log.eventsRead = 0;
    expect((await started().load(stream)).state.onHand).toBe(EVENTS_BETWEEN + 20);
    expect(log.eventsRead).toBe(50 + 1);
  });

  it('is one that the store does not give', async () => {
    await receiveMany(started(), EVENTS_BETWEEN);
    log.snapshots.beforeRead = failing;
    const process = started();
    expect(await process.execute(receive('new'))).toMatchObject({ state: { onHand: EVENTS_BETWEEN + 1 } });
    expect(log.snapshots.told).toEqual([NOT_USED]);
  });

  it('is said once of a stream', async () => {
    await receiveMany(started(), EVENTS_BETWEEN);
    const process = started();
    log.snapshots.beforeWrite = failing;
    change(() => ({ state: undefined }));
    await process.load(stream);
    await receiveMany(process, 10 * EVENTS_BETWEEN);
    expect(log.snapshots.told).toEqual([NOT_USED, NOT_WRITTEN]);
  });

  it('is one of another version of the state: each keeps its own', async () => {
    await receiveMany(started(), EVENTS_BETWEEN);
    const raised = { ...stock, snapshot: { ...stock.snapshot!, version: version + 1 } };
    const newer = new DeciderRunner(raised, log);
    await receiveMany(newer, 1);
    await receiveMany(started(), EVENTS_BETWEEN);
    expect([...log.snapshots.kept.keys()]).toEqual([PLACE, `${stream} ${version + 1}`]);
    expect(log.snapshots.told).toEqual([]);
  });
});

describe('a snapshot that is not written', () => {
  it('costs nothing: commands go on, and it is said once', async () => {
    log.snapshots.beforeWrite = failing;
    const process = started();
    await receiveMany(process, 3 * EVENTS_BETWEEN);
    expect((await process.load(stream)).state.onHand).toBe(3 * EVENTS_BETWEEN);
    expect(log.snapshots.told).toEqual([NOT_WRITTEN]);
  });

  it('is tried again after as many events as were folded in vain', async () => {
    const triedAt: number[] = [];
    log.snapshots.beforeWrite = () => {
      triedAt.push(log.events.length);
      failing();
    };
    await receiveMany(started(), 5 * EVENTS_BETWEEN);
    expect(triedAt).toEqual([EVENTS_BETWEEN, 2 * EVENTS_BETWEEN, 4 * EVENTS_BETWEEN]);
  });

  it('is missed by nobody where the process ended between append and snapshot', async () => {
    log.snapshots.beforeWrite = () => new Promise(() => undefined);
    await receiveMany(started(), EVENTS_BETWEEN);
    log.snapshots.beforeWrite = () => undefined;
    expect(await started().execute(receive('r0'))).toMatchObject({ outcome: 'repeated' });
    await settled();
    expect(revisionKept()).toBe(String(EVENTS_BETWEEN - 1));
  });
});

describe('two processes that write snapshots of one stream', () => {
  it('write as many as one would', async () => {
    const [one, other] = [started(), started()];
    await receiveMany(other, 1);
    await receiveMany(one, EVENTS_BETWEEN);
    await receiveMany(other, 10);
    expect([log.snapshots.writes, revisionKept()]).toEqual([1, String(EVENTS_BETWEEN - 1)]);
  });

  it('do not try again at once where the other was faster', async () => {
    const [slow, fast] = [started(), started()];
    await receiveMany(slow, EVENTS_BETWEEN - 1);
    await fast.load(stream);
    log.snapshots.reads = 0;
    log.snapshots.beforeWrite = async () => {
      log.snapshots.beforeWrite = () => undefined;
      await receiveMany(fast, 1);
    };
    await receiveMany(slow, 10);
    expect([log.snapshots.writes, log.snapshots.reads]).toEqual([2, 2]);
  });

  it('take turns', async () => {
    const [one, other] = [started(), started()];
    for (const process of [one, other, one, other, one]) {
      const before = log.events.length;
      await receiveMany(process, 3 * EVENTS_BETWEEN);
      expect(Number(revisionKept())).toBeGreaterThan(before + EVENTS_BETWEEN);
    }
    expect((await started().load(stream)).state.onHand).toBe(15 * EVENTS_BETWEEN);
  });

  it('do no harm at once: one is kept, and both go on', async () => {
    const [one, other] = [started(), started()];
    await receiveMany(one, EVENTS_BETWEEN - 1);
    await other.load(stream);
    log.snapshots.beforeWrite = settled as () => Promise<void>;
    await Promise.all([one.execute(receive('a')), other.execute(receive('b'))]);
    await receiveMany(one, EVENTS_BETWEEN);
    await receiveMany(other, EVENTS_BETWEEN);
    expect(log.snapshots.told).toEqual([]);
    expect((await started().load(stream)).state.onHand).toBe(3 * EVENTS_BETWEEN + 1);
    expect(BigInt(revisionKept()!)).toBeGreaterThan(BigInt(EVENTS_BETWEEN));
  });

  it('do not replace a newer one by an older', async () => {
    const [slow, fast] = [started(), started()];
    await receiveMany(slow, EVENTS_BETWEEN - 1);
    let goOn = (): void => undefined;
    log.snapshots.beforeWrite = () => new Promise((resolve) => (goOn = resolve));
    await receiveMany(slow, 1);
    log.snapshots.beforeWrite = () => undefined;
    await receiveMany(fast, EVENTS_BETWEEN);
    const newest = revisionKept();
    goOn();
    await settled();
    expect(revisionKept()).toBe(newest);
    expect(Number(newest)).toBeGreaterThan(EVENTS_BETWEEN);
    await receiveMany(slow, 2 * EVENTS_BETWEEN);
    expect(Number(revisionKept())).toBeGreaterThan(Number(newest));
  });
});

it('a decider without a format for its states reads and writes no snapshots', async () => {
  const { snapshot: _none, ...without } = stock;
  await receiveMany(new DeciderRunner(without, log), EVENTS_BETWEEN);
  [log.reads, log.snapshots.reads] = [0, 0];
  await new DeciderRunner(without, log).load(stream);
  expect([log.reads, log.snapshots.reads, log.snapshots.kept.size]).toEqual([1, 0, 0]);
});

function failing(): never {
  throw new Error('the store says no');
}

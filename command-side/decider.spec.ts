import { beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Addressed } from '@orders/shared-events/contracts/envelope.js';
import { CommandId, ReservationId, eventIdOf, stockStream } from '@orders/shared-events/contracts/ids.js';
import { AppendOutcomeUnknown } from '@orders/shared-events/transport/append-gateway.js';
import { expiresAt, mug, mugReservation, origin } from '@orders/shared-events/testing/examples.js';
import { NOW, secondsFromNow } from '@orders/shared-events/testing/given.js';
import { DeciderRunner, StreamContended } from './decider.js';
import { type StockCommand, stock } from './stock/stock.js';
import { SimulatedLog } from './testing/simulated-log.js';

const stream = stockStream(mug);
const addressed = (
  command: StockCommand,
  commandId = CommandId.parse(randomUUID()),
): Addressed<StockCommand> => ({
  commandId,
  stream,
  command,
  origin,
});
const receive = (receiptId: string, quantity = 1) =>
  addressed({ type: 'ReceiveStock', data: { sku: mug, receiptId, quantity } });
const reserve = (quantity: number) =>
  addressed({ type: 'ReserveStock', data: { ...mugReservation, quantity, expiresAt } });
const adjust = (delta: number) =>
  addressed({ type: 'AdjustStock', data: { sku: mug, adjustmentId: `by${delta}`, delta, reason: '' } });

let log: SimulatedLog;
const started = () => new DeciderRunner(stock, log);
let one: ReturnType<typeof started>;
let other: ReturnType<typeof started>;

beforeEach(() => {
  log = new SimulatedLog();
  one = started();
  other = started();
});

describe('a command', () => {
  it('happens: its events are appended with ids, time and origin', async () => {
    const command = receive('r1', 5);
    const outcome = await one.execute(command);
    expect(outcome).toMatchObject({
      outcome: 'happened',
      position: 100n,
      events: [{ type: 'StockReceived', data: { sku: mug, receiptId: 'r1', quantity: 5 } }],
      state: { onHand: 5 },
    });
    expect(log.events).toMatchObject([
      {
        id: eventIdOf(command.commandId, 0),
        type: 'StockReceived',
        metadata: {
          $correlationId: origin.correlationId,
          $causationId: origin.causationId,
          commandId: command.commandId,
          actor: origin.actor,
          occurredAt: NOW,
          schemaVersion: 1,
        },
      },
    ]);
  });

  it('is repeated: nothing is appended, and the position is that of the newest event', async () => {
    await one.execute(receive('r1'));
    await one.execute(receive('r2'));
    expect(await one.execute(receive('r1'))).toMatchObject({
      outcome: 'repeated',
      events: [],
      position: 200n,
    });
    expect(log.events).toHaveLength(2);
  });

  it('is refused: nothing is appended', async () => {
    expect(await one.execute(adjust(-1))).toEqual({
      outcome: 'refused',
      refusal: { code: 'ADJUSTMENT_EXCEEDS_AVAILABLE', available: 0 },
    });
    expect(log.events).toHaveLength(0);
  });

  it('is not written in a shape that no reader could read', async () => {
    await expect(one.execute(receive('r1', 0.5))).rejects.toThrow('int');
    expect(log.events).toHaveLength(0);
  });
});

describe('a cached state', () => {
  it('spares the read: what was appended is not read again', async () => {
    await one.execute(receive('r1'));
    const { reads } = log;
    await one.execute(receive('r2'));
    await one.execute(receive('r3'));
    expect(log.reads).toBe(reads);
  });

  it('is not believed for a refusal: what another process appended is read first', async () => {
    await one.execute(receive('r1', 1));
    await other.execute(receive('r2', 1));
    expect(await one.execute(adjust(-2))).toMatchObject({ outcome: 'happened' });
    await other.execute(receive('r3', 7));
    expect(await one.execute(adjust(-8))).toMatchObject({ refusal: { available: 7 } });
  });

  it('is not believed for a repeat: its position is that of the log', async () => {
    await one.execute(receive('r1'));
    await other.execute(receive('r2'));
    expect(await one.execute(receive('r1'))).toMatchObject({ outcome: 'repeated', position: 200n });
  });

  it('is given to readers while it is young enough', async () => {
    await one.execute(receive('r1'));
    await other.execute(receive('r2'));
    log.clock += 999;
    expect((await one.load(stream, 1_000)).state.onHand).toBe(1);
    log.clock += 1;
    expect((await one.load(stream, 1_000)).state.onHand).toBe(2);
    await other.execute(receive('r3'));
    expect((await one.load(stream)).state.onHand).toBe(3);
  });

  it('is loaded once for readers that come together', async () => {
    await other.execute(receive('r1'));
    const { reads } = log;
    await Promise.all([one.load(stream, 1_000), one.load(stream, 1_000), one.load(stream, 1_000)]);
    expect(log.reads - reads).toBe(1);
  });
});

describe('a command that is decided from what is read', () => {
  const fromTheLog = (command: ReturnType<typeof receive>) => one.execute(command, { from: 'read' });

  it.each([
    ['happened', 'of a stream that does not exist', 0, receive('r1')],
    ['happened', 'of a stream that does', 1, receive('r2')],
    ['repeated', 'of a stream that does', 1, receive('r1')],
    ['refused', 'of a stream that does', 1, adjust(-4)],
  ] as const)('costs one read where it is %s, %s', async (outcome, _of, receipts, command) => {
    if (receipts > 0) await one.execute(receive('r1'));
    const { reads } = log;
    expect(await fromTheLog(command)).toMatchObject({ outcome });
    expect(log.reads - reads).toBe(1);
  });

  it('has those that come with it decided on the same read', async () => {
    await one.execute(receive('r1'));
    const { reads } = log;
    await Promise.all([one.execute(adjust(-9)), fromTheLog(receive('r1'))]);
    expect(log.reads - reads).toBe(1);
  });
});

describe('a stream that is expected to be new', () => {
  it('is appended to without a read', async () => {
    await one.execute(receive('r1'), { from: 'nothing' });
    expect(log.reads).toBe(0);
  });

  it('is read when it turns out to exist', async () => {
    await other.execute(receive('r1'));
    expect(await one.execute(receive('r1'), { from: 'nothing' })).toMatchObject({ outcome: 'repeated' });
    expect(log.events).toHaveLength(1);
  });

  it('is read before a refusal', async () => {
    await other.execute(receive('r1', 3));
    expect(await one.execute(adjust(-3), { from: 'nothing' })).toMatchObject({ outcome: 'happened' });
  });
});

describe('a conflict', () => {
  it('is decided again on what the other process appended', async () => {
    await one.execute(receive('r1', 2));
    await other.execute(reserve(2));
    const late = { ...mugReservation, reservationId: ReservationId.parse(randomUUID()) };
    const outcome = await one.execute(
      addressed({ type: 'ReserveStock', data: { ...late, quantity: 1, expiresAt } }),
    );
    expect(outcome).toMatchObject({ events: [{ type: 'StockReservationRejected' }] });
  });

  it('is given up after a deadline, with nothing written', async () => {
    let n = 0;
    log.beforeAppend = () => {
      log.write(stream, [aReceipt(`rival-${n++}`)]);
    };
    await expect(one.execute(receive('r1'))).rejects.toThrow(StreamContended);
    expect(log.events.some(({ data }) => JSON.stringify(data).includes('"r1"'))).toBe(false);
    log.beforeAppend = () => undefined;
    expect(await one.execute(receive('r1'))).toMatchObject({ outcome: 'happened' });
  });
});

describe('commands that arrive together on one stream', () => {
  it('are decided in their order and appended as one, each with its own outcome', async () => {
    const outcomes = await Promise.all([
      one.execute(receive('r1', 2)),
      one.execute(receive('r2', 2)),
      one.execute(receive('r1', 2)),
      one.execute(adjust(-9)),
      one.execute(adjust(-4)),
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      'happened',
      'happened',
      'repeated',
      'refused',
      'happened',
    ]);
    expect(log.appends.map((events) => events.length)).toEqual([3]);
    expect(outcomes.map((outcome) => 'state' in outcome && outcome.state.onHand)).toEqual([
      2,
      4,
      4,
      false,
      0,
    ]);
  });

  it('happen once where they are copies of one, also of one that would be forgotten by then', async () => {
    const release = addressed({
      type: 'ReleaseReservation',
      data: { ...mugReservation, expiresAt: secondsFromNow(-60) },
    });
    const outcomes = await Promise.all([one.execute(release), one.execute(release)]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['happened', 'repeated']);
    expect(log.appends.map((events) => events.map(({ type }) => type))).toEqual([
      ['StockReservationReleased'],
    ]);
  });

  it('are appended as one, too, where they come while another append is under way', async () => {
    const late: Promise<unknown>[] = [];
    log.beforeAppend = () => {
      if (late.length === 0) late.push(one.execute(receive('r2')), one.execute(receive('r3')));
    };
    await one.execute(receive('r1'));
    await Promise.all(late);
    expect(log.appends.map((events) => events.length)).toEqual([1, 2]);
  });

  it('are all decided again after a conflict', async () => {
    await one.execute(receive('r1', 4));
    let rivals = 0;
    log.beforeAppend = () => {
      if (rivals++ === 0) log.write(stream, [aReceipt('rival', 5)]);
    };
    const outcomes = await Promise.all([
      one.execute(adjust(-1)),
      one.execute(adjust(-3)),
      one.execute(adjust(-5)),
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['happened', 'happened', 'happened']);
    expect((await other.load(stream)).state.onHand).toBe(0);
  });

  it('hear nothing before the append has settled', async () => {
    let appended = false;
    log.beforeAppend = async () => {
      await log.sleep(1);
      appended = true;
    };
    const toldAfter = (command: StockCommand) =>
      one.execute(addressed(command)).then(({ outcome }) => ({ outcome, appended }));
    const [happened, repeated] = await Promise.all([
      toldAfter(receive('r1').command),
      toldAfter(receive('r1').command),
    ]);
    expect(happened).toEqual({ outcome: 'happened', appended: true });
    expect(repeated).toEqual({ outcome: 'repeated', appended: true });
  });

  it('do not fail with the one whose decision is broken', async () => {
    const outcomes = await Promise.allSettled([
      one.execute(receive('r1')),
      one.execute(receive('broken', 0.5)),
      one.execute(receive('r2')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(log.events).toHaveLength(2);
  });

  it('are appended in parts that stay below the size of an append', async () => {
    await Promise.all(Array.from({ length: 80 }, (_unused, n) => one.execute(receive(`r${n}`))));
    expect(log.appends.map((events) => events.length)).toEqual([32, 32, 16]);
  });
});

describe('an append whose outcome is unknown', () => {
  it('is told to all that were in it, and the next command reads what the log holds', async () => {
    await one.execute(receive('r1'));
    log.beforeAppend = () => {
      log.write(stream, [aReceipt('r2', 1)]);
      throw new AppendOutcomeUnknown('no answer');
    };
    await expect(one.execute(receive('r2'))).rejects.toThrow(AppendOutcomeUnknown);
    log.beforeAppend = () => undefined;
    expect(await one.execute(receive('r2'))).toMatchObject({ outcome: 'repeated' });
    expect((await other.load(stream)).state.onHand).toBe(2);
  });
});

/** As another process would have appended it. */
function aReceipt(receiptId: string, quantity = 1) {
  const commandId = CommandId.parse(randomUUID());
  return {
    id: eventIdOf(commandId, 0),
    type: 'StockReceived',
    data: { sku: mug, receiptId, quantity },
    metadata: {
      $correlationId: 'rival',
      $causationId: 'rival',
      commandId,
      actor: origin.actor,
      occurredAt: NOW,
      schemaVersion: 1,
    },
  };
}

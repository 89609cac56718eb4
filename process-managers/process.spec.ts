import { beforeEach, describe, expect, it } from '@jest/globals';
import { logPosition, orderProcessStream } from '@orders/shared-events/contracts/ids.js';
import { later } from '@orders/shared-events/contracts/instants.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { refusals } from '@orders/shared-events/testing/refusals.js';
import type { Origin, RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import type { OutstandingCommand } from './order-process/outstanding.js';
import { partitionOf } from './order-process/partition.js';
import { type Effects, ProcessRunner } from './process.js';
import { Processes } from './processes.js';
import { MemoryLog, fromLog } from './testing/memory-log.js';
import { START, anOrder } from './testing/order-story.js';
import { quietEffects } from './testing/quiet-effects.js';
import type { Finding } from './quarantine/quarantine.table.js';

const order = anOrder();
const stream = orderProcessStream(order.orderId);

let log: MemoryLog;
let sent: { command: OutstandingCommand; origin: Origin }[];
let parking: string[];
let quarantined: Finding[];
let releases: bigint[];
/** What the log holds about the order beside its process. */
let about: RecordedEvent[];
let now: string;
let warnings: unknown[];

const noted = <Note>(notes: Note[], note: Note): Promise<void> => {
  notes.push(note);
  return Promise.resolve();
};

/** An instance: what it has in memory is its own, the log is everybody's. */
function instance(
  effects: Partial<Effects> = {},
  processes = new Processes((of) => log.read(of)),
): ProcessRunner {
  return new ProcessRunner(
    processes,
    {
      ...quietEffects(log),
      send: (command, origin) => noted(sent, { command, origin }),
      quarantine: (_orderId, finding) => noted(quarantined, finding),
      release: (_orderId, position) => noted(releases, position),
      readAgain: (_orderId, { from, upTo }) =>
        Promise.resolve(about.filter(({ position }) => position >= from && position <= upTo)),
      park: (orderId, { position }) => noted(parking, `parks ${position} of ${orderId}`),
      match: ({ position }) => noted(parking, `matches ${position}`),
      now: () => now,
      ...effects,
    },
    { ...silent, warn: (line: unknown) => void warnings.push(line) },
  );
}

const types = () => sent.map(({ command }) => command.command.type);
const recorded = () => log.streams.get(stream)?.map(({ type }) => type) ?? [];

beforeEach(() => {
  log = new MemoryLog();
  sent = [];
  quarantined = [];
  releases = [];
  about = [];
  parking = [];
  now = START;
  warnings = [];
});

describe('a process that hears an event', () => {
  it('records it and sends what became outstanding', async () => {
    await instance().hear(order.orderId, fromLog(order.placed, 10n));
    expect(recorded()).toEqual(['OrderProcessStarted', 'OrderProcessHeard']);
    expect(types()).toEqual(['AuthorizePayment']);
  });

  it('does not read the stream of an order that was just placed', async () => {
    await instance().hear(order.orderId, fromLog(order.placed, 10n));
    expect(log.reads).toBe(0);
  });

  it('sends with the correlation of the placement, caused by what it heard last', async () => {
    const runner = instance();
    const captured = fromLog(order.captured, 11n, { $correlationId: 'of-the-provider' });
    await runner.hear(order.orderId, fromLog(order.placed, 10n));
    await runner.hear(order.orderId, captured);
    expect(sent[1]?.origin).toEqual({
      correlationId: 'correlation-1',
      causationId: captured.id,
      actor: { kind: 'system', subject: 'order-process' },
    });
  });

  it('does nothing when it hears it again', async () => {
    const runner = instance();
    const placed = fromLog(order.placed, 10n);
    await runner.hear(order.orderId, placed);
    await runner.hear(order.orderId, placed);
    expect(log.appends).toBe(1);
    expect(types()).toEqual(['AuthorizePayment']);
  });

  it('does nothing when another instance heard it before', async () => {
    const placed = fromLog(order.placed, 10n);
    await instance().hear(order.orderId, placed);
    now = later(START, 5);
    await instance().hear(order.orderId, placed);
    expect(recorded()).toHaveLength(2);
    expect(types()).toEqual(['AuthorizePayment']);
  });

  it('records it also while its process is just being folded for somebody else', async () => {
    await instance().hear(order.orderId, fromLog(order.placed, 10n));
    const processes = new Processes((of) => log.read(of));
    await processes.follow(log.streams.get(stream)![0]!);
    await instance({}, processes).hear(order.orderId, fromLog(order.captured, 11n));
    expect(recorded()).toEqual(['OrderProcessStarted', 'OrderProcessHeard', 'OrderProcessHeard']);
  });

  it('records nothing of an order that was never placed: its events are parked until it is', async () => {
    const runner = instance();
    await runner.hear(order.orderId, fromLog(order.captured, 10n));
    expect(recorded()).toEqual([]);
    await runner.hear(order.orderId, fromLog(order.placed, 11n));
    expect(recorded()).toEqual(['OrderProcessStarted', 'OrderProcessHeard']);
    expect(parking).toEqual([`parks 10 of ${order.orderId}`, 'matches 11']);
  });

  it('parks what the provider told of a payment that nobody asked for, whatever is known of its order', async () => {
    const runner = instance();
    await runner.hear(order.orderId, fromLog(order.unmatched, 10n));
    await runner.hear(order.orderId, fromLog(order.placed, 11n));
    await runner.hear(order.orderId, fromLog(order.unmatched, 12n));
    await runner.hear(order.orderId, fromLog(order.requested, 13n));
    await runner.hear(order.orderId, fromLog(order.captured, 14n));
    expect(parking).toEqual([
      `parks 10 of ${order.orderId}`,
      'matches 11',
      `parks 12 of ${order.orderId}`,
      'matches 13',
    ]);
    expect(recorded()).toEqual(['OrderProcessStarted', 'OrderProcessHeard', 'OrderProcessHeard']);
  });

  it('parks and matches in turn what arrives together', async () => {
    const runner = instance();
    await Promise.all([
      runner.hear(order.orderId, fromLog(order.placed, 10n)),
      runner.hear(order.orderId, fromLog(order.unmatched, 11n)),
      runner.hear(order.orderId, fromLog(order.requested, 12n)),
    ]);
    expect(parking).toEqual(['matches 10', `parks 11 of ${order.orderId}`, 'matches 12']);
  });

  it('insists on parking while the database is away, and is done only then', async () => {
    let tries = 0;
    const park = () => (++tries < 3 ? Promise.reject(new Error('away')) : Promise.resolve());
    await instance({ park }).hear(order.orderId, fromLog(order.unmatched, 10n));
    expect(tries).toBe(3);
  });

  it('records what arrives meanwhile with one append, in order', async () => {
    const runner = instance();
    await Promise.all([
      runner.hear(order.orderId, fromLog(order.placed, 10n)),
      runner.hear(order.orderId, fromLog(order.captured, 11n)),
      runner.hear(order.orderId, fromLog(order.reserved(), 12n)),
    ]);
    expect(log.appends).toBe(2);
    expect(types()).toEqual(['AuthorizePayment', 'ConfirmReservation']);
  });

  it('works on several orders at once', async () => {
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    log.beforeAppend = () => gate;
    const runner = instance();
    const others = ['a', 'b', 'c'].map((key) => anOrder({ key }));
    const heard = others.map((other, n) => runner.hear(other.orderId, fromLog(other.placed, BigInt(n))));
    expect(log.appends).toBe(3);
    open();
    await Promise.all(heard);
  });
});

describe('between recording and sending', () => {
  it('decides again when another instance wrote first', async () => {
    const stale = instance();
    await stale.hear(order.orderId, fromLog(order.placed, 10n));
    now = later(START, 5);
    await instance().hear(order.orderId, fromLog(order.captured, 11n));
    now = later(START, 10);
    await stale.hear(order.orderId, fromLog(order.captured, 11n));
    await stale.hear(order.orderId, fromLog(order.reserved(), 12n));
    expect(recorded()).toHaveLength(4);
    expect(types()).toEqual(['AuthorizePayment', 'ReserveStock', 'ConfirmReservation']);
  });

  it('appends the identical events until the outcome is known', async () => {
    let answers = 0;
    log.beforeAnswer = () => {
      if (answers++ === 0) throw new Error('the link dropped');
    };
    const runner = instance();
    await runner.hear(order.orderId, fromLog(order.placed, 10n));
    expect(log.appends).toBe(2);
    expect(recorded()).toHaveLength(2);
    expect(types()).toEqual(['AuthorizePayment']);
  });

  it('does not send what is outstanding already: that is the business of the timers', async () => {
    const two = anOrder({ lines: [{ sku: 'A' }, { sku: 'B' }], key: 'two' });
    const runner = instance();
    const told = [two.placed, two.captured, two.reserved('A'), two.reserved('B'), two.firm('A')];
    for (const [n, event] of told.entries()) await runner.hear(two.orderId, fromLog(event, BigInt(n)));
    expect(types().filter((type) => type === 'ConfirmReservation')).toHaveLength(2);
  });

  it('does not mind a command that cannot be sent', async () => {
    const runner = instance({ send: () => Promise.reject(new Error('no broker')) });
    await runner.hear(order.orderId, fromLog(order.placed, 10n));
    expect(recorded()).toHaveLength(2);
  });

  it('leaves a command whose pause has not passed to the timers', async () => {
    const manual = anOrder({ captureMethod: 'MANUAL', key: 'manual' });
    const runner = instance();
    const { placed, authorized, reserved, captureFailed } = manual;
    const told = [placed, authorized, reserved(), captureFailed()];
    for (const [n, event] of told.entries()) await runner.hear(manual.orderId, fromLog(event, BigInt(n)));
    expect(types()).toEqual(['AuthorizePayment', 'ReserveStock', 'CapturePayment']);
  });

  it('rejects when it is told to stop, so that nobody takes the event for heard', async () => {
    log.beforeAppend = () => Promise.reject(new Error('the log is away'));
    const runner = instance({ pause: () => Promise.reject(new Error('stopping')) });
    await expect(runner.hear(order.orderId, fromLog(order.placed, 10n))).rejects.toThrow('stopping');
  });

  it('records nothing that comes behind what it was told to stop at: it would never be heard again', async () => {
    log.beforeAppend = () => Promise.reject(new Error('the log is away'));
    const runner = instance({ pause: () => Promise.reject(new Error('stopping')) });
    const heard = [order.placed, order.captured].map((event, index) =>
      runner.hear(order.orderId, fromLog(event, BigInt(10 + index))),
    );
    log.beforeAppend = () => Promise.resolve();
    const later = runner.hear(order.orderId, fromLog(order.cancellationRequested, 12n));
    for (const one of [...heard, later]) await expect(one).rejects.toThrow('stopping');
    expect(recorded()).toEqual([]);
  });
});

describe('a deadline', () => {
  it('is recorded when its stage is the one the process is in', async () => {
    const runner = instance();
    await runner.hear(order.orderId, fromLog(order.placed, 10n));
    await runner.passDeadline(order.orderId, { stage: 'payment', generation: 1 });
    expect(log.streams.get(stream)?.at(-1)).toMatchObject({
      type: 'OrderProcessDeadlinePassed',
      metadata: { $correlationId: 'correlation-1' },
    });
    expect(types()).toEqual(['AuthorizePayment', 'VoidAuthorization']);
  });

  it('that is told twice is recorded once', async () => {
    const runner = instance();
    await runner.hear(order.orderId, fromLog(order.placed, 10n));
    const passed = { stage: 'payment', generation: 1 } as const;
    await Promise.all([
      runner.passDeadline(order.orderId, passed),
      runner.passDeadline(order.orderId, passed),
    ]);
    await runner.passDeadline(order.orderId, passed);
    expect(recorded()).toHaveLength(3);
  });

  it('that asks for an operator is recorded and told once, also where it is told twice at the same time', async () => {
    const runner = instance();
    await runner.hear(order.orderId, fromLog(order.placed, 10n));
    await runner.hear(order.orderId, fromLog(order.cancellationRequested, 11n));
    const passed = { stage: 'compensation', generation: 2 } as const;
    await Promise.all([
      runner.passDeadline(order.orderId, passed),
      runner.passDeadline(order.orderId, passed),
    ]);
    await runner.passDeadline(order.orderId, passed);
    expect(recorded().filter((type) => type === 'OrderProcessDeadlinePassed')).toHaveLength(1);
    await runner.hear(order.orderId, fromLog(order.captured, 12n));
    expect(recorded().at(-1)).toBe('OrderProcessHeard');
    expect(warnings).toEqual([{ orderId: order.orderId, intervention: 'STAGE_OVERDUE' }]);
  });

  it('of a stage that another instance came to is recorded', async () => {
    const stale = instance();
    await stale.hear(order.orderId, fromLog(order.placed, 10n));
    now = later(START, 5);
    await instance().hear(order.orderId, fromLog(order.captured, 11n));
    await stale.passDeadline(order.orderId, { stage: 'reservation', generation: 2 });
    expect(recorded().at(-1)).toBe('OrderProcessDeadlinePassed');
  });

  it('of a stage that ended in another instance is over', async () => {
    const stale = instance();
    await stale.hear(order.orderId, fromLog(order.placed, 10n));
    now = later(START, 5);
    await instance().hear(order.orderId, fromLog(order.captured, 11n));
    await stale.passDeadline(order.orderId, { stage: 'payment', generation: 1 });
    expect(recorded()).toEqual(['OrderProcessStarted', 'OrderProcessHeard', 'OrderProcessHeard']);
  });
});

describe('what cannot be dealt with', () => {
  const newer = () => fromLog(order.captured, 11n, { schemaVersion: 99 });
  const damaged = () => fromLog(order.captured, 11n, { schemaVersion: 'x' });

  it('puts its order into quarantine from there on, and keeps what came before', async () => {
    const runner = instance();
    await Promise.all([
      runner.hear(order.orderId, fromLog(order.placed, 10n)),
      runner.hear(order.orderId, newer()),
      runner.hear(order.orderId, fromLog(order.reserved(), 12n)),
    ]);
    await runner.hear(order.orderId, fromLog(order.firm(), 13n));
    expect(recorded()).toEqual(['OrderProcessStarted', 'OrderProcessHeard']);
    expect(quarantined).toEqual([
      { position: 11n, reason: expect.stringContaining('version 99'), newer: true },
    ]);
  });

  it('does not keep other orders from going on', async () => {
    const runner = instance();
    await runner.hear(order.orderId, fromLog(order.placed, 10n));
    await runner.hear(order.orderId, damaged());
    const other = anOrder({ key: 'other' });
    await runner.hear(other.orderId, fromLog(other.placed, 14n));
    expect(types()).toEqual(['AuthorizePayment', 'AuthorizePayment']);
    expect(quarantined).toMatchObject([{ newer: false }]);
  });

  it('in the own stream puts the order into quarantine, too', async () => {
    await instance().hear(order.orderId, fromLog(order.placed, 10n));
    const own = log.streams.get(stream)?.[1];
    log.streams.set(stream, own ? [{ ...own, revision: 0n }] : []);
    await instance().hear(order.orderId, fromLog(order.captured, 11n));
    expect(quarantined).toMatchObject([
      { position: 11n, reason: expect.stringContaining('before OrderProcessStarted') },
    ]);
  });

  it('of the own stream is for a newer build where that has begun it', async () => {
    await instance().hear(order.orderId, fromLog(order.placed, 10n));
    const [first, ...others] = log.streams.get(stream) ?? [];
    const begun = { ...first!, data: { orderId: order.orderId, definition: 99 } };
    log.streams.set(stream, [begun, ...others]);
    await instance().hear(order.orderId, fromLog(order.captured, 11n));
    expect(quarantined).toMatchObject([{ reason: expect.stringContaining('definition 99'), newer: true }]);
  });

  it.each(refusals)('is %s, too: no repeat can help', async (_what, error) => {
    const append = () => Promise.reject(error);
    await instance({ append }).hear(order.orderId, fromLog(order.placed, 10n));
    expect(quarantined).toMatchObject([{ position: 10n, newer: false }]);
  });

  it('is known to an instance that is told so, and only of the partitions that it is told of', async () => {
    const runner = instance();
    const other = anOrder({ key: 'other' });
    const kept = { position: 9n, reason: 'why', newer: false };
    runner.keepInQuarantine(
      [partitionOf(order.orderId)],
      [order, other].map(({ orderId }) => ({ orderId, ...kept })),
    );
    runner.keepInQuarantine([partitionOf(other.orderId)], []);
    await runner.hear(order.orderId, fromLog(order.placed, 10n));
    expect(recorded()).toEqual([]);
    await runner.hear(other.orderId, fromLog(other.placed, 11n));
    expect(log.streams.has(orderProcessStream(other.orderId))).toBe(true);
  });
});

describe('an order that is let go on', () => {
  const placed = fromLog(order.placed, 10n);
  const captured = fromLog(order.captured, 11n);
  const reserved = fromLog(order.reserved(), 12n);
  const firm = fromLog(order.firm(), 14n);
  const request = (from = 11n) =>
    fromLog(
      {
        type: 'QuarantineReleaseRequested',
        data: { orderId: order.orderId, from: logPosition(from) },
      },
      13n,
      { actor: { kind: 'operator', subject: 'anna' }, reason: 'mended' },
    );
  const unreadable = { ...captured, metadata: {} };
  const heardPositions = () =>
    (log.streams.get(stream) ?? []).flatMap(({ data }) => (data as { position?: string }).position ?? []);

  async function inQuarantine(effects: Partial<Effects> = {}): Promise<ProcessRunner> {
    const runner = instance(effects);
    await runner.hear(order.orderId, placed);
    await runner.hear(order.orderId, unreadable);
    await runner.hear(order.orderId, reserved);
    about = [placed, captured, reserved, firm];
    return runner;
  }

  it('hears what it has missed in the order of the log, and then what came meanwhile', async () => {
    const runner = await inQuarantine();
    await Promise.all([runner.hear(order.orderId, request()), runner.hear(order.orderId, firm)]);
    expect(heardPositions()).toEqual(['10', '11', '12', '14']);
    expect(releases).toEqual([11n]);
    expect(types()).toEqual(['AuthorizePayment', 'ConfirmReservation', 'ConfirmOrder']);
  });

  it('has all of its stage’s time, and tells who let it go and why', async () => {
    const runner = await inQuarantine();
    now = later(START, 86_400_000);
    await runner.hear(order.orderId, request());
    const released = log.streams.get(stream)?.at(-1);
    expect(released).toMatchObject({
      type: 'OrderProcessReleased',
      data: { from: '11' },
      metadata: { actor: { kind: 'operator', subject: 'anna' }, reason: 'mended', occurredAt: now },
    });
  });

  it('stays where it meets the same again', async () => {
    const runner = await inQuarantine();
    about = [placed, unreadable, reserved];
    await runner.hear(order.orderId, request());
    await runner.hear(order.orderId, firm);
    expect(quarantined.map(({ position }) => position)).toEqual([11n, 11n]);
    expect(heardPositions()).toEqual(['10']);
    expect(releases).toEqual([]);
  });

  it('stays from there on where it meets something else', async () => {
    const runner = await inQuarantine();
    about = [placed, captured, { ...reserved, metadata: {} }];
    await runner.hear(order.orderId, request());
    expect(quarantined.map(({ position }) => position)).toEqual([11n, 12n]);
    expect(heardPositions()).toEqual(['10', '11']);
    about = [placed, captured, reserved];
    await runner.hear(order.orderId, request());
    expect(heardPositions()).toEqual(['10', '11']);
    await runner.hear(order.orderId, request(12n));
    expect(heardPositions()).toEqual(['10', '11', '12']);
  });

  it('goes on once, however often it is asked for', async () => {
    const runner = await inQuarantine();
    await runner.hear(order.orderId, request());
    await runner.hear(order.orderId, request());
    expect(releases).toEqual([11n]);
  });

  it('loses nothing where the process ends before the row is gone', async () => {
    const stops = {
      release: () => Promise.reject(new Error('away')),
      pause: () => Promise.reject(new Error('stop')),
    };
    const stopped = await inQuarantine(stops);
    await expect(stopped.hear(order.orderId, request())).rejects.toThrow('stop');
    const next = instance();
    next.keepInQuarantine([partitionOf(order.orderId)], [{ orderId: order.orderId, ...quarantined[0]! }]);
    now = later(START, 5);
    await next.hear(order.orderId, request());
    await next.hear(order.orderId, firm);
    expect(heardPositions()).toEqual(['10', '11', '12', '14']);
    expect(releases).toEqual([11n]);
  });

  it('by itself, since this build can read it, tells nobody’s name', async () => {
    const runner = await inQuarantine();
    await runner.letGo(order.orderId, { from: 11n, upTo: 12n, request: undefined });
    expect(heardPositions()).toEqual(['10', '11', '12']);
    expect(log.streams.get(stream)?.at(-1)?.metadata).toMatchObject({ actor: { kind: 'system' } });
  });
});

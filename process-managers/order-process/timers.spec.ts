import { afterEach, describe, expect, it } from '@jest/globals';
import type { Origin } from '@orders/shared-events/contracts/envelope.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { until } from '@orders/shared-events/testing/until.js';
import { anOrder, story } from '../testing/order-story.js';
import { pending } from './pending.js';
import type { DueDeadline, Resend } from './processes.table.js';
import { Timers } from './timers.js';

const order = anOrder();
const origin: Origin = {
  correlationId: 'correlation-1',
  causationId: 'cause-1',
  actor: { kind: 'system', subject: 'order-process' },
};
const commands = pending(story(order, order.placed).process);

/** A world in which one command and one deadline are always due. */
function world() {
  const sent: string[] = [];
  const fired: DueDeadline[] = [];
  const asked: (readonly number[])[] = [];
  const ended: (readonly number[])[] = [];
  const resend: Resend = { orderId: order.orderId, commands, origin };
  const state = {
    ...{ projected: true, connected: true, settled: [1, 2], graceMs: 1, looks: 0 },
    ...{ logAnswers: true, heardUpTo: Infinity as number | undefined, taken: 0 },
  };
  const timers = new Timers({
    hearing: {
      ...{ partitions: [1, 2, 3], settled: () => state.settled, heardUpTo: () => state.heardUpTo },
      lookForward: () =>
        state.logAnswers ? Promise.resolve() : Promise.reject(new Error('the log is away')),
    },
    runner: {
      passDeadline: (orderId, deadline) => Promise.resolve(void fired.push({ orderId, ...deadline })),
    },
    table: {
      takeResends: (partitions) => Promise.resolve((asked.push(partitions), [resend])),
      takeDeadlines: (partitions) => {
        asked.push(partitions);
        state.taken++;
        return Promise.resolve([{ orderId: order.orderId, stage: 'payment', generation: 1 }]);
      },
    },
    deferred: { due: (partitions) => Promise.resolve((asked.push(partitions), [])) },
    parking: { deadLetterDue: (partitions) => Promise.resolve(void ended.push(partitions)) },
    send: ({ commandId }) => Promise.resolve(void sent.push(commandId)),
    projected: () => Promise.resolve((state.looks++, state.projected)),
    connected: () => (state.looks++, state.connected),
    graceMs: 1,
    logger: silent,
  });
  return { timers, state, sent, fired, asked, ended };
}

let running: Timers | undefined;
afterEach(() => running?.stop());
const start = (timers: Timers) => {
  running = timers;
  timers.start();
};

describe('the timers', () => {
  it('send again and fire, for the partitions that are heard here', async () => {
    const { timers, sent, fired, asked, ended } = world();
    start(timers);
    await until(() => sent.length > 0 && fired.length > 0 && ended.length > 0);
    expect(sent[0]).toBe(commands[0]?.commandId);
    expect(asked).toContainEqual([1, 2, 3]);
    expect(asked).toContainEqual([1, 2]);
    expect(ended[0]).toEqual([1, 2]);
  });

  it('do nothing before the projection has reached the head of boot time', async () => {
    const { timers, state, sent, fired } = world();
    state.projected = false;
    start(timers);
    await until(() => state.looks > 4);
    expect([sent, fired]).toEqual([[], []]);
  });

  it('do nothing while the broker is away: a deadline says that others took too long', async () => {
    const { timers, state, sent, fired, ended } = world();
    state.connected = false;
    start(timers);
    await until(() => state.looks > 4);
    expect([sent, fired, ended]).toEqual([[], [], []]);
    state.connected = true;
    await until(() => fired.length > 0);
  });

  it('fire nothing for a partition that has not heard everything yet', async () => {
    const { timers, state, sent, fired, ended } = world();
    state.settled = [];
    start(timers);
    await until(() => sent.length > 2);
    expect([fired, ended]).toEqual([[], []]);
  });

  it('fire nothing while what stood in the log at the deadline may not have been heard', async () => {
    const { timers, state, fired } = world();
    state.heardUpTo = performance.now();
    start(timers);
    await until(() => state.taken > 3);
    expect(fired).toEqual([]);
    state.heardUpTo = performance.now();
    await until(() => fired.length > 0);
  });

  it('fire once what came up again and again meanwhile', async () => {
    const { timers, state, fired } = world();
    state.heardUpTo = 0;
    start(timers);
    await until(() => state.taken > 3);
    state.settled = [];
    const { looks } = state;
    state.heardUpTo = Infinity;
    await until(() => state.looks > looks + 8);
    expect(fired).toHaveLength(1);
  });

  it('fire nothing while the log is away: what others did could not be recorded', async () => {
    const { timers, state, fired } = world();
    state.logAnswers = false;
    start(timers);
    await until(() => state.taken > 3);
    expect(fired).toEqual([]);
    state.logAnswers = true;
    await until(() => fired.length > 0);
  });

  it('forget what is due in a partition that is not held any more', async () => {
    const { timers, state, fired } = world();
    state.heardUpTo = 0;
    start(timers);
    await until(() => state.taken > 1);
    [state.settled, state.heardUpTo] = [[], undefined];
    const { looks } = state;
    await until(() => state.looks > looks + 4);
    state.heardUpTo = Infinity;
    const { looks: later } = state;
    await until(() => state.looks > later + 4);
    expect(fired).toEqual([]);
  });
});

import { afterEach, describe, expect, it } from '@jest/globals';
import type { Origin } from '@orders/shared-events/contracts/envelope.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { until } from '@orders/shared-events/testing/until.js';
import { anOrder, story } from '../testing/order-story.js';
import { PARTITIONS, partitionOf } from './partition.js';
import { pending } from './pending.js';
import { MOST_RESENDS, type Resend } from './processes.table.js';
import { Timers } from './timers.js';

const order = anOrder();
const origin: Origin = {
  correlationId: 'correlation-1',
  causationId: 'cause-1',
  actor: { kind: 'system', subject: 'order-process' },
};
const ours = partitionOf(order.orderId);
const [second, third] = [(ours + 1) % PARTITIONS, (ours + 2) % PARTITIONS];
const commands = pending(story(order, order.placed).process);

/** A world in which one command and one deadline are always due. */
function world() {
  const sent: string[] = [];
  const fired: string[] = [];
  const asked: (readonly number[])[] = [];
  const broughtForward: (readonly number[])[] = [];
  const ended: number[] = [];
  const resend: Resend = { orderId: order.orderId, commands, origin, dueAt: 0n };
  const state = {
    ...{ projected: true, connected: true, settled: [ours, second], graceMs: 1, looks: 0 },
    ...{ logAnswers: true, heardUpTo: Infinity as number | undefined, taken: 0, resends: 1 },
    partitions: [ours, second, third],
    ...{ token: 1n, sends: true, answersTake: true, patienceMs: 1 },
    awaits: commands.map(({ commandId }) => commandId) as string[],
  };
  const timers = new Timers({
    hearing: {
      get holds() {
        return new Map(state.partitions.map((partition) => [partition, state.token]));
      },
      ...{ settled: () => state.settled, heardUpTo: () => state.heardUpTo },
      lookForward: () =>
        state.logAnswers ? Promise.resolve() : Promise.reject(new Error('the log is away')),
    },
    runner: {
      passDeadline: (orderId) => Promise.resolve(void fired.push(orderId)),
    },
    table: {
      bringForward: (partitions) => Promise.resolve((broughtForward.push(partitions), 1n)),
      takeResends: (partitions) => {
        asked.push(partitions);
        if (!state.answersTake) return Promise.reject(new Error('the answer was lost'));
        return Promise.resolve(Array.from({ length: state.resends }, () => resend));
      },
      takeDeadlines: (partitions) => {
        asked.push(partitions);
        state.taken++;
        return Promise.resolve([
          {
            orderId: order.orderId,
            visit: { stage: 'payment' as const, generation: 1 },
            awaits: state.awaits,
          },
        ]);
      },
    },
    deferred: { due: (partitions) => Promise.resolve((asked.push(partitions), [])) },
    parking: {
      overdue: (partitions) => Promise.resolve(partitions.map((partition) => ({ partition, at: '' }))),
      deadLetterDue: ({ partition }) => Promise.resolve(void ended.push(partition)),
    },
    send: ({ commandId }) => {
      sent.push(commandId);
      return state.sends ? Promise.resolve() : Promise.reject(new Error('not taken'));
    },
    projected: () => Promise.resolve((state.looks++, state.projected)),
    connected: () => (state.looks++, state.connected),
    graceMs: 1,
    patienceMs: () => state.patienceMs,
    logger: silent,
  });
  return { timers, state, sent, fired, asked, broughtForward, ended };
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
    expect(asked).toContainEqual([ours, second, third]);
    expect(asked).toContainEqual([ours, second]);
    await until(() => ended.includes(second));
    expect(ended).not.toContain(third);
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
    await until(() => state.looks > 12);
    expect(fired).toEqual([]);
    state.logAnswers = true;
    await until(() => fired.length > 0);
  });

  it('fire nothing for an order that nobody was asked about: its command was not sent', async () => {
    const { timers, state, sent, fired, ended } = world();
    state.sends = false;
    start(timers);
    await until(() => sent.length > 3 && ended.length > 0);
    expect(fired).toEqual([]);
    state.sends = true;
    await until(() => fired.length > 0);
  });

  it('fire nothing while whoever was asked anew has not had the time of the stage to answer', async () => {
    const { timers, state, fired, ended } = world();
    state.patienceMs = Infinity;
    start(timers);
    await until(() => state.taken > 3 && ended.length > 0);
    expect(fired).toEqual([]);
    state.patienceMs = 1;
    await until(() => fired.length > 0);
  });

  it('fire where nobody was asked: nobody has much to do then', async () => {
    const { timers, state, fired } = world();
    [state.patienceMs, state.awaits] = [Infinity, []];
    start(timers);
    await until(() => fired.length > 0);
  });

  it('fire where what was not sent is not waited for any more', async () => {
    const { timers, state, sent, fired } = world();
    [state.sends, state.awaits] = [false, ['another command']];
    start(timers);
    await until(() => sent.length > 3 && fired.length > 0);
  });

  it('fire nothing before all that was brought forward is sent', async () => {
    const { timers, state, sent, fired, ended } = world();
    state.resends = MOST_RESENDS;
    start(timers);
    await until(() => sent.length > 3 * MOST_RESENDS);
    expect([fired, ended, state.taken]).toEqual([[], [], 0]);
    state.resends = 0;
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

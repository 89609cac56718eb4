import { beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { OrderId } from '@orders/shared-events/contracts/ids.js';
import { DeferredRetries } from './deferred-retries.js';
import type { Resend } from './processes.table.js';

const origin = {
  correlationId: 'correlation-1',
  causationId: 'cause-1',
  actor: { kind: 'system', subject: 'order-process' },
} as const;
const TURN = 400;

/** Orders that wait for the provider, taken in turn; `provider` says what becomes of those that were sent. */
class Table {
  waiting: OrderId[];
  asked = 0;
  constructor(count: number) {
    this.waiting = Array.from({ length: count }, () => OrderId.parse(randomUUID()));
  }
  takeDeferred = (_partitions: readonly number[], most: number): Promise<Resend[]> => {
    this.asked += 1;
    const taken = this.waiting.splice(0, most);
    this.waiting.push(...taken);
    return Promise.resolve(taken.map((orderId) => ({ orderId, commands: [], origin, dueAt: 0n })));
  };
  stillDeferred = (orderIds: readonly OrderId[]): Promise<OrderId[]> =>
    Promise.resolve(orderIds.filter((orderId) => this.waiting.includes(orderId)));
  getThrough(sent: readonly Resend[]): void {
    const through = new Set(sent.map(({ orderId }) => orderId));
    this.waiting = this.waiting.filter((orderId) => !through.has(orderId));
  }
}

let now: number;
let table: Table;
let retries: DeferredRetries;
const given = (count: number) => {
  now = 0;
  table = new Table(count);
  retries = new DeferredRetries(table);
};
beforeEach(() => given(1_000));

/** So many turns of a provider that answers, `latency` turns after it was asked, or does not: how many were tried. */
async function turns(count: number, answers: boolean, latency = 1): Promise<number[]> {
  const sent: (readonly Resend[])[] = [];
  for (let turn = 0; turn < count; turn++) {
    now += TURN;
    sent.push(await retries.due([1], now));
    if (answers) table.getThrough(sent.at(-latency) ?? []);
  }
  return sent.map(({ length }) => length);
}

describe('those that wait for the provider', () => {
  it('are tried one at a time while it is away, however many they are, each in turn', async () => {
    expect(await turns(20, false)).toEqual(Array(20).fill(1));
    expect(table.waiting.slice(-20)).toHaveLength(new Set(table.waiting.slice(-20)).size);
  });

  it('follow twice as many a turn as got through, up to a limit, until none waits', async () => {
    await turns(5, false);
    const sent = await turns(24, true);
    expect(sent.slice(0, 9)).toEqual([1, 2, 4, 8, 16, 32, 64, 64, 64]);
    expect(Math.max(...sent)).toBe(64);
    expect(table.waiting).toEqual([]);
  });

  it('are one again as soon as none gets through', async () => {
    await turns(8, true);
    const sent = await turns(6, false);
    expect(sent.slice(-5)).toEqual([1, 1, 1, 1, 1]);
  });

  it('are bounded by what is under way where the provider is slow', async () => {
    const sent = await turns(60, true, 10);
    for (let turn = 10; turn <= sent.length; turn++) {
      expect(sent.slice(turn - 10, turn).reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(100);
    }
    expect(table.waiting.length).toBeLessThan(800);
  });

  it('are not stopped by some that never get through', async () => {
    await turns(1_000, false);
    expect(await turns(3, true)).toEqual([1, 2, 4]);
  });

  it('are looked at once a turn, however often somebody looks', async () => {
    now += TURN;
    await retries.due([1], now);
    await retries.due([1], now + TURN - 1);
    expect(table.asked).toBe(1);
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import { AskedAnew } from './asked-anew.js';

const SECOND = 1_000;
/** The turn of what is brought forward. */
const MARK = 5_000n;
let broughtForward: (readonly number[])[];
let duringThat: () => void;
let asked: AskedAnew;
beforeEach(() => {
  broughtForward = [];
  duringThat = () => undefined;
  asked = new AskedAnew({
    bringForward: (partitions) => {
      broughtForward.push(partitions);
      duringThat();
      return Promise.resolve(MARK);
    },
  });
});

const held = (token: bigint, ...partitions: readonly number[]) =>
  new Map(partitions.map((partition) => [partition, token]));

describe('what is outstanding', () => {
  it('is brought forward once for each hold', async () => {
    await asked.bringForward(held(1n, 1, 2), 0);
    await asked.bringForward(held(1n, 1, 2), 60 * SECOND);
    expect(broughtForward).toEqual([[1, 2]]);
    await asked.bringForward(held(1n, 1, 2, 3), 120 * SECOND);
    expect(broughtForward).toEqual([[1, 2], [3]]);
  });

  it('is brought forward again where a partition was lost and gained again, also within one look', async () => {
    await asked.bringForward(held(1n, 1), 0);
    asked.sentBefore(undefined, 0);
    expect(asked.hasBeenFor(1, 1n, SECOND, SECOND)).toBe(true);
    expect(asked.hasBeenFor(1, 2n, SECOND, SECOND)).toBe(false);
    await asked.bringForward(held(2n, 1), 60 * SECOND);
    expect(broughtForward).toEqual([[1], [1]]);
    expect(asked.hasBeenFor(1, 2n, SECOND, 120 * SECOND)).toBe(false);
  });

  it('is brought forward again after an absence, and not for each of many', async () => {
    await asked.bringForward(held(1n, 1), 0);
    asked.forget();
    await asked.bringForward(held(1n, 1), SECOND);
    expect(broughtForward).toHaveLength(1);
    await asked.bringForward(held(1n, 1), 11 * SECOND);
    expect(broughtForward).toHaveLength(2);
  });

  it('is not all asked for before all of it was sent, and as long as there is an absence', async () => {
    const isAsked = (now: number) => asked.hasBeenFor(1, 1n, SECOND, now);
    expect(isAsked(0)).toBe(false);
    await asked.bringForward(held(1n, 1), 0);
    expect(isAsked(9 * SECOND)).toBe(false);
    asked.sentBefore(undefined, 9 * SECOND);
    asked.sentBefore(undefined, 20 * SECOND);
    expect([isAsked(9 * SECOND), isAsked(10 * SECOND)]).toEqual([false, true]);
    asked.forget();
    expect(isAsked(60 * SECOND)).toBe(false);
  });

  it('is all asked for once only later turns are left, however many those are', async () => {
    const isAsked = () => asked.hasBeenFor(1, 1n, 0, SECOND);
    await asked.bringForward(held(1n, 1), 0);
    asked.sentBefore(MARK - 1n, 0);
    asked.sentBefore(MARK, 0);
    expect(isAsked()).toBe(false);
    asked.sentBefore(MARK + 1n, 0);
    expect(isAsked()).toBe(true);
  });

  it('is brought forward once more where others went away meanwhile', async () => {
    duringThat = () => asked.forget();
    await asked.bringForward(held(1n, 1), 0);
    asked.sentBefore(undefined, 0);
    expect(asked.hasBeenFor(1, 1n, 0, SECOND)).toBe(false);
    duringThat = () => undefined;
    await asked.bringForward(held(1n, 1), SECOND);
    expect(broughtForward).toHaveLength(2);
  });
});

import { describe, expect, it } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import { closedLoop, countedLoop, perSecond } from './closed-loop.js';

describe('a counted loop', () => {
  it.each([
    [10, 3],
    [3, 10],
    [0, 4],
  ])('does its work %d times where %d may be under way', async (times, inFlight) => {
    let [begun, open, most] = [0, 0, 0];
    const { done } = await countedLoop(times, inFlight, async () => {
      begun += 1;
      most = Math.max(most, (open += 1));
      await setImmediate();
      open -= 1;
    });
    expect([begun, done, most]).toEqual([times, times, Math.min(times, inFlight)]);
  });

  it('fails with the first failure', async () => {
    const failing = () => Promise.reject(new Error('gone'));
    await expect(countedLoop(5, 2, failing)).rejects.toThrow('gone');
  });
});

it('a timed loop counts what was done, and how long it took', async () => {
  let begun = 0;
  const throughput = await closedLoop(0.05, 4, async () => {
    begun += 1;
    await setImmediate();
  });
  expect(throughput.done).toBe(begun);
  expect(throughput.seconds).toBeGreaterThanOrEqual(0.05);
  expect(perSecond(throughput)).toBeCloseTo(begun / throughput.seconds, 6);
});

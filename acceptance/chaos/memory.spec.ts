import { expect, it } from '@jest/globals';
import { growthOf, isGrowing } from './memory.js';

/** A sample every two seconds. */
const over = (minutes: number, mib: (minute: number) => number) =>
  growthOf(Array.from({ length: minutes * 30 }, (_, n) => ({ x: n / 30, y: mib(n / 30) })));
/** What is allocated, until it is collected every 40 seconds. */
const breathing = (minute: number) => ((minute * 60) % 40) / 4;

it.each([
  ['breathes', (minute: number) => 90 + breathing(minute)],
  ['grows to work at first', (minute: number) => 110 - 20 * Math.exp(-3 * minute) + breathing(minute)],
  ['shrinks', (minute: number) => 120 - 4 * minute],
])('a heap that %s does not grow', (_what, mib) => {
  expect(isGrowing(over(5, mib))).toBe(false);
});

it.each([
  [
    'a message of a kilobyte is kept of each of 6,000 a minute',
    (minute: number) => 90 + 6 * minute + breathing(minute),
  ],
  ['something large is kept at first', (minute: number) => 90 + Math.min(40, 40 * minute)],
])('a heap grows where %s', (_what, mib) => {
  expect(isGrowing(over(5, mib))).toBe(true);
});

it('nothing is said of a minute', () => {
  expect(isGrowing(over(1, (minute) => 90 + 60 * minute))).toBe(false);
});

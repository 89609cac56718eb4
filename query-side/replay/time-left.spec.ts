import { expect, it } from '@jest/globals';
import { timeLeft } from './time-left.js';

it.each([
  [0, 0, 0, '0:00'],
  [0, 100, 0, '?'],
  [50, 100, 61, '1:01'],
  [1, 3, 2.2, '0:05'],
  [100, 100, 7, '0:00'],
])('of %d in %d after %d s, what is left takes %s', (done, all, seconds, left) => {
  expect(timeLeft(done, all, seconds)).toBe(left);
});

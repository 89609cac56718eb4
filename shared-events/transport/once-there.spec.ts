import { expect, it } from '@jest/globals';
import { silent } from '../testing/logger.js';
import { onceThere } from './once-there.js';

const away = new Error('timeout exceeded when trying to connect');

it('is done again while a server is away', async () => {
  let failures = 2;
  const step = () => (failures-- > 0 ? Promise.reject(away) : Promise.resolve('done'));
  expect(await onceThere(step, silent)).toBe('done');
  expect(failures).toBe(-1);
});

it('is not done again where something is wrong', async () => {
  const wrong = Object.assign(new Error('password authentication failed'), { code: '28P01' });
  await expect(onceThere(() => Promise.reject(wrong), silent)).rejects.toBe(wrong);
});

it.each([
  ['fails', () => Promise.reject(away)],
  ['is done', () => Promise.resolve()],
])('ends with what it is stopped for, also where the step then %s', async (_what, outcome) => {
  const stop = new AbortController();
  const reason = new Error('stopped');
  const step = () => {
    stop.abort(reason);
    return outcome();
  };
  await expect(onceThere(step, silent, stop.signal)).rejects.toBe(reason);
});

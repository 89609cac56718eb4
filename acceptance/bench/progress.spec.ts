import { expect, it } from '@jest/globals';
import { Progress } from './progress.js';

it('lets through whoever waits for a share that is done, and nobody else', async () => {
  const progress = new Progress(4);
  const through: string[] = [];
  const half = progress.reached(0.5).then(() => through.push('half'));
  const all = progress.reached(1).then(() => through.push('all'));
  await progress.reached(0);
  progress.advance();
  progress.advance();
  await half;
  expect(through).toEqual(['half']);
  progress.advance();
  progress.advance();
  await all;
  expect(through).toEqual(['half', 'all']);
});

import { expect, test } from '@jest/globals';
import { LastRevisions } from './last-revisions.js';

test('the last revision of a stream is what was told of it last', () => {
  const revisions = new LastRevisions();
  revisions.set('a', 1);
  revisions.set('b', 7);
  revisions.set('a', 2);
  expect(['a', 'b', 'c'].map((stream) => revisions.get(stream))).toEqual([2, 7, undefined]);
});

test('the streams that were told of first are forgotten first', () => {
  const revisions = new LastRevisions();
  for (let number = 0; number <= 10_000; number++) revisions.set(`stream-${number}`, number);
  expect([0, 1, 10_000].map((number) => revisions.get(`stream-${number}`))).toEqual([undefined, 1, 10_000]);
});

test('a long name is not kept', () => {
  const revisions = new LastRevisions();
  revisions.set('n'.repeat(300), 1);
  expect(revisions.get('n'.repeat(300))).toBeUndefined();
});

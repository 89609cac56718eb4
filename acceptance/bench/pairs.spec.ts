import { describe, expect, it } from '@jest/globals';
import { figuresOf, inPairs } from './pairs.js';

const measuring = () => {
  const order: string[] = [];
  const measure = (name: string) => () => Promise.resolve(order.push(name));
  return { order, ours: measure('ours'), bare: measure('bare') };
};

describe('measuring in pairs', () => {
  it('lets both be the first in turn', async () => {
    const { order, ...measure } = measuring();
    await inPairs(3, measure, () => undefined);
    expect(order).toEqual(['ours', 'bare', 'bare', 'ours', 'ours', 'bare']);
  });

  it('keeps apart what was measured of which', async () => {
    const { order: _, ...measure } = measuring();
    expect(await inPairs(2, measure, () => undefined)).toEqual([
      { ours: 1, bare: 2 },
      { ours: 4, bare: 3 },
    ]);
  });

  it('tells of each pair once it is complete', async () => {
    const { order, ...measure } = measuring();
    const told: [number, number][] = [];
    await inPairs(2, measure, (pair) => told.push([pair, order.length]));
    expect(told).toEqual([
      [1, 2],
      [2, 4],
    ]);
  });

  it('is over with the first failure', async () => {
    const { bare } = measuring();
    const ours = () => Promise.reject(new Error('gone'));
    await expect(inPairs(3, { ours, bare }, () => undefined)).rejects.toThrow('gone');
  });
});

it('a figure is taken of both', () => {
  expect(figuresOf([{ ours: 'a', bare: 'abc' }], ({ length }) => length)).toEqual([{ ours: 1, bare: 3 }]);
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lineOfSecondHalf, lineThrough, median, percentile, ratios, spread } from './statistics.js';

const someValues = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 });

describe('a percentile', () => {
  it.each([
    [0, 1],
    [1, 1],
    [50, 50],
    [99, 99],
    [99.5, 100],
    [100, 100],
  ])('%d of 1 to 100 is %d', (p, expected) => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentile(values, p)).toBe(expected);
  });

  it('is one of the values, and at least so many of them do not exceed it', () => {
    fc.assert(
      fc.property(someValues, fc.integer({ min: 0, max: 100 }), (values, p) => {
        const found = percentile(values, p);
        expect(values).toContain(found);
        const within = values.filter((value) => value <= found).length;
        expect(within).toBeGreaterThanOrEqual((p / 100) * values.length);
      }),
    );
  });

  it('of nothing, or beyond 100, is an error', () => {
    expect(() => percentile([], 50)).toThrow(RangeError);
    expect(() => percentile([1], 101)).toThrow(RangeError);
  });
});

describe('a median', () => {
  it('is the value in the middle', () => expect(median([9, 1, 5])).toBe(5));
  it('is the mean of the two in the middle', () => expect(median([9, 1, 5, 3])).toBe(4));
  it('leaves the values as they are', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('a spread', () => {
  it('names the ends and the middle', () => expect(spread([4, 2, 9])).toEqual({ min: 2, median: 4, max: 9 }));
});

describe('ratios', () => {
  it('are taken within each pair, not between the medians', () => {
    const pairs = [
      { ours: 10, bare: 20 },
      { ours: 100, bare: 100 },
      { ours: 1, bare: 4 },
    ];
    expect(ratios(pairs)).toEqual({ min: 0.25, median: 0.5, max: 1 });
  });
});

describe('a line', () => {
  it('goes through points that lie on one', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 3, max: 50 }), (slope, count) => {
        const points = Array.from({ length: count }, (_, x) => ({ x, y: slope * x + 7 }));
        const line = lineThrough(points);
        expect(line?.slope).toBeCloseTo(slope, 6);
        expect(line?.error).toBeCloseTo(0, 6);
      }),
    );
  });

  it('is the less certain the more the points are scattered', () => {
    const scattered = (by: number) =>
      Array.from({ length: 20 }, (_, x) => ({ x, y: x % 2 === 0 ? by : -by }));
    expect(lineThrough(scattered(10))?.error).toBeGreaterThan(lineThrough(scattered(1))?.error ?? NaN);
  });

  it('can be that of the second half alone', () => {
    const points = Array.from({ length: 20 }, (_, x) => ({ x, y: x < 10 ? 50 * x : 500 + x }));
    expect(lineOfSecondHalf(points)?.slope).toBeCloseTo(1, 6);
  });

  it('is none where the points say nothing', () => {
    expect(lineThrough([])).toBeUndefined();
    expect(lineThrough([1, 2].map((x) => ({ x, y: x })))).toBeUndefined();
    expect(lineThrough([1, 2, 3].map((y) => ({ x: 5, y })))).toBeUndefined();
  });
});

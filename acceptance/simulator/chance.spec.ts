import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Dice, hashOf, mixed, share } from './chance.js';

describe('dice', () => {
  it('fall the same way for the same seed, and another way for another', () => {
    const falls = (seed: number) => {
      const dice = new Dice(seed);
      return Array.from({ length: 20 }, () => dice.bits());
    };
    expect(falls(1)).toEqual(falls(1));
    expect(falls(1)).not.toEqual(falls(2));
  });

  it('stay within what is asked for', () =>
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: -5, max: 5 }), fc.nat(10), (seed, least, span) => {
        const number = new Dice(seed).between(least, least + span);
        return Number.isInteger(number) && number >= least && number <= least + span;
      }),
    ));

  it('are fair enough', () => {
    const dice = new Dice(3);
    const heads = Array.from({ length: 10_000 }, () => dice.happens(0.3)).filter(Boolean).length;
    expect(heads).toBeGreaterThan(2_800);
    expect(heads).toBeLessThan(3_200);
  });
});

describe('what is drawn by name', () => {
  it('depends on each character of the name, and on each draw', () => {
    const drawn = ['append order 1', 'append order 2', 'append payment 1'].flatMap((name) =>
      [1, 2, 3].map((time) => mixed(hashOf(name), time)),
    );
    expect(new Set(drawn).size).toBe(9);
  });

  it('is a share of one', () =>
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (seed, value) => {
        const part = share(mixed(seed, value));
        return part >= 0 && part < 1;
      }),
    ));
});

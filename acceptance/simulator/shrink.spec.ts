import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { shrunk } from './shrink.js';

const range = (length: number): number[] => Array.from({ length }, (_none, index) => index);

it('what is left is all that the violation needs, and in its order', () =>
  fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat(40), { maxLength: 4 }),
      fc.uniqueArray(fc.nat(11), { maxLength: 3 }),
      async (mishaps, steps) => {
        const found = { seed: 1, run: 2, steps: range(12), mishaps: range(41).map(String) };
        const smallest = await shrunk(found, (tried) =>
          Promise.resolve(
            mishaps.every((one) => tried.mishaps.includes(String(one))) &&
              steps.every((one) => tried.steps.includes(one)),
          ),
        );
        const inOrder = (numbers: number[]) => [...numbers].sort((one, other) => one - other);
        expect(smallest).toEqual({
          ...{ seed: 1, run: 2, steps: inOrder(steps), mishaps: inOrder(mishaps).map(String) },
        });
      },
    ),
  ));

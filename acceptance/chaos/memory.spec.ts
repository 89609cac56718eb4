import { expect, it } from '@jest/globals';
import { faultsIn, growthOf } from './memory.js';

const ORDERS = 600;
/** A resident memory that is cleared now and then. */
const breathing = [100, 120, 131, 104, 119, 130];

it.each([
  ['what lives stays as it was', 40, 40],
  ['less lives', 40, 31],
  ['the facts of each order are kept, half a kilobyte', 40, 40.3],
])('where %s nothing is wrong, however the heap breathes', (_what, before, after) => {
  expect(faultsIn('one', growthOf(breathing, { before, after }, ORDERS))).toEqual([]);
});

it('what is kept of each order is told', () => {
  expect(faultsIn('one', growthOf(breathing, { before: 40, after: 48 }, ORDERS))).toEqual([
    'one keeps 13.7 KiB of each order: from 40.0 to 48.0 MiB',
  ]);
});

it('what grows outside of what lives is told', () => {
  const resident = [100, 140, 190];
  expect(faultsIn('one', growthOf(resident, { before: 40, after: 40 }, ORDERS))).toEqual([
    'one grows: from 100 to 190 MiB',
  ]);
});

it('of a few orders nothing is said', () => {
  expect(faultsIn('one', growthOf(breathing, { before: 40, after: 42 }, 100))).toEqual([]);
});

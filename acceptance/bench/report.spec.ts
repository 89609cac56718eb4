import { describe, expect, it } from '@jest/globals';
import { type Goal, figure, goalLine, isMet, table } from './report.js';

const goal = (measured: number, bound: Goal['bound']): Goal => ({
  name: 'orders/s of bare',
  measured,
  bound,
  goal: 0.3,
  unit: '',
});

describe('a goal', () => {
  it.each([
    [0.3, 'at least', true],
    [0.29, 'at least', false],
    [0.3, 'at most', true],
    [0.31, 'at most', false],
  ] as const)('of %d, %s 0.3, is met: %s', (measured, bound, met) => {
    expect(isMet(goal(measured, bound))).toBe(met);
  });

  it('that was not measured is not met', () => expect(isMet(goal(NaN, 'at least'))).toBe(false));

  it('that is missed says so in capitals', () => {
    expect(goalLine(goal(0.2, 'at least'))).toBe('GOAL MISSED  orders/s of bare: 0.20, at least 0.30');
    expect(goalLine(goal(0.4, 'at least'))).toBe('reached      orders/s of bare: 0.40, at least 0.30');
  });
});

it('a figure has as many digits as are worth reading', () => {
  expect([0.123, 12.34, 1234.5, -12.34].map(figure)).toEqual(['0.12', '12.3', '1235', '-12.3']);
});

it('a table has its names to the left and its figures to the right', () => {
  expect(
    table([
      ['', 'a/s'],
      ['ours', '1'],
      ['bare limit', '20'],
    ]),
  ).toEqual(['            a/s', 'ours          1', 'bare limit   20']);
});

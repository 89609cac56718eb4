import { expect, it } from '@jest/globals';
import { Dice } from '../simulator/chance.js';
import { drawKills } from './kills.js';

const names = ['one', 'two', 'three'];

it('everyone is killed before anybody is a second time', () => {
  const victims = drawKills(new Dice(7), names, 7).map(({ victim }) => victim);
  expect(victims.slice(0, 3).toSorted()).toEqual(names.toSorted());
  expect(victims.slice(3, 6).toSorted()).toEqual(names.toSorted());
  expect(victims).toHaveLength(7);
});

it('who and when follows from the seed', () => {
  expect(drawKills(new Dice(7), names, 30)).toEqual(drawKills(new Dice(7), names, 30));
  expect(drawKills(new Dice(7), names, 30)).not.toEqual(drawKills(new Dice(8), names, 30));
});

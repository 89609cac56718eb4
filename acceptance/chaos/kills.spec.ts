import { expect, it } from '@jest/globals';
import { Dice } from '../simulator/chance.js';
import { joined } from './brokers.js';
import { partOf } from './disturbances.js';
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

it('orders are spread over the kills, and none is left out', () => {
  const parts = Array.from({ length: 9 }, (_, index) => partOf(100, 9, index));
  expect(parts.reduce((sum, part) => sum + part)).toBe(100);
  expect(new Set(parts)).toEqual(new Set([11, 12]));
});

it('one URL names all nodes', () => {
  expect(joined(['amqp://guest:guest@127.0.0.1:1/v', 'amqp://guest:guest@127.0.0.1:2/v'])).toBe(
    'amqp://guest:guest@127.0.0.1:1,127.0.0.1:2/v',
  );
});

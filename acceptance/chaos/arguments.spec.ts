import { expect, it } from '@jest/globals';
import { readArguments } from './arguments.js';

it('says without arguments what the longest chaos is: both brokers, 300 orders, 30 kills, ten minutes without a broker', () => {
  expect(readArguments(['--scale'])).toEqual({
    ...{ scale: true, brokers: ['embedded', 'rabbitmq'], orders: 300, kills: 30, outageMinutes: 10 },
    ...{ seed: undefined, help: false },
  });
});

it('takes one broker, and less of everything', () => {
  const wanted = [
    '--broker',
    'rabbitmq',
    '--orders',
    '30',
    '--kills',
    '2',
    '--outage-minutes',
    '0',
    '--seed',
    '7',
  ];
  expect(readArguments(wanted)).toMatchObject({
    ...{ scale: false, brokers: ['rabbitmq'], orders: 30, kills: 2, outageMinutes: 0, seed: 7 },
  });
});

it.each([
  [['--broker', 'kafka'], '--broker must be embedded or rabbitmq'],
  [['--kills', 'some'], '--kills must be a whole number from 1 to 10000'],
  [['--orders', '30'], '--orders must be at least 10 more than --kills: some are placed before each'],
  [['--seed', '-1'], /--seed/],
  [['--gently'], /--gently/],
])('refuses %j', (argv, message) => {
  expect(() => readArguments(argv)).toThrow(message);
});

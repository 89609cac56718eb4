import { describe, expect, it } from '@jest/globals';
import { DeadlineExceededError, UnavailableError, WrongExpectedVersionError } from '@eventstore/db-client';
import { AppendOutcomeUnknown, NotAppended } from './append-gateway.js';
import { isDatabaseOutage, isEventStoreOutage, isOutage } from './outage.js';
import { NoAnswer } from './waiting.js';

const coded = (code: string, message = 'x') => Object.assign(new Error(message), { code });
const ofDriver = (Kind: typeof UnavailableError | typeof DeadlineExceededError) =>
  new Kind(Object.assign(new Error('x'), { code: 14, details: 'x', metadata: undefined as never }));

describe('an outage of the event store', () => {
  it.each([
    ['no connection', ofDriver(UnavailableError)],
    ['no answer in time, by the driver', ofDriver(DeadlineExceededError)],
    ['no answer in time, by us', new NoAnswer('x')],
    ['an append whose outcome is unknown', new AppendOutcomeUnknown('x')],
    ['an append that got no turn', new NotAppended('x')],
    ['a cluster of which no node is found', new Error('Failed to discover after 10 attempts.')],
  ])('is %s', (_what, error) => {
    expect([isEventStoreOutage(error), isOutage(error), isDatabaseOutage(error)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each([
    ['a conflict', new WrongExpectedVersionError(undefined, { streamName: 's', current: 1n, expected: 0n })],
    ['a fault of ours', new TypeError('x is not a function')],
    ['no error', 'unavailable'],
  ])('is not %s', (_what, error) => {
    expect([isEventStoreOutage(error), isOutage(error)]).toEqual([false, false]);
  });
});

describe('an outage of the database', () => {
  it.each([
    ['a refused connection', coded('ECONNREFUSED')],
    ['a server that shuts down', coded('57P01')],
    ['no answer in time', new Error('Query read timeout')],
    ['one of several addresses', new AggregateError([coded('ECONNREFUSED')])],
  ])('is %s', (_what, error) => {
    expect([isDatabaseOutage(error), isOutage(error)]).toEqual([true, true]);
  });

  it('is not a statement that was refused', () => {
    expect(isOutage(coded('42601', 'syntax error'))).toBe(false);
  });
});

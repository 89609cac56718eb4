import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { backEnds, http, milliseconds, parseConfiguration, port } from './configuration.js';

const schema = z.object({ ...backEnds, ...http, PORT: port(3000), PATIENCE: milliseconds(500) });
const complete = {
  EVENTSTORE_URL: 'esdb://127.0.0.1:2113?tls=false',
  RABBITMQ_URL: 'amqp://127.0.0.1',
  DATABASE_URL: 'postgres://127.0.0.1/orders',
};

describe('configuration', () => {
  it('needs the three URLs and has defaults for the rest', () => {
    expect(parseConfiguration(schema, complete)).toEqual({
      ...complete,
      BIND_ADDRESS: '127.0.0.1',
      LOG_LEVEL: 'info',
      PORT: 3000,
      PATIENCE: 500,
    });
  });

  it('takes an empty variable for one that is not set', () => {
    expect(parseConfiguration(schema, { ...complete, PORT: '', LOG_LEVEL: '' }).PORT).toBe(3000);
  });

  it.each([
    ['EVENTSTORE_URL', 'esdb://one:2113,two:2113,three:2113?tls=false'],
    ['RABBITMQ_URL', 'amqp://user:password@one:5672,two:5672,three:5672/orders'],
  ])('takes %s of a cluster, all of whose nodes it names', (name, value) => {
    expect(parseConfiguration(schema, { ...complete, [name]: value })).toMatchObject({ [name]: value });
  });

  it.each([
    ['EVENTSTORE_URL', undefined],
    ['EVENTSTORE_URL', 'http://127.0.0.1:2113'],
    ['RABBITMQ_URL', 'not a url'],
    ['RABBITMQ_URL', 'amqp://one:5672,two:many'],
    ['RABBITMQ_URL', 'amqp://one:5672,,two:5672'],
    ['EVENTSTORE_URL', 'esdb://one:2113,'],
    ['DATABASE_URL', 'postgres://one:5432,two:5432/orders'],
    ['DATABASE_URL', 'mysql://127.0.0.1/orders'],
    ['PORT', '70000'],
    ['PORT', 'three'],
    ['PORT', '-1'],
    ['BIND_ADDRESS', 'localhost:1'],
    ['LOG_LEVEL', 'loud'],
    ['PATIENCE', '0'],
    ['PATIENCE', '1.5'],
  ])('names %s when it is %s, in one line that does not repeat the value', (name, value) => {
    const parse = () => parseConfiguration(schema, { ...complete, [name]: value });
    expect(parse).toThrow(new RegExp(`^${name} [^\\n]+$`));
    if (value !== undefined && value.length > 3) expect(parse).not.toThrow(value);
  });
});

import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { ConfigurationError, backEnds, parseConfiguration } from './configuration.js';
import { LOCAL_ISSUER, environment, refuseInProduction } from './production.js';

const schema = z
  .object({
    ...{ ...environment, ...backEnds, AUTH_ISSUER: z.string(), GRAPHIQL_TOKEN: z.string().optional() },
  })
  .superRefine(refuseInProduction);
const fit = {
  NODE_ENV: 'production',
  EVENTSTORE_URL: 'esdb://one:2113,two:2113',
  RABBITMQ_URL: 'amqps://user:password@one:5671,two:5671',
  DATABASE_URL: 'postgres://user:password@host/orders?sslmode=verify-full',
  AUTH_ISSUER: 'https://id.example',
};
const parsed = (change: object) => () => parseConfiguration(schema, { ...fit, ...change });

describe('in production', () => {
  it('what is fit for it is taken', () => {
    expect(parsed({})).not.toThrow();
  });

  it.each([
    ['AUTH_ISSUER', LOCAL_ISSUER],
    ['GRAPHIQL_TOKEN', 'a.b.c'],
    ['EVENTSTORE_URL', 'esdb://host:2113?tls=false'],
    ['EVENTSTORE_URL', 'esdb://host:2113?tlsVerifyCert=false'],
    ['RABBITMQ_URL', 'amqp://user:password@host'],
    ['DATABASE_URL', 'postgres://user:password@host/orders'],
    ['DATABASE_URL', 'postgres://user:password@host/orders?sslmode=no-verify'],
    ['DATABASE_URL', 'postgres://user:password@host/orders?sslmode=prefer'],
  ])('%s is refused with %s', (variable, value) => {
    expect(parsed({ [variable]: value })).toThrow(ConfigurationError);
    expect(parsed({ [variable]: value })).toThrow(new RegExp(`^${variable} is `));
    expect(parsed({ [variable]: value, NODE_ENV: 'development' })).not.toThrow();
  });

  it('a network of one’s own may do without TLS, and not without an identity provider', () => {
    const plain = { RABBITMQ_URL: 'amqp://user:password@host', PLAINTEXT_BACK_ENDS: 'allowed' };
    expect(parsed(plain)).not.toThrow();
    expect(parsed({ ...plain, AUTH_ISSUER: LOCAL_ISSUER })).toThrow(/^AUTH_ISSUER /);
  });
});

import { describe, expect, it } from '@jest/globals';
import { ACCESS } from '@orders/shared-events/testing/access.js';
import { parseConfiguration } from '@orders/shared-events/transport/configuration.js';
import { configurationSchema, durationsOf, patienceOf, resendsOf } from './configuration.js';

const urls = {
  EVENTSTORE_URL: 'esdb://localhost:2113?tls=false',
  RABBITMQ_URL: 'amqp://localhost',
  DATABASE_URL: 'postgres://localhost/orders',
};
const parse = (settings: Record<string, string> = {}) =>
  parseConfiguration(configurationSchema, { ...ACCESS, ...urls, ...settings });

describe('the configuration', () => {
  it('needs nothing but the back ends', () => {
    const configuration = parse();
    expect(configuration).toMatchObject({ ADMIN_PORT: 3002, BIND_ADDRESS: '127.0.0.1' });
    expect(durationsOf(configuration).payment).toBe(60_000);
    expect(resendsOf(configuration)).toEqual({ first: 3_000, most: 60_000 });
  });

  it('gives whoever is asked for everything at once the time of a stage, and not that of people', () => {
    const settings = parse({ PROCESS_PAYMENT_DEADLINE: '20000' });
    expect(patienceOf(settings, 'payment')).toBe(20_000);
    expect(patienceOf(settings, 'customerAction')).toBe(20_000);
    expect(patienceOf(settings, 'providerRetry')).toBe(300_000);
  });

  it.each([
    [{ PROCESS_PAYMENT_DEADLINE: 'soon' }, /^PROCESS_PAYMENT_DEADLINE must be a number of milliseconds$/],
    [{ ADMIN_PORT: '99999' }, /^ADMIN_PORT must be a port number$/],
    [{ DATABASE_URL: 'mysql://localhost' }, /^DATABASE_URL must be a URL like/],
    [{ PROCESS_RESERVATION_DEADLINE: '300000' }, /^PROCESS_RESERVATION_DEADLINE must stay, with those of/],
    [{ PROCESS_PAYMENT_DEADLINE: '5000' }, /^PROCESS_RESEND_INTERVAL must be at most half of the shortest/],
  ])('says in one line what is wrong with %j', (settings, line) => {
    expect(() => parse(settings)).toThrow(line);
  });
});

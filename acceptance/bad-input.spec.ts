import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seedCatalogue } from '@orders/local-stack/demo-catalogue.js';
import { ADMIN } from '@orders/shared-events/testing/access.js';
import { until } from '@orders/shared-events/testing/until.js';
import { authorizationAt, ask, get, newKey, request } from './client.js';
import { type System, topologies } from './system.js';

let system: System;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'orders-seed-'));
  system = await topologies['one process']();
  await seedCatalogue(dir, system.commands, ADMIN.authorization);
  await ask(system.commands, REGISTER, {
    input: { sku: 'DOLLAR-TEA', name: 'x', price: { amount: 100, currency: 'USD' }, requiresShipping: false },
  });
}, 120_000);

afterAll(async () => {
  await system.stop();
  await rm(dir, { recursive: true, force: true });
}, 60_000);

const REGISTER = `mutation ($input: RegisterProductInput!) { registerProduct(input: $input) { __typename } }`;
const PLACE = `mutation ($input: PlaceOrderInput!) {
  placeOrder(input: $input) { __typename ... on Refusal { code message } ... on InvalidInput { field } }
}`;

const good = () => ({
  customerId: 'customer-1',
  idempotencyKey: newKey(),
  lines: [{ sku: 'GIFT-CARD', quantity: 1 }],
  paymentMethod: 'pm_approve',
  captureMethod: 'AUTOMATIC',
});
const line = (quantity: unknown, sku = 'GIFT-CARD') => ({ lines: [{ sku, quantity }] });

/** No answer may tell how the inside looks. */
const traces = /\bat \S+ \(|node_modules|\.ts:\d|\.js:\d|stacktrace/;

const placed = (input: object) =>
  request<{ placeOrder: { __typename: string } }>(system.commands, PLACE, { input });

describe('the demo catalogue', () => {
  it('is seeded once in a data folder: nothing is asked again', async () => {
    await expect(seedCatalogue(dir, 'http://127.0.0.1:1/graphql', 'none')).resolves.toBeUndefined();
  });

  /** Like the next: first, while no accepted order is under way. */
  it('is seeded to its end after a seed that was cut short, and nothing comes twice', async () => {
    const rest = await mkdtemp(join(tmpdir(), 'orders-seed-'));
    const before = await logHead();
    await seedCatalogue(rest, system.commands, ADMIN.authorization);
    expect(await logHead()).toBe(before);
    await rm(rest, { recursive: true });
  });
});

describe('an order that cannot be', () => {
  it('leaves nothing in the log', async () => {
    const before = await logHead();
    await Promise.all([placed({ ...good(), ...line(0) }), placed({ ...good(), ...line(1, 'NO-SUCH-TEA') })]);
    expect(await logHead()).toBe(before);
  });

  it.each([
    ['an unknown SKU', line(1, 'NO-SUCH-TEA'), 'UnknownSku'],
    ['a SKU that can be none', line(1, 'no such tea!'), 'InvalidInput'],
    ['a quantity of zero', line(0), 'InvalidInput'],
    ['a negative quantity', line(-1), 'InvalidInput'],
    ['a quantity beyond all reason', line(1_000_001), 'InvalidInput'],
    ['no lines', { lines: [] }, 'InvalidInput'],
    [
      '101 lines',
      { lines: Array.from({ length: 101 }, () => ({ sku: 'GIFT-CARD', quantity: 1 })) },
      'InvalidInput',
    ],
    ['mixed currencies', { lines: [...line(1).lines, ...line(1, 'DOLLAR-TEA').lines] }, 'MixedCurrencies'],
    ['another currency than asked for', { currency: 'USD' }, 'MixedCurrencies'],
    ['another total than expected', { expectedTotal: { amount: 1, currency: 'EUR' } }, 'PriceChanged'],
    ['an over-long reference', { reference: 'x'.repeat(101) }, 'InvalidInput'],
    ['an over-long idempotency key', { idempotencyKey: 'x'.repeat(129) }, 'InvalidInput'],
    ['an empty idempotency key', { idempotencyKey: '' }, 'InvalidInput'],
    ['an over-long customer', { customerId: 'x'.repeat(129) }, 'InvalidInput'],
    ['a card number for a token', { paymentMethod: '4242424242424242' }, 'InvalidInput'],
    ['a name that every object has', { customerId: '__proto__', paymentMethod: '__proto__' }, 'InvalidInput'],
  ])('for %s is refused with its type', async (_what, change, type) => {
    const answer = await placed({ ...good(), ...change });
    expect(answer.errors).toBeUndefined();
    expect(answer.data?.placeOrder).toMatchObject({
      __typename: type,
      code: expect.stringMatching(/^[A-Z_]+$/),
    });
  });

  it.each([
    ['a fractional quantity', line(1.5)],
    ['a quantity above what a double holds exactly', line(2 ** 53)],
    ['a quantity that is text', line('1')],
    ['an unknown capture method', { captureMethod: 'LATER' }],
    ['no idempotency key', { idempotencyKey: undefined }],
    ['a null idempotency key', { idempotencyKey: null }],
    ['an unknown field', { discount: 1 }],
    ['a fractional total', { expectedTotal: { amount: 0.1, currency: 'EUR' } }],
  ])('for %s is an error with a code', async (_what, change) => {
    const answer = await placed({ ...good(), ...change });
    expect(answer.errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT');
    expect(JSON.stringify(answer)).not.toMatch(traces);
  });

  it('with the key of another order is refused, and that order is as it was', async () => {
    const first = good();
    await placed(first);
    const answer = await placed({ ...first, lines: [{ sku: 'GIFT-CARD', quantity: 2 }] });
    expect(answer.data?.placeOrder.__typename).toBe('IdempotencyKeyReused');
    const again = await placed(first);
    expect(again.data?.placeOrder.__typename).toBe('OrderAccepted');
  });
});

describe('a request that cannot be', () => {
  const post = async (body: string, contentType = 'application/json') => {
    const response = await fetch(system.commands, {
      method: 'POST',
      headers: { 'content-type': contentType, ...authorizationAt(system.commands) },
      body,
    });
    return { status: response.status, text: await response.text() };
  };

  it.each([
    ['malformed JSON', '{"query": "{'],
    ['an array', '[1,2]'],
    ['no query', '{}'],
    ['a query that is none', '{"query":"{ order("}'],
    ['an unknown field', '{"query":"{ secrets }"}'],
    ['a body of ten megabytes', `{"query":"${' '.repeat(10_000_000)}"}`],
  ])('for %s is an error with a code and no traces', async (_what, body) => {
    const { status, text } = await post(body);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(JSON.parse(text)).toMatchObject({ errors: [{ extensions: { code: expect.any(String) } }] });
    expect(text).not.toMatch(traces);
  });

  it.each([
    ['orders(after: "garbage") { pageInfo { hasNextPage } }', 'INVALID_CURSOR'],
    ['orders(first: 101) { pageInfo { hasNextPage } }', 'BAD_USER_INPUT'],
    ['orders(first: -1) { pageInfo { hasNextPage } }', 'BAD_USER_INPUT'],
    ['auditLog(after: "W10=") { pageInfo { hasNextPage } }', 'INVALID_CURSOR'],
    ['orders(filter: { status: LOST }) { pageInfo { hasNextPage } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['orders(filter: { placedFrom: "yesterday" }) { pageInfo { hasNextPage } }', 'GRAPHQL_VALIDATION_FAILED'],
  ])('%s is %s', async (query, code) => {
    const answer = await request(system.queries, `{ ${query} }`);
    expect(answer.errors?.map(({ extensions }) => extensions?.code)).toEqual([code]);
    expect(JSON.stringify(answer)).not.toMatch(traces);
  });

  it('is answered by the admin API with problem details', async () => {
    for (const path of ['/processes/not-an-id', '/processes?first=0', '/nowhere']) {
      const response = await fetch(system.admin + path, { headers: authorizationAt(system.admin) });
      expect(response.headers.get('content-type')).toMatch('application/problem+json');
      const text = await response.text();
      expect(JSON.parse(text)).toMatchObject({ status: response.status, title: expect.any(String) });
      expect(text).not.toMatch(traces);
    }
  });

  it('stops nothing: the system is healthy after all of this', async () => {
    const health = await get<{ status: string }>(new URL('/health/ready', system.queries).href);
    expect(health.status).toBe('ok');
    await until(async () => (await lagOfReadModels()) === '0');
  });
});

/** As the admin API tells it. */
const lagOfReadModels = async (): Promise<string | undefined> => {
  const { subscriptions } = await get<{ subscriptions: { name: string; lag: { positions: string } }[] }>(
    `${system.admin}/subscriptions`,
  );
  return subscriptions.find(({ name }) => name === 'read-models')?.lag.positions;
};

const logHead = async (): Promise<string> =>
  (await ask<{ commandSide: { logHead: string } }>(system.commands, '{ commandSide { logHead } }'))
    .commandSide.logHead;

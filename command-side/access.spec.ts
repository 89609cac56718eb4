import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OrderId, orderStream } from '@orders/shared-events/contracts/ids.js';
import { accessTable } from '@orders/shared-events/testing/access-table.js';
import { headerOf } from '@orders/shared-events/testing/access.js';
import { collected, freshSku } from '@orders/shared-events/testing/event-stores.js';
import { type RunningSide, startSide } from './testing/running-side.js';

type Header = Awaited<ReturnType<typeof headerOf>>;

let side: RunningSide;
let ann: Header;
let bob: Header;
let joe: Header;
let sku: string;
beforeAll(async () => {
  side = await startSide({});
  [ann, bob] = [await headerOf('ann', 'customer'), await headerOf('bob', 'customer')];
  joe = await headerOf('joe', 'operator');
  sku = freshSku();
  const price = { amount: 1_000, currency: 'EUR' };
  await mutate('registerProduct', { sku, name: 'Spec', price, requiresShipping: true }, joe);
}, 60_000);
afterAll(() => side.stop());

const FIELDS = `__typename ... on OrderAccepted { orderId } ... on Refusal { code message } ... on InvalidInput { field }`;

/** What it answered, or the code of the error. */
async function mutate(name: string, input: object, headers: Record<string, string>) {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
  const fields = name === 'placeOrder' ? FIELDS : '__typename ... on Refusal { code message }';
  const query = `mutation ($input: ${type}!) { ${name}(input: $input) { ${fields} } }`;
  const { body } = await side.graphql(query, { input }, headers);
  return body.errors?.map(({ extensions }) => extensions['code']) ?? body.data?.[name];
}
let keys = 0;
const order = (change: object = {}) => ({
  ...{ idempotencyKey: `key-${keys++}`, lines: [{ sku, quantity: 1 }] },
  ...{ paymentMethod: 'pm_approve', captureMethod: 'AUTOMATIC', ...change },
});
async function placedBy(who: Header): Promise<OrderId> {
  const { orderId } = (await mutate('placeOrder', order(), who)) as { orderId: string };
  return OrderId.parse(orderId);
}

it('each route and mutation says whom it is for', () => {
  expect(accessTable(side.app)).toEqual({
    'GET /simulated-provider/actions/:token': 'everybody',
    'GET /health/live': 'everybody',
    'GET /health/ready': 'everybody',
    'GET /metrics': 'everybody',
    'Mutation adjustStock': 'stock:write: operator, admin',
    'Mutation cancelOrder': 'orders:write: customer, operator, admin',
    'Mutation changePrice': 'catalogue:write: operator, admin',
    'Mutation placeOrder': 'orders:write: customer, operator, admin',
    'Mutation receiveStock': 'stock:write: operator, admin',
    'Mutation refundPayment': 'payments:write: operator, admin',
    'Mutation registerProduct': 'catalogue:write: operator, admin',
    'Mutation retryPayment': 'orders:write: customer, operator, admin',
    'Mutation shipOrder': 'orders:fulfil: operator, admin',
    'POST /simulated-provider/actions/:token': 'everybody',
    'POST /webhooks/payments': 'everybody',
    'Query commandSide': 'operations:read: operator, admin',
  });
});

describe('a customer', () => {
  it('orders for themselves, and need not say so', async () => {
    const [event] = await collected(side.eventStore.readStream(orderStream(await placedBy(ann))));
    expect(event).toMatchObject({
      ...{ type: 'OrderPlaced', data: { customerId: 'ann' } },
      metadata: { actor: { kind: 'customer', subject: 'ann' } },
    });
    expect(await mutate('placeOrder', order({ customerId: 'ann' }), ann)).toMatchObject({
      __typename: 'OrderAccepted',
    });
  });

  it('does not order for others', async () => {
    expect(await mutate('placeOrder', order({ customerId: 'bob' }), ann)).toEqual({
      ...{ __typename: 'InvalidInput', code: 'INVALID_INPUT', field: 'customerId' },
      message: 'customerId: must be your own id',
    });
  });

  it.each([
    ['cancelOrder', {}],
    ['retryPayment', { paymentMethod: 'pm_approve' }],
  ])(
    'is told by %s of an order of others what they are told of one that is not there',
    async (name, more) => {
      const orderId = await placedBy(bob);
      const nowhere = await mutate(name, { orderId: crypto.randomUUID(), ...more }, ann);
      expect(nowhere).toMatchObject({ __typename: 'OrderNotFound' });
      expect(await mutate(name, { orderId, ...more }, ann)).toEqual(nowhere);
      const events = await collected(side.eventStore.readStream(orderStream(orderId)));
      expect(events.map(({ type }) => type)).toEqual(['OrderPlaced']);
      expect(await mutate(name, { orderId, ...more }, bob)).not.toEqual(nowhere);
    },
  );

  it('cancels their own, and it is known who did', async () => {
    const orderId = await placedBy(ann);
    expect(await mutate('cancelOrder', { orderId, reason: 'changed my mind' }, ann)).toMatchObject({
      __typename: 'OrderCancellationAccepted',
    });
    const events = await collected(side.eventStore.readStream(orderStream(orderId)));
    expect(events.at(-1)).toMatchObject({
      metadata: { actor: { kind: 'customer', subject: 'ann' }, reason: 'changed my mind' },
    });
  });

  it.each([
    ['shipOrder', { orderId: crypto.randomUUID(), carrier: 'DHL', trackingNumber: 'T1' }],
    [
      'refundPayment',
      { orderId: crypto.randomUUID(), refundId: 'r', amount: { amount: 1, currency: 'EUR' } },
    ],
    ['receiveStock', { sku: 'MUG', receiptId: 'r', quantity: 1 }],
    ['changePrice', { sku: 'MUG', price: { amount: 1, currency: 'EUR' } }],
  ])('may not do what is for who runs the shop: %s', async (name, input) => {
    expect(await mutate(name, input, ann)).toEqual(['FORBIDDEN']);
  });
});

describe('who runs the shop', () => {
  it('orders for whom they name, and must name somebody', async () => {
    expect(await mutate('placeOrder', order({ customerId: 'bob' }), joe)).toMatchObject({
      __typename: 'OrderAccepted',
    });
    expect(await mutate('placeOrder', order(), joe)).toMatchObject({
      ...{ __typename: 'InvalidInput', field: 'customerId' },
    });
  });

  it('acts on all orders', async () => {
    const orderId = await placedBy(bob);
    expect(await mutate('cancelOrder', { orderId }, joe)).toMatchObject({
      __typename: 'OrderCancellationAccepted',
    });
  });
});

it('nobody does anything without saying who they are', async () => {
  expect(await mutate('placeOrder', order(), { authorization: '' })).toEqual(['UNAUTHENTICATED']);
});

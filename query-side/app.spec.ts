import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import fc from 'fast-check';
import { type Client, createClient } from 'graphql-ws';
import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import { OrderId, Sku } from '@orders/shared-events/contracts/ids.js';
import { licenceRegistered, mugRegistered } from '@orders/shared-events/testing/examples.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { until } from '@orders/shared-events/testing/until.js';
import { correlation } from '@orders/shared-events/transport/observability.js';
import { AppModule } from './app.module.js';
import { globalId } from './paging/global-id.js';
import { History } from './testing/history.js';
import { type BackEnds, backEnds } from './testing/servers.js';

let servers: BackEnds;
let app: INestApplication;
let url: string;
let history: History;
let sockets: Client;
const orderIds: OrderId[] = [];
const ORDERS = 23;

beforeAll(async () => {
  servers = await backEnds();
  const databaseUrl = await servers.database();
  app = await NestFactory.create(
    AppModule.register({ databaseUrl, eventStore: servers.eventStore, logger: silent }),
    { logger: false, abortOnError: false },
  );
  app.use(correlation);
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
  sockets = createClient({ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
  history = new History(servers.eventStore);
  for (let index = 0; index < ORDERS; index++) orderIds.push(await history.order(index));
  await seen(await servers.eventStore.head());
});
afterAll(async () => {
  await sockets.dispose();
  await app.close();
  await servers.stop();
});

interface Answer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: Record<string, unknown> }[];
}

const post = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });

async function ask(query: string, variables: object = {}): Promise<Answer> {
  const response = await post(JSON.stringify({ query, variables }));
  return (await response.json()) as Answer;
}

async function data<T>(query: string, variables: object = {}): Promise<T> {
  const { data, errors } = await ask(query, variables);
  expect(errors).toBeUndefined();
  return data as T;
}

async function seen(position: bigint): Promise<void> {
  await until(async () => {
    const { readModel } = await data<{ readModel: { position: string | null } }>(
      '{ readModel { position } }',
    );
    return BigInt(readModel.position ?? -1) >= position;
  });
}

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly key: string } }[];
  readonly pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string;
    endCursor: string;
  };
}
const lists = {
  orders: 'orderId',
  auditLog: 'position',
  products: 'sku',
};
async function page(list: keyof typeof lists, args: object): Promise<Page> {
  const filter =
    list === 'products' ? '' : ', $filter: ' + (list === 'orders' ? 'OrderFilter' : 'AuditLogFilter');
  const answer = await data<Record<string, Page>>(
    `query ($first: Int, $after: String, $last: Int, $before: String${filter}) {
       ${list}(first: $first, after: $after, last: $last, before: $before${filter && ', filter: $filter'}) {
         edges { cursor node { key: ${lists[list]} } }
         pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
       }
     }`,
    args,
  );
  const found = answer[list];
  if (!found) throw new Error(`no ${list}`);
  return found;
}
const keys = ({ edges }: Page): readonly string[] => edges.map(({ node }) => node.key);

async function forwards(list: keyof typeof lists, first: number, filter: object): Promise<readonly string[]> {
  const all: string[] = [];
  for (let after: string | undefined; ;) {
    const next = await page(list, { first, after, filter });
    all.push(...keys(next));
    if (!next.pageInfo.hasNextPage) return all;
    after = next.pageInfo.endCursor;
  }
}
async function backwards(list: keyof typeof lists, last: number, filter: object): Promise<readonly string[]> {
  const all: string[] = [];
  for (let before: string | undefined; ;) {
    const next = await page(list, { last, before, filter });
    all.unshift(...keys(next));
    if (!next.pageInfo.hasPreviousPage) return all;
    before = next.pageInfo.startCursor;
  }
}

describe('the order query', () => {
  it('shows an order with its lines, payment and fulfilment', async () => {
    const [orderId] = orderIds;
    const { order } = await data<{ order: object }>(
      `query ($orderId: ID!) { order(orderId: $orderId) {
         id orderId customerId reference status rejectionReason
         lines { lineId sku quantity unitPrice { amount currency } requiresShipping }
         adjustments { kind } total { amount currency }
         payment { status captureMethod authorized { amount } captured { amount } refunded { amount } failure }
         fulfilment { status requiresShipping carrier trackingNumber }
         placedAt completedAt updatedAt position
       } }`,
      { orderId },
    );
    expect(order).toEqual({
      id: globalId('Order', orderId ?? ''),
      orderId,
      customerId: history.customerId,
      reference: 'basket 17',
      status: 'COMPLETED',
      rejectionReason: null,
      lines: [
        {
          lineId: 1,
          sku: 'MUG-1',
          quantity: 2,
          unitPrice: { amount: 1_250, currency: 'EUR' },
          requiresShipping: true,
        },
        {
          lineId: 2,
          sku: 'LICENCE-1',
          quantity: 1,
          unitPrice: { amount: 4_000, currency: 'EUR' },
          requiresShipping: false,
        },
      ],
      adjustments: [],
      total: { amount: 6_500, currency: 'EUR' },
      payment: {
        status: 'CAPTURED',
        captureMethod: 'AUTOMATIC',
        authorized: { amount: 0 },
        captured: { amount: 6_500 },
        refunded: { amount: 0 },
        failure: null,
      },
      fulfilment: { status: 'FULFILLED', requiresShipping: true, carrier: 'DHL', trackingNumber: 'T1' },
      placedAt: '2026-01-31T12:00:00.000Z',
      completedAt: '2026-01-31T12:00:00.000Z',
      updatedAt: '2026-01-31T12:00:00.000Z',
      position: expect.stringMatching(/^\d+$/),
    });
  });

  it('finds it by its global id too', async () => {
    const [orderId] = orderIds;
    const query = 'query ($id: ID!) { order(id: $id) { orderId } }';
    expect(await data(query, { id: globalId('Order', orderId ?? '') })).toEqual({ order: { orderId } });
  });

  it('answers null where there is no such order', async () => {
    const query = 'query ($orderId: ID!) { order(orderId: $orderId) { id } }';
    expect(await data(query, { orderId: randomUUID() })).toEqual({ order: null });
  });
});

describe('a list', () => {
  const filters = [{}, { status: 'COMPLETED' }, { sku: 'mug-1' }, { status: 'REJECTED', sku: 'LICENCE-1' }];

  it('has the same entries whatever the size of its pages, from either end', async () => {
    const property = fc.asyncProperty(
      fc.integer({ min: 1, max: 30 }),
      fc.constantFrom(...filters),
      async (size, more) => {
        const filter = { ...more, customerId: history.customerId };
        const whole = keys(await page('orders', { first: 100, filter }));
        expect(await forwards('orders', size, filter)).toEqual(whole);
        expect(await backwards('orders', size, filter)).toEqual(whole);
      },
    );
    await fc.assert(property, { numRuns: 12 });
  });

  it('narrows to what was asked for', async () => {
    const { customerId } = history;
    const count = async (filter: object) => (await forwards('orders', 100, { customerId, ...filter })).length;
    expect(await count({})).toBe(ORDERS);
    expect(await count({ customerId: 'nobody' })).toBe(0);
    expect(await count({ status: 'REJECTED' })).toBe(7);
    expect(await count({ sku: 'NOPE' })).toBe(0);
    expect(await count({ placedFrom: '2026-01-31T12:00:12Z' })).toBe(0);
    expect(await count({ placedTo: '2026-01-31T12:00:00.000Z' })).toBe(0);
    expect(await count({ placedFrom: '2026-01-31T12:00:03Z', placedTo: '2026-01-31T12:00:05Z' })).toBe(4);
  });

  it.each([{}, { from: '2026-01-31T00:00:00Z' }, { type: 'OrderPlaced' }])(
    'of the audit log for %j is in order, from either end',
    async (filter) => {
      const whole = await forwards('auditLog', 100, filter);
      expect(new Set(whole).size).toBe(whole.length);
      const inLogOrder = whole.toSorted((one, other) => Number(one) - Number(other));
      if (!('from' in filter)) expect(whole).toEqual(inLogOrder);
      expect(await forwards('auditLog', 7, filter)).toEqual(whole);
      expect(await backwards('auditLog', 11, filter)).toEqual(whole);
    },
  );
});

describe('the audit log', () => {
  it('tells the story of one stream', async () => {
    const stream = `order-${orderIds[0]}`;
    const { auditLog } = await data<{ auditLog: { edges: readonly object[] } }>(
      `query ($stream: String!) { auditLog(filter: { stream: $stream }) { edges { node {
         stream revision type schemaVersion actor { kind subject } reason correlationId causationId occurredAt data
       } } } }`,
      { stream },
    );
    expect(auditLog.edges).toMatchObject([
      {
        node: {
          stream,
          revision: 0,
          type: 'OrderPlaced',
          schemaVersion: 1,
          actor: { kind: 'CUSTOMER', subject: 'customer-1' },
          reason: null,
          correlationId: 'correlation-1',
          causationId: 'cause-1',
          occurredAt: '2026-01-31T12:00:00.000Z',
          data: { orderId: orderIds[0] },
        },
      },
      { node: { type: 'OrderConfirmed', revision: 1 } },
      { node: { type: 'OrderShipped', revision: 2 } },
      { node: { type: 'OrderCompleted', revision: 3 } },
    ]);
  });

  it.each([
    [{ correlationId: 'correlation-1' }, true],
    [{ correlationId: 'unheard-of' }, false],
    [{ actor: 'customer-1' }, true],
    [{ actor: 'nobody' }, false],
    [{ type: 'OrderPlaced' }, true],
    [{ type: 'OrderTeleported' }, false],
  ])('for %j has entries: %s', async (filter, has) => {
    expect((await page('auditLog', { first: 1, filter })).edges).toHaveLength(has ? 1 : 0);
  });
});

describe('products', () => {
  const mug = Sku.parse(`MUG-${randomUUID().toUpperCase()}`);
  const licence = Sku.parse(`LICENCE-${randomUUID().toUpperCase()}`);

  it('come with their stock, in capitals or not, and by SKU', async () => {
    const position = await history.append(
      { ...mugRegistered, data: { ...mugRegistered.data, sku: mug } },
      { ...licenceRegistered, data: { ...licenceRegistered.data, sku: licence } },
      { type: 'StockReceived', data: { sku: mug, receiptId: 'r1', quantity: 10 } },
    );
    await seen(position);
    const product = (sku: string) =>
      data(
        `query ($sku: String!) { product(sku: $sku) {
           sku name price { amount currency } stock { onHand reserved available updatedAt }
         } }`,
        { sku },
      );
    expect(await product(mug.toLowerCase())).toEqual({
      product: {
        sku: mug,
        name: 'Mug',
        price: { amount: 1_250, currency: 'EUR' },
        stock: { onHand: 10, reserved: 0, available: 10, updatedAt: '2026-01-31T12:00:00.000Z' },
      },
    });
    expect(await product(licence)).toMatchObject({
      product: { stock: { onHand: 0, available: 0, updatedAt: null } },
    });
    const all = await forwards('products', 1, {});
    expect(all).toEqual(expect.arrayContaining([mug, licence]));
    expect(all).toEqual(all.toSorted());
  });

  it('are null where there are none', async () => {
    expect(await data('{ product(sku: "NEVER-HEARD-OF") { sku } }')).toEqual({ product: null });
  });
});

describe('what cannot be answered', () => {
  it.each([
    ['an invalid cursor', '{ orders(after: "bm9wZQ") { pageInfo { hasNextPage } } }', 'INVALID_CURSOR'],
    ['a page that is too large', '{ orders(first: 101) { pageInfo { hasNextPage } } }', 'BAD_USER_INPUT'],
    ['a negative page', '{ auditLog(last: -1) { pageInfo { hasNextPage } } }', 'BAD_USER_INPUT'],
    ['an order id that is none', '{ order(orderId: "17") { id } }', 'BAD_USER_INPUT'],
    ['no order id', '{ order { id } }', 'BAD_USER_INPUT'],
    ['two order ids', '{ order(id: "a", orderId: "b") { id } }', 'BAD_USER_INPUT'],
    ['the id of something else', `{ order(id: "${globalId('Product', 'MUG-1')}") { id } }`, 'BAD_USER_INPUT'],
    [
      'an unknown status',
      '{ orders(filter: { status: LOST }) { pageInfo { hasNextPage } } }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'a day for an instant',
      '{ orders(filter: { placedFrom: "2026-01-31" }) { pageInfo { hasNextPage } } }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['a SKU that is too long', `{ product(sku: "${'A'.repeat(65)}") { sku } }`, 'BAD_USER_INPUT'],
    [
      'a stream name that is too long',
      `{ auditLog(filter: { stream: "${'a'.repeat(257)}" }) { pageInfo { hasNextPage } } }`,
      'BAD_USER_INPUT',
    ],
    ['an unknown field', '{ secrets }', 'GRAPHQL_VALIDATION_FAILED'],
    ['half a document', '{ orders', 'GRAPHQL_PARSE_FAILED'],
  ])('is refused with a code: %s', async (_what, query, code) => {
    const { errors } = await ask(query);
    expect(errors).toMatchObject([{ extensions: { code, correlationId: expect.any(String) } }]);
    expect(JSON.stringify(errors)).not.toMatch(/stack|node_modules|\.ts:/);
  });

  it('is an unknown status in a variable too', async () => {
    const query = 'query ($filter: OrderFilter) { orders(filter: $filter) { pageInfo { hasNextPage } } }';
    const { errors } = await ask(query, { filter: { status: 'LOST' } });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  it.each(['{"query":', 'not json', '"text"'])('is a body like %s', async (body) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
  });

  it('carries the correlation id of the request', async () => {
    const body = JSON.stringify({ query: '{ order { id } }' });
    const response = await post(body, { 'x-correlation-id': 'my-own' });
    expect(response.headers.get('x-correlation-id')).toBe('my-own');
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { correlationId: 'my-own' } }] });
  });
});

interface Changed {
  readonly data?: { readonly orderChanged: { readonly status: string } } | null;
  readonly errors?: readonly { readonly extensions?: unknown }[];
}
const changes = (orderId: string): AsyncIterableIterator<Changed> =>
  sockets.iterate<{ orderChanged: { status: string } }>({
    query:
      'subscription ($orderId: ID!) { orderChanged(orderId: $orderId) { orderId status lines { sku } } }',
    variables: { orderId },
  }) as AsyncIterableIterator<Changed>;
const status = async (iterator: AsyncIterableIterator<Changed>): Promise<string | undefined> => {
  const { value } = (await iterator.next()) as { value: Changed | undefined };
  return value?.data?.orderChanged.status;
};

describe('the orderChanged subscription', () => {
  it('shows the order as it is, and then each change', async () => {
    const orderId = OrderId.parse(randomUUID());
    await seen(await history.append(history.placed(orderId)));
    const seenStates = changes(orderId);
    expect(await status(seenStates)).toBe('PLACED');
    await history.append({ type: 'OrderConfirmed', data: { orderId } });
    expect(await status(seenStates)).toBe('CONFIRMED');
    await history.append({ type: 'OrderCompleted', data: { orderId } });
    expect(await status(seenStates)).toBe('COMPLETED');
    await seenStates.return?.();
  });

  it('waits for an order that is still to come, and hears nothing of others', async () => {
    const orderId = OrderId.parse(randomUUID());
    const first = status(changes(orderId));
    await history.order();
    await history.append(history.placed(orderId));
    expect(await first).toBe('PLACED');
  });

  it('refuses an order id that is none', async () => {
    const { value } = (await changes('17').next()) as { value: Changed };
    expect(value.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });
});

describe('health', () => {
  it('is live, and ready with what it needs by name', async () => {
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    const ready = await fetch(`${url}/health/ready`);
    expect(await ready.json()).toMatchObject({
      status: 'ok',
      details: {
        eventStore: { status: 'up' },
        postgres: { status: 'up' },
        projection: { status: 'up', position: expect.any(String), behindMs: expect.any(Number) },
      },
    });
  });
});

describe('GraphiQL', () => {
  it('is served from here, with everything that its page needs', async () => {
    const page = await fetch(`${url}/graphiql`);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const html = await page.text();
    expect(html).not.toMatch(/https?:\/\//);
    const needed = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path);
    expect(needed).toHaveLength(5);
    for (const path of needed) {
      const asset = await fetch(`${url}${path}`);
      expect(asset.status).toBe(200);
      expect(asset.headers.get('content-type')).toMatch(
        path?.endsWith('.css') ? /^text\/css/ : /^text\/javascript/,
      );
      await asset.arrayBuffer();
    }
  });

  it('allows scripts from here and its own, and no others', async () => {
    const page = await fetch(`${url}/graphiql`);
    expect(page.headers.get('content-security-policy')).toMatch(/script-src 'self' 'sha256-[^']+';/);
  });

  it.each(['package.json', '..%2Fpackage.json', '__proto__'])('serves nothing else: %s', async (path) => {
    expect((await fetch(`${url}/graphiql/${path}`)).status).toBe(404);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OrderId } from '@orders/shared-events/contracts/ids.js';
import { headerOf } from '@orders/shared-events/testing/access.js';
import { accessTable } from '@orders/shared-events/testing/access-table.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { globalId } from './paging/global-id.js';
import { RunningApp } from './testing/running-app.js';

type Header = Awaited<ReturnType<typeof headerOf>>;

describe.each(serverRows('EVENTSTORE_URL', 'DATABASE_URL'))('on %s', (_title, real) => {
  let app: RunningApp;
  let orderId: OrderId;
  /** Whose the order is, and somebody else. */
  let own: Header;
  let other: Header;
  let joe: Header;
  beforeAll(async () => {
    app = await RunningApp.start(real);
    orderId = await app.history.order();
    await app.caughtUp();
    own = await headerOf(app.history.customerId, 'customer');
    [other, joe] = [await headerOf('somebody-else', 'customer'), await headerOf('joe', 'operator')];
  });
  afterAll(() => app.stop());

  async function asked(who: Record<string, string>, query: string, variables: object = {}) {
    const response = await app.post(JSON.stringify({ query, variables }), who);
    const { data, errors } = (await response.json()) as {
      readonly data?: Readonly<Record<string, unknown>>;
      readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
    };
    return errors?.map(({ extensions }) => extensions.code) ?? data;
  }

  it('each route and operation says whom it is for', () => {
    const known = 'customer, operator, admin';
    expect(accessTable(app.nest)).toEqual({
      'GET /graphiql': 'everybody',
      'GET /graphiql/:asset': 'everybody',
      'GET /health/live': 'everybody',
      'GET /health/ready': 'everybody',
      'Query auditLog': 'audit:read: operator, admin',
      'Query order': `orders:read: ${known}`,
      'Query orders': `orders:read: ${known}`,
      'Query product': `catalogue:read: ${known}`,
      'Query products': `catalogue:read: ${known}`,
      'Query readModel': `catalogue:read: ${known}`,
      'Subscription orderChanged': `orders:read: ${known}`,
    });
  });

  describe('an order', () => {
    const BY_ID = 'query ($id: ID!) { order(id: $id) { orderId lines { sku } } }';
    const BY_ORDER_ID = 'query ($orderId: ID!) { order(orderId: $orderId) { orderId payment { status } } }';

    it('is its customer’s, and not there for others', async () => {
      const found = { order: { orderId } };
      for (const who of [own, joe]) {
        expect(await asked(who, BY_ORDER_ID, { orderId })).toMatchObject(found);
        expect(await asked(who, BY_ID, { id: globalId('Order', orderId) })).toMatchObject(found);
      }
      expect(await asked(other, BY_ORDER_ID, { orderId })).toEqual({ order: null });
      expect(await asked(other, BY_ID, { id: globalId('Order', orderId) })).toEqual({ order: null });
    });

    const LIST = `query ($filter: OrderFilter) { orders(filter: $filter, first: 1) {
      edges { node { orderId } } pageInfo { hasNextPage hasPreviousPage } } }`;
    it('is in the list of its customer, and in no other, whatever is asked for', async () => {
      const { customerId } = app.history;
      const list = { orders: { edges: [{ node: { orderId } }] } };
      expect(await asked(own, LIST)).toMatchObject(list);
      expect(await asked(joe, LIST, { filter: { customerId } })).toMatchObject(list);
      const none = { orders: { edges: [], pageInfo: { hasNextPage: false, hasPreviousPage: false } } };
      for (const filter of [undefined, { customerId }, { status: 'COMPLETED' }, { sku: 'MUG-1' }])
        expect(await asked(other, LIST, { filter })).toEqual(none);
    });

    it('is watched by its customer, and others hear nothing of it', async () => {
      const next = OrderId.parse(crypto.randomUUID());
      const query = 'subscription ($orderId: ID!) { orderChanged(orderId: $orderId) { status } }';
      const [mine, theirs, staff] = [own, other, joe].map((who) =>
        app.subscribeAs(who, query, { orderId: next }),
      );
      const heard: unknown[] = [];
      void theirs?.next().then(({ value }) => heard.push(value));
      const both = [mine, staff].map((each) => each?.next());
      await app.history.append(app.history.placed(next));
      for (const each of both)
        expect((await each)?.value).toEqual({ data: { orderChanged: { status: 'PLACED' } } });
      const changed = [mine, staff].map((each) => each?.next());
      await app.history.append({ type: 'OrderConfirmed', data: { orderId: next } });
      for (const each of changed)
        expect((await each)?.value).toEqual({ data: { orderChanged: { status: 'CONFIRMED' } } });
      expect(heard).toEqual([]);
      for (const each of [mine, theirs, staff]) await each?.return?.();
    });
  });

  it('the audit log is for who runs the shop', async () => {
    expect(await asked(own, '{ auditLog(first: 1) { edges { node { type } } } }')).toEqual(['FORBIDDEN']);
    expect(await asked(joe, '{ auditLog(first: 1) { edges { node { type } } } }')).toHaveProperty('auditLog');
  });

  it('nobody is told anything without saying who they are', async () => {
    for (const query of ['{ readModel { position } }', '{ products(first: 1) { edges { cursor } } }'])
      expect(await asked({ authorization: '' }, query)).toEqual(['UNAUTHENTICATED']);
  });
});

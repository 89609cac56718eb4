import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { OrderId } from '@orders/shared-events/contracts/ids.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { globalId } from '../paging/global-id.js';
import { Pages } from '../testing/pages.js';
import { type Answer, RunningApp } from '../testing/running-app.js';

describe.each(serverRows('EVENTSTORE_URL', 'DATABASE_URL'))('on %s', (_title, real) => {
  const ORDERS = 23;
  const orderIds: OrderId[] = [];
  let pages: Pages;
  let app: RunningApp;
  beforeAll(async () => {
    app = await RunningApp.start(real);
    pages = new Pages(app, Pages.orders);
    for (let index = 0; index < ORDERS; index++) orderIds.push(await app.history.order(index));
    await app.caughtUp();
  });
  afterAll(() => app.stop());

  describe('the order query', () => {
    it('shows an order with its lines, payment and fulfilment', async () => {
      const [orderId] = orderIds;
      const { order } = await app.data<{ order: object }>(
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
        customerId: app.history.customerId,
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
      expect(await app.data(query, { id: globalId('Order', orderId ?? '') })).toEqual({ order: { orderId } });
    });

    it('finds it by its id in capitals too', async () => {
      const [orderId = ''] = orderIds;
      const query = 'query ($orderId: ID!) { order(orderId: $orderId) { orderId } }';
      expect(await app.data(query, { orderId: orderId.toUpperCase() })).toEqual({ order: { orderId } });
    });

    it('answers null where there is no such order', async () => {
      const query = 'query ($orderId: ID!) { order(orderId: $orderId) { id } }';
      expect(await app.data(query, { orderId: randomUUID() })).toEqual({ order: null });
    });
  });

  describe('a list', () => {
    const filters = [{}, { status: 'COMPLETED' }, { sku: 'mug-1' }, { status: 'REJECTED', sku: 'LICENCE-1' }];

    it('has the same entries whatever the size of its pages, from either end', async () => {
      const property = fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom(...filters),
        async (size, more) => {
          const filter = { ...more, customerId: app.history.customerId };
          const { edges } = await pages.page({ first: 100, filter });
          const whole = edges.map(({ node }) => node.key);
          expect(await pages.forwards(size, filter)).toEqual(whole);
          expect(await pages.backwards(size, filter)).toEqual(whole);
        },
      );
      await fc.assert(property, { numRuns: 12 });
    });

    it('narrows to what was asked for', async () => {
      const { customerId } = app.history;
      const count = async (filter: object) => (await pages.forwards(100, { customerId, ...filter })).length;
      expect(await count({})).toBe(ORDERS);
      expect(await count({ customerId: 'nobody' })).toBe(0);
      expect(await count({ status: 'REJECTED' })).toBe(7);
      expect(await count({ sku: 'NOPE' })).toBe(0);
      expect(await count({ placedFrom: '2026-01-31T12:00:12Z' })).toBe(0);
      expect(await count({ placedTo: '2026-01-31T12:00:00.000Z' })).toBe(0);
      expect(await count({ placedFrom: '2026-01-31T12:00:03Z', placedTo: '2026-01-31T12:00:05Z' })).toBe(4);
    });
  });

  const changes = (orderId: string): AsyncIterableIterator<Answer> =>
    app.subscribe(
      'subscription ($orderId: ID!) { orderChanged(orderId: $orderId) { orderId status lines { sku } } }',
      { orderId },
    );
  const next = async (iterator: AsyncIterableIterator<Answer>): Promise<Answer> => {
    const result = (await iterator.next()) as IteratorYieldResult<Answer>;
    return result.value;
  };
  const status = async (iterator: AsyncIterableIterator<Answer>): Promise<unknown> => {
    const { data } = await next(iterator);
    return data?.['orderChanged'];
  };

  describe('the orderChanged subscription', () => {
    it('shows the order as it is, and then each change', async () => {
      const orderId = OrderId.parse(randomUUID());
      await app.history.append(app.history.placed(orderId));
      await app.caughtUp();
      const seenStates = changes(orderId);
      expect(await status(seenStates)).toMatchObject({ status: 'PLACED' });
      await app.history.append({ type: 'OrderConfirmed', data: { orderId } });
      expect(await status(seenStates)).toMatchObject({ status: 'CONFIRMED' });
      await app.history.append({ type: 'OrderCompleted', data: { orderId } });
      expect(await status(seenStates)).toMatchObject({ status: 'COMPLETED' });
      await seenStates.return?.();
    });

    it('shows each change also to those who write the order id in capitals', async () => {
      const orderId = OrderId.parse(randomUUID());
      await app.history.append(app.history.placed(orderId));
      await app.caughtUp();
      const seenStates = changes(orderId.toUpperCase());
      expect(await status(seenStates)).toMatchObject({ status: 'PLACED' });
      await app.history.append({ type: 'OrderConfirmed', data: { orderId } });
      expect(await status(seenStates)).toMatchObject({ orderId, status: 'CONFIRMED' });
      await seenStates.return?.();
    });

    it('waits for an order that is still to come, and hears nothing of others', async () => {
      const orderId = OrderId.parse(randomUUID());
      const first = status(changes(orderId));
      await app.history.order();
      await app.history.append(app.history.placed(orderId));
      expect(await first).toMatchObject({ status: 'PLACED' });
    });

    it('refuses an order id that is none', async () => {
      const { errors } = await next(changes('17'));
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    });
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import { OrderId, paymentIdOf } from '@orders/shared-events/contracts/ids.js';
import { expiresAt, orderPlaced } from '@orders/shared-events/testing/examples.js';
import { NOW, secondsFromNow } from '@orders/shared-events/testing/given.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { RunningApp } from '../testing/running-app.js';

const FIELDS = `status captured { amount } refunded { amount } action { url expiresAt } payableUntil failure
  refunds { refundId amount { amount currency } status requestedAt settledAt failure }`;
const ORDER = `query ($orderId: ID!) { order(orderId: $orderId) { payment { ${FIELDS} } } }`;
const ORDERS = `query ($filter: OrderFilter) { orders(filter: $filter) { edges { node { orderId payment { ${FIELDS} } } } } }`;

interface Payment {
  readonly refunds: readonly { readonly refundId: string }[];
}

describe.each(serverRows('EVENTSTORE_URL', 'DATABASE_URL'))(
  'the payment of an order, on %s',
  (_title, real) => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await RunningApp.start(real);
    });
    afterAll(() => app.stop());

    const payment = async (orderId: OrderId): Promise<Payment> => {
      await app.caughtUp();
      const { order } = await app.data<{ order: { payment: Payment } }>(ORDER, { orderId });
      return order.payment;
    };

    /** Events of a payment of a new order, and what its customer sees after those that have come. */
    async function aPayment() {
      const orderId = OrderId.parse(randomUUID());
      const ids = { orderId, paymentId: paymentIdOf(orderId) };
      const { total: amount, currency } = orderPlaced.data;
      await app.history.append(app.history.placed(orderId));
      return {
        orderId,
        requested: (attempt: number): DomainEvent => ({
          type: 'PaymentRequested',
          data: {
            ...{ ...ids, attempt, amount, currency },
            ...{ paymentMethod: 'pm_approve', captureMethod: 'MANUAL' },
          },
        }),
        actionRequired: (attempt: number, until = expiresAt): DomainEvent => ({
          type: 'PaymentActionRequired',
          data: {
            ...{ ...ids, attempt, expiresAt: until },
            url: `https://provider.example/actions/${attempt}`,
          },
        }),
        declined: (attempt: number): DomainEvent => ({
          type: 'PaymentDeclined',
          data: { ...ids, attempt, code: 'authentication_failed' },
        }),
        deferred: {
          type: 'ProviderCallDeferred',
          data: { ...ids, operation: 'authorize', attempt: 1 },
        } satisfies DomainEvent,
        authorized: {
          type: 'PaymentAuthorized',
          data: { ...ids, attempt: 1, amount, providerReference: 'auth_1' },
        } satisfies DomainEvent,
        expired: { type: 'AuthorizationExpired', data: { ...ids, attempt: 1 } } satisfies DomainEvent,
        after: async (...events: readonly DomainEvent[]) => {
          await app.history.append(...events);
          return payment(orderId);
        },
      };
    }

    it('shows the refunds as they were asked for and as they stand', async () => {
      const refund = (refundId: string, amount: number) => ({
        ...{ refundId, amount: { amount, currency: 'EUR' }, requestedAt: NOW },
      });
      expect(await payment(await app.history.eventfulOrder())).toEqual({
        status: 'PARTIALLY_REFUNDED',
        captured: { amount: 6_500 },
        refunded: { amount: 1_500 },
        action: null,
        payableUntil: null,
        failure: 'account_closed',
        refunds: [
          { ...refund('r1', 1_500), status: 'SUCCEEDED', settledAt: NOW, failure: null },
          { ...refund('r2', 500), status: 'PENDING', settledAt: null, failure: null },
          { ...refund('r3', 250), status: 'FAILED', settledAt: NOW, failure: 'account_closed' },
        ],
      });
    });

    it('is shown for each order of a page with its own refunds', async () => {
      const orderIds = [await app.history.eventfulOrder(), await app.history.order()];
      await app.caughtUp();
      const { orders } = await app.data<{
        orders: { edges: { node: { orderId: string; payment: Payment } }[] };
      }>(ORDERS, { filter: { customerId: app.history.customerId } });
      const refundsOf = (orderId: string | undefined) =>
        orders.edges
          .find(({ node }) => node.orderId === orderId)
          ?.node.payment.refunds.map(({ refundId }) => refundId);
      expect(refundsOf(orderIds[0])).toEqual(['r1', 'r2', 'r3']);
      expect(refundsOf(orderIds[1])).toEqual([]);
    });

    it("shows what the provider wants of the customer while it is the customer's turn, and no longer", async () => {
      const { requested, actionRequired, declined, after, orderId } = await aPayment();
      expect(await after(requested(1), actionRequired(1))).toMatchObject({
        status: 'ACTION_REQUIRED',
        action: { url: 'https://provider.example/actions/1', expiresAt },
      });
      expect(await after(declined(1))).toMatchObject({
        status: 'DECLINED',
        action: null,
        payableUntil: expiresAt,
      });
      expect(await after(requested(2))).toMatchObject({ status: 'PENDING', action: null });
      // The first such moment set how long they have in all.
      const later = secondsFromNow(7_200);
      expect(await after(actionRequired(2, later))).toMatchObject({
        status: 'ACTION_REQUIRED',
        action: { expiresAt: later },
        payableUntil: expiresAt,
      });
      const cancellation = { type: 'OrderCancellationRequested', data: { orderId, reason: 'x' } } as const;
      expect(await after(cancellation)).toMatchObject({ status: 'PENDING', action: null });
    });

    it('shows that the provider cannot be called, until it has answered', async () => {
      const { requested, deferred, actionRequired, authorized, expired, after } = await aPayment();
      expect(await after(requested(1), deferred)).toMatchObject({ status: 'PENDING_RETRY' });
      expect(await after(actionRequired(1))).toMatchObject({ status: 'ACTION_REQUIRED' });
      expect(await after(deferred)).toMatchObject({ status: 'PENDING_RETRY' });
      expect(await after(authorized)).toMatchObject({ status: 'AUTHORIZED' });
      expect(await after(expired)).toMatchObject({ status: 'EXPIRED' });
    });
  },
);

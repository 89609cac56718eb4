import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isDeepStrictEqual } from 'node:util';
import { CustomerId, orderIdOf } from '@orders/shared-events/contracts/ids.js';
import { until } from '@orders/shared-events/testing/until.js';
import { ask } from './client.js';
import { demoGoods } from './goods.js';
import { HeldProvider } from './held-provider.js';
import { type End, type Kind, endOf, expectedEnd, kinds, placementOf } from './kinds.js';
import { chargesOf, heldFor } from './ledger.js';
import { accepted, cancel, orderOf } from './orders.js';
import { breakerOf, setOutage } from './provider-outage.js';
import { type System, type Topology, topologies } from './system.js';

const DEADLINE_MS = 90_000;
const ORDERS = 30;
/** Charged at once, and authorised first: neither has to be shipped. */
const placed = kinds.filter(({ then, end }) => !then && end.status === 'COMPLETED');

const DEFERRED = `query ($after: String) {
  auditLog(filter: { type: "ProviderCallDeferred" }, first: 100, after: $after) {
    edges { node { data } }
    pageInfo { hasNextPage endCursor }
  }
}`;
interface Deferred {
  readonly auditLog: {
    readonly edges: readonly { readonly node: { readonly data: { readonly orderId: string } } }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

describe.each(Object.keys(topologies) as Topology[])(
  'while the payment provider is away, in %s',
  (topology) => {
    let system: System;

    beforeAll(async () => {
      const environment = { PAYMENT_PROVIDER_TIMEOUT: '1000', PAYMENT_BREAKER_HALF_OPEN_AFTER: '500' };
      system = await topologies[topology]({ environment });
      await demoGoods(system.commands);
    }, 120_000);

    afterAll(async () => {
      await system.stop();
    }, 60_000);

    /** The orders whose payment waits for the provider, by the log. */
    async function deferred(): Promise<Set<string>> {
      const orderIds = new Set<string>();
      for (let after: string | null = null; ;) {
        const { auditLog }: Deferred = await ask<Deferred>(system.queries, DEFERRED, { after });
        for (const { node } of auditLog.edges) orderIds.add(node.data.orderId);
        after = auditLog.pageInfo.endCursor;
        if (!auditLog.pageInfo.hasNextPage) return orderIds;
      }
    }

    it.each(['UNREACHABLE', 'SILENT'] as const)(
      '(%s) orders are accepted and wait; once it is back all complete, each charged once',
      async (kind) => {
        expect(await breakerOf(system.commands)).toMatchObject({
          ready: 200,
          health: { status: 'up', circuitBreaker: 'closed' },
          metric: 'closed',
        });
        await setOutage(system.admin, kind);
        const orders = await Promise.all(
          Array.from({ length: ORDERS }, async (_, index) => {
            const order = placed[index % placed.length]!;
            const orderId = await accepted(system.commands, placementOf(order, 'customer-1'));
            return { order, orderId };
          }),
        );
        await until(async () => {
          const waiting = await deferred();
          return orders.every(({ orderId }) => waiting.has(orderId));
        }, DEADLINE_MS);
        for (const { orderId } of orders) {
          await until(
            async () => (await orderOf(system.queries, orderId))?.payment.status === 'PENDING_RETRY',
            DEADLINE_MS,
          );
        }
        // While a call finds out whether the provider is back it is half open.
        await until(async () => (await breakerOf(system.commands)).metric === 'open', DEADLINE_MS);
        expect(await breakerOf(system.commands)).toMatchObject({
          ready: 200,
          health: {
            status: 'up',
            circuitBreaker: expect.stringMatching(/open/),
            degraded: expect.any(String),
          },
        });
        await setOutage(system.admin, 'NONE');
        for (const { order, orderId } of orders) {
          await until(async () => {
            const view = await orderOf(system.queries, orderId);
            return (
              view !== null &&
              JSON.stringify(endOf(view)) === JSON.stringify(expectedEnd(order, view.total.amount))
            );
          }, DEADLINE_MS);
          expect(await chargesOf(system.admin, orderId)).toBe(1);
        }
        expect(await breakerOf(system.commands)).toMatchObject({
          metric: 'closed',
          health: { status: 'up', circuitBreaker: 'closed' },
        });
      },
      180_000,
    );

    const soldOut = ({ name }: Kind) => name.startsWith('out of stock');
    const kindNamed = (name: string): Kind => kinds.find((kind) => kind.name === name)!;
    const isWaiting = (orderId: string) =>
      until(
        async () => (await orderOf(system.queries, orderId))?.payment.status === 'PENDING_RETRY',
        DEADLINE_MS,
      );
    const comesTo = (orderId: string, end: Partial<End>) =>
      until(async () => {
        const view = await orderOf(system.queries, orderId).catch(() => null);
        return view !== null && isDeepStrictEqual({ ...endOf(view), ...end }, endOf(view));
      }, DEADLINE_MS);

    it('an order can be cancelled that waits for it, and nothing is held once it is back', async () => {
      await setOutage(system.admin, 'UNREACHABLE');
      const orderIds = await Promise.all(
        placed.map((kind) => accepted(system.commands, placementOf(kind, 'customer-1'))),
      );
      for (const orderId of orderIds) {
        await isWaiting(orderId);
        expect(await cancel(system.commands, orderId)).toMatchObject({ repeated: false });
      }
      await setOutage(system.admin, 'NONE');
      for (const orderId of orderIds) {
        await comesTo(orderId, { status: 'CANCELLED', kept: 0 });
        expect(await heldFor(system.admin, orderId)).toEqual({ taken: 0, authorized: 0 });
      }
    }, 180_000);

    it('what is captured, voided or refunded waits for it, too', async () => {
      const orders = await Promise.all(
        [kindNamed('authorised, then captured'), ...kinds.filter(soldOut)].map(async (kind) => {
          const placement = placementOf(kind, 'customer-1');
          const orderId = orderIdOf(CustomerId.parse('customer-1'), placement.idempotencyKey);
          const provider = await HeldProvider.of(system.backEnds['DATABASE_URL'] ?? '', orderId);
          await accepted(system.commands, placement);
          await provider.called();
          return { kind, orderId, provider };
        }),
      );
      // Each is taken or authorised by a call that was there before, and what comes after it cannot be asked for.
      await setOutage(system.admin, 'UNREACHABLE');
      for (const { provider } of orders) await provider.release();
      await until(async () => {
        const waiting = await deferred();
        return orders.every(({ orderId }) => waiting.has(orderId));
      }, DEADLINE_MS);
      await setOutage(system.admin, 'NONE');
      for (const { kind, orderId } of orders) {
        await comesTo(
          orderId,
          kind.end.keeps === 'all' ? { status: 'COMPLETED' } : { status: 'REJECTED', kept: 0 },
        );
        expect(await chargesOf(system.admin, orderId)).toBe(kind.end.payment === 'VOIDED' ? 0 : 1);
        const { authorized } = await heldFor(system.admin, orderId);
        expect(authorized).toBe(0);
      }
    }, 180_000);
  },
);

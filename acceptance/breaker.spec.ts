import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@orders/shared-events/testing/until.js';
import { ask } from './client.js';
import { demoGoods } from './goods.js';
import { endOf, expectedEnd, kinds, placementOf } from './kinds.js';
import { chargesOf } from './ledger.js';
import { accepted, orderOf } from './orders.js';
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
  },
);

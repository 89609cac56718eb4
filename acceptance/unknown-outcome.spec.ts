import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OrderId } from '@orders/shared-events/contracts/ids.js';
import { until } from '@orders/shared-events/testing/until.js';
import { auditOf } from './audit.js';
import { newKey } from './client.js';
import { someGoods } from './goods.js';
import { type LedgerEntry, heldFor, ledgerOf } from './ledger.js';
import { type Placement, accepted, orderOf } from './orders.js';
import { type System, type Topology, topologies } from './system.js';

const END_DEADLINE_MS = 60_000;

interface Way {
  readonly operation: LedgerEntry['operation'];
  readonly paymentMethod: string;
  readonly captureMethod: Placement['captureMethod'];
  /** With nothing there the order is undone: its money is let go, or paid back. */
  readonly quantity: number;
  readonly end: 'COMPLETED' | 'REJECTED';
}

const charged = { quantity: 5, end: 'COMPLETED' } as const;
const undone = { quantity: 0, end: 'REJECTED' } as const;
const ways: readonly Way[] = [
  { operation: 'authorize', paymentMethod: 'pm_timeout', captureMethod: 'MANUAL', ...charged },
  { operation: 'charge', paymentMethod: 'pm_timeout', captureMethod: 'AUTOMATIC', ...charged },
  { operation: 'capture', paymentMethod: 'pm_timeout_capture', captureMethod: 'MANUAL', ...charged },
  { operation: 'void', paymentMethod: 'pm_timeout_void', captureMethod: 'MANUAL', ...undone },
  { operation: 'refund', paymentMethod: 'pm_timeout_refund', captureMethod: 'AUTOMATIC', ...undone },
];

/** The answer does not come. Had the call arrived, it is not made again: the provider is asked what became of it. */
const effects = [
  { effect: 'with_effect', calls: 1 },
  { effect: 'without_effect', calls: 2 },
] as const;

describe.each(Object.keys(topologies) as Topology[])(
  'a call whose answer does not come, in %s',
  (topology) => {
    let system: System;
    beforeAll(async () => {
      system = await topologies[topology]();
    }, 120_000);
    afterAll(() => system.stop(), 60_000);

    const cases = ways.flatMap((way) => effects.map((effect) => ({ ...way, ...effect })));
    it.each(cases)('takes effect once: $operation $effect', async (way) => {
      const { operation, effect, calls, quantity, end, captureMethod } = way;
      const sku = await someGoods(system.commands, { quantity });
      const placement = { customerId: 'customer-1', idempotencyKey: newKey(), lines: [{ sku, quantity: 1 }] };
      const paymentMethod = `${way.paymentMethod}_${effect}`;
      const orderId = OrderId.parse(
        await accepted(system.commands, { ...placement, paymentMethod, captureMethod }),
      );
      await until(
        async () => (await orderOf(system.queries, orderId).catch(() => null))?.status === end,
        END_DEADLINE_MS,
      );
      const ledger = await ledgerOf(system.admin, orderId);
      expect(ledger.filter((entry) => entry.operation === operation)).toMatchObject([{ effects: 1, calls }]);
      expect(ledger.every((entry) => entry.effects === 1)).toBe(true);
      expect(await heldFor(system.admin, orderId)).toEqual({
        taken: end === 'COMPLETED' ? 2_500 : 0,
        authorized: 0,
      });
      const unknown = (await auditOf(system.queries, orderId)).filter(
        ({ type }) => type === 'PaymentOutcomeUnknown',
      );
      expect(unknown).toMatchObject([{ data: { operation } }]);
    });
  },
);

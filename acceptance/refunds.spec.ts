import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CustomerId, type OrderId, orderIdOf } from '@orders/shared-events/contracts/ids.js';
import { until } from '@orders/shared-events/testing/until.js';
import { auditOf } from './audit.js';
import { get, newKey } from './client.js';
import { someGoods } from './goods.js';
import { HeldProvider } from './held-provider.js';
import { heldFor, ledgerOf } from './ledger.js';
import { type RefundView, accepted, cancel, orderOf, refund } from './orders.js';
import { type System, type Topology, topologies } from './system.js';

const END_DEADLINE_MS = 60_000;
const TOTAL = 2_500;
const customerId = CustomerId.parse('customer-1');

const commandSides: Record<Topology, string> = {
  'one process': 'application',
  'three processes': 'command-side',
};

describe.each(Object.keys(topologies) as Topology[])('a refund, in %s', (topology) => {
  let system: System;
  /** Refused so often that it takes a while: it begins first. */
  let hopeless: OrderId;
  beforeAll(async () => {
    system = await topologies[topology]();
    hopeless = await aPaidOrder('pm_fail_refund');
    await refund(system.commands, part(hopeless, 500));
  }, 120_000);
  afterAll(() => system.stop(), 60_000);

  /** Of one piece; paid, and completed unless it is to be shipped, which nobody does. */
  async function aPaidOrder(paymentMethod = 'pm_approve', requiresShipping = false): Promise<OrderId> {
    const sku = await someGoods(system.commands, { requiresShipping });
    const idempotencyKey = newKey();
    const orderId = orderIdOf(customerId, idempotencyKey);
    const lines = [{ sku, quantity: 1 }];
    const captureMethod = 'AUTOMATIC';
    await accepted(system.commands, { customerId, idempotencyKey, lines, paymentMethod, captureMethod });
    await comesTo(orderId, requiresShipping ? 'CONFIRMED' : 'COMPLETED');
    return orderId;
  }

  const comesTo = (orderId: OrderId, status: string) =>
    until(async () => (await view(orderId))?.status === status, END_DEADLINE_MS);
  const view = (orderId: OrderId) => orderOf(system.queries, orderId).catch(() => null);

  const part = (orderId: OrderId, amount: number, refundId = 'r-1', currency = 'EUR') => ({
    orderId,
    refundId,
    amount: { amount, currency },
    reason: 'broken cup',
  });

  async function settles(orderId: OrderId, ...refunds: readonly Partial<RefundView>[]): Promise<void> {
    await until(async () => {
      const known = (await view(orderId))?.payment.refunds ?? [];
      return (
        known.length === refunds.length &&
        refunds.every(({ refundId, status, failure = null }) =>
          known.some((one) => one.refundId === refundId && one.status === status && one.failure === failure),
        )
      );
    }, END_DEADLINE_MS);
  }
  const paymentOf = async (orderId: OrderId) => (await view(orderId))?.payment;
  const isDone = (orderId: OrderId) =>
    until(async () => (await processOf(orderId)).status === 'DONE', END_DEADLINE_MS);
  const needsIntervention = async (): Promise<readonly string[]> => {
    const { processes } = await get<{ processes: readonly { orderId: string }[] }>(
      `${system.admin}/processes?state=NEEDS_INTERVENTION&stage=refund`,
    );
    return processes.map(({ orderId }) => orderId);
  };
  const processOf = (orderId: OrderId) =>
    get<{ status: string; stage: string; intervention: string | null }>(
      `${system.admin}/processes/${orderId}`,
    );

  it('gives money back in parts, each part once, up to what was captured', async () => {
    const orderId = await aPaidOrder();
    expect(await refund(system.commands, part(orderId, 1_000))).toMatchObject({ repeated: false });
    expect(await refund(system.commands, part(orderId, 1_000))).toMatchObject({ repeated: true });
    await settles(orderId, { refundId: 'r-1', status: 'SUCCEEDED' });
    expect(await paymentOf(orderId)).toMatchObject({
      status: 'PARTIALLY_REFUNDED',
      captured: { amount: TOTAL },
      refunded: { amount: 1_000 },
    });
    expect(await refund(system.commands, part(orderId, 1_501, 'r-2'))).toEqual({
      __typename: 'RefundExceedsCaptured',
      code: 'REFUND_EXCEEDS_CAPTURED',
      refundable: 1_500,
    });
    expect(await refund(system.commands, part(orderId, 1_500, 'r-2'))).toMatchObject({ repeated: false });
    await settles(
      orderId,
      { refundId: 'r-1', status: 'SUCCEEDED' },
      { refundId: 'r-2', status: 'SUCCEEDED' },
    );
    expect(await paymentOf(orderId)).toMatchObject({ status: 'REFUNDED', refunded: { amount: TOTAL } });
    expect(await heldFor(system.admin, orderId)).toEqual({ taken: 0, authorized: 0 });
    await isDone(orderId);
  });

  it('says in the audit log who asked for it and why', async () => {
    const orderId = await aPaidOrder();
    await refund(system.commands, part(orderId, 1));
    await settles(orderId, { refundId: 'r-1', status: 'SUCCEEDED' });
    const entries = await auditOf(system.queries, orderId);
    expect(entries.find(({ type }) => type === 'RefundRequested')).toMatchObject({
      actor: { kind: 'OPERATOR' },
      reason: 'broken cup',
    });
  });

  it('is refused with another amount, in another currency, and under the id of the system’s own', async () => {
    const orderId = await aPaidOrder();
    await refund(system.commands, part(orderId, 1_000));
    expect(await refund(system.commands, part(orderId, 999))).toMatchObject({ code: 'REFUND_ID_REUSED' });
    expect(await refund(system.commands, part(orderId, 1, 'r-2', 'USD'))).toMatchObject({
      __typename: 'RefundInOtherCurrency',
      currency: 'EUR',
    });
    expect(await refund(system.commands, part(orderId, 1, 'order-undone'))).toMatchObject({
      code: 'REFUND_ID_RESERVED',
    });
    await settles(orderId, { refundId: 'r-1', status: 'SUCCEEDED' });
    expect(await heldFor(system.admin, orderId)).toMatchObject({ taken: TOTAL - 1_000 });
  });

  it('and a cancellation give back together what was captured', async () => {
    const orderId = await aPaidOrder('pm_approve', true);
    await refund(system.commands, part(orderId, 1_000));
    await cancel(system.commands, orderId);
    await comesTo(orderId, 'CANCELLED');
    await settles(
      orderId,
      { refundId: 'r-1', status: 'SUCCEEDED' },
      { refundId: 'order-undone', status: 'SUCCEEDED' },
    );
    expect(await heldFor(system.admin, orderId)).toEqual({ taken: 0, authorized: 0 });
    expect(await refund(system.commands, part(orderId, 1, 'r-2'))).toMatchObject({
      code: 'REFUND_EXCEEDS_CAPTURED',
      refundable: 0,
    });
  });

  it('that the provider refuses is tried again by itself', async () => {
    const orderId = await aPaidOrder('pm_fail_refund_once');
    await refund(system.commands, part(orderId, 1_000));
    await settles(orderId, { refundId: 'r-1', status: 'SUCCEEDED' });
    const refunds = (await ledgerOf(system.admin, orderId)).filter(({ operation }) => operation === 'refund');
    expect(refunds.map(({ effects }) => effects).sort()).toEqual([0, 1]);
    await isDone(orderId);
  });

  it.each(['took effect', 'was lost'] as const)(
    'whose call %s while the command side was killed is made once',
    async (became) => {
      const orderId = await aPaidOrder();
      const provider = await HeldProvider.of(system.backEnds['DATABASE_URL'] ?? '', orderId);
      const asked = refund(system.commands, part(orderId, 1_000));
      await provider.called();
      const commandSide = system.processes.get(commandSides[topology]);
      await commandSide?.kill();
      if (became === 'was lost') await provider.lose();
      await provider.release();
      await commandSide?.start();
      // Whoever asked has asked again until there was an answer.
      expect(await asked).toMatchObject({ repeated: true });
      await settles(orderId, { refundId: 'r-1', status: 'SUCCEEDED' });
      const ledger = await ledgerOf(system.admin, orderId);
      expect(ledger.filter(({ operation }) => operation === 'refund')).toMatchObject([
        { calls: 1, effects: 1 },
      ]);
      await isDone(orderId);
    },
    120_000,
  );

  it('that the provider refuses for good needs somebody to look, who may ask for it once more', async () => {
    await until(async () => (await needsIntervention()).includes(hopeless), END_DEADLINE_MS);
    expect(await processOf(hopeless)).toMatchObject({ stage: 'refund', intervention: 'REFUND_FAILED' });
    await settles(hopeless, { refundId: 'r-1', status: 'FAILED', failure: 'processing_error' });
    expect(await refund(system.commands, part(hopeless, 500))).toMatchObject({ repeated: false });
    const tried = (await ledgerOf(system.admin, hopeless)).filter(({ operation }) => operation === 'refund');
    expect(tried.map(({ effects }) => effects)).toEqual([0, 0, 0, 0, 0, 0]);
  }, 120_000);
});

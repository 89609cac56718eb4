import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CustomerId, type OrderId, orderIdOf } from '@orders/shared-events/contracts/ids.js';
import { until } from '@orders/shared-events/testing/until.js';
import { auditOf, typesOf } from './audit.js';
import { get, newKey } from './client.js';
import { someGoods } from './goods.js';
import { heldFor, ledgerOf } from './ledger.js';
import { accepted, cancel, orderOf } from './orders.js';
import { outcomesAtProvider } from './payments.js';
import { type System, topologies } from './system.js';

const END_DEADLINE_MS = 90_000;
const TOTAL = 2_500;
const customerId = CustomerId.parse('customer-1');

describe('what the provider refuses for good', () => {
  let system: System;
  /** Refused so often that it takes a while: they begin first. */
  let [unvoidable, unrefundable]: OrderId[] = [];
  beforeAll(async () => {
    system = await topologies['one process']();
    unvoidable = await anOrder('pm_fail_void', { quantity: 0 });
    unrefundable = await anOrder('pm_fail_refund', { requiresShipping: true });
    await comesTo(unrefundable, 'CONFIRMED');
    await cancel(system.commands, unrefundable);
  }, 120_000);
  afterAll(() => system.stop(), 60_000);

  /** Of one piece, authorised and then captured. */
  async function anOrder(
    paymentMethod: string,
    goods: { readonly quantity?: number; readonly requiresShipping?: boolean } = {},
  ): Promise<OrderId> {
    const sku = await someGoods(system.commands, goods);
    const idempotencyKey = newKey();
    const lines = [{ sku, quantity: 1 }];
    const captureMethod = 'MANUAL';
    await accepted(system.commands, { customerId, idempotencyKey, lines, paymentMethod, captureMethod });
    return orderIdOf(customerId, idempotencyKey);
  }

  const comesTo = (orderId: OrderId, status: string) =>
    until(
      async () => (await orderOf(system.queries, orderId).catch(() => null))?.status === status,
      END_DEADLINE_MS,
    );
  const processOf = (orderId: OrderId) =>
    get<{ status: string; stage: string; intervention: string | null }>(
      `${system.admin}/processes/${orderId}`,
    );
  const needsIntervention = (orderId: OrderId) =>
    until(async () => {
      const { processes } = await get<{ processes: readonly { orderId: string }[] }>(
        `${system.admin}/processes?state=NEEDS_INTERVENTION`,
      );
      return processes.some((process) => process.orderId === orderId);
    }, END_DEADLINE_MS);
  const triesOf = async (orderId: OrderId, operation: string) =>
    (await ledgerOf(system.admin, orderId)).filter((entry) => entry.operation === operation);

  it('a capture: it is tried again, then the order is undone and nothing is held', async () => {
    const orderId = await anOrder('pm_fail_capture');
    await comesTo(orderId, 'REJECTED');
    expect(await orderOf(system.queries, orderId)).toMatchObject({
      rejectionReason: 'PAYMENT_FAILED',
      payment: { status: 'VOIDED' },
    });
    expect(await outcomesAtProvider(system, orderId)).toEqual({
      'authorize:1': 'succeeded',
      'capture:1': 'failed',
      'capture:2': 'failed',
      'capture:3': 'failed',
      'void:1': 'succeeded',
    });
    expect(await heldFor(system.admin, orderId)).toEqual({ taken: 0, authorized: 0 });
    expect(typesOf(await auditOf(system.queries, orderId))).not.toContain('PaymentCaptured');
  }, 120_000);

  it('a void: it is tried again, then an operator is asked for, and the order is not called rejected', async () => {
    const orderId = unvoidable!;
    await needsIntervention(orderId);
    expect(await processOf(orderId)).toMatchObject({ stage: 'compensation', intervention: 'VOID_FAILED' });
    expect(await triesOf(orderId, 'void')).toHaveLength(5);
    expect(await orderOf(system.queries, orderId)).toMatchObject({
      status: 'PLACED',
      payment: { status: 'AUTHORIZED' },
    });
    expect(await heldFor(system.admin, orderId)).toEqual({ taken: 0, authorized: TOTAL });
  }, 120_000);

  it('a refund: it is tried again, then an operator is asked for, and the order is not called cancelled', async () => {
    const orderId = unrefundable!;
    await needsIntervention(orderId);
    expect(await processOf(orderId)).toMatchObject({
      stage: 'compensation',
      intervention: 'REFUND_FAILED',
    });
    expect(await triesOf(orderId, 'refund')).toHaveLength(5);
    expect(await orderOf(system.queries, orderId)).toMatchObject({
      status: 'CANCELLING',
      payment: { status: 'CAPTURED' },
    });
    expect(await heldFor(system.admin, orderId)).toEqual({ taken: TOTAL, authorized: 0 });
  }, 120_000);
});

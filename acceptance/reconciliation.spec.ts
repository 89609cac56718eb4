import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@orders/shared-events/testing/until.js';
import { Pool } from 'pg';
import { ask, get } from './client.js';
import { demoGoods } from './goods.js';
import { type End, endOf, kinds, placementOf } from './kinds.js';
import { accepted, orderOf } from './orders.js';
import { type System, topologies } from './system.js';

const DEADLINE_MS = 60_000;

const DISCREPANCIES = `query {
  auditLog(filter: { type: "PaymentDiscrepancyDetected" }, first: 100) {
    edges { node { data actor { kind subject } } }
  }
}`;
interface Discrepancies {
  readonly auditLog: {
    readonly edges: readonly {
      readonly node: {
        readonly data: { readonly orderId: string };
        readonly actor: { readonly kind: string; readonly subject: string };
      };
    }[];
  };
}

describe("the provider's books, where they tell something else than ours", () => {
  let system: System;
  let ledger: Pool;

  beforeAll(async () => {
    system = await topologies['three processes']({
      environment: {
        PAYMENT_PROVIDER_TIMEOUT: '1000',
        RECONCILIATION_INTERVAL: '500',
        RECONCILIATION_GRACE: '1500',
      },
    });
    await demoGoods(system.commands);
    ledger = new Pool({ connectionString: system.backEnds['DATABASE_URL'] });
    // pg's pool ends before its sockets do, and then hears of the server's end.
    ledger.on('error', () => undefined);
  }, 120_000);

  afterAll(async () => {
    await ledger.end();
    await system.stop();
  }, 60_000);

  const place = (name: string, paymentMethod = 'pm_approve') => {
    const kind = kinds.find((one) => one.name === name);
    if (!kind) throw new Error(`no kind ${name}`);
    return accepted(system.commands, { ...placementOf(kind, 'customer-1'), paymentMethod });
  };
  const comesTo = (orderId: string, end: Partial<End>) =>
    until(async () => {
      const order = await orderOf(system.queries, orderId);
      return (
        order !== null &&
        Object.entries(end).every(([key, value]) => endOf(order)[key as keyof End] === value)
      );
    }, DEADLINE_MS);
  async function toldOf(orderId: string) {
    const { auditLog } = await ask<Discrepancies>(system.queries, DISCREPANCIES);
    return auditLog.edges.map(({ node }) => node).filter(({ data }) => data.orderId === orderId);
  }
  const isTold = (orderId: string) => until(async () => (await toldOf(orderId)).length > 0, DEADLINE_MS);
  /** Undefined where the process has not begun yet. */
  const interventionOf = async (orderId: string) =>
    (
      await get<{ intervention: string | null }>(`${system.admin}/processes/${orderId}`).catch(
        () => undefined,
      )
    )?.intervention;
  const metrics = async () => (await fetch(new URL('/metrics', system.commands))).text();

  it('a capture of an order that was given up is told, and paid back', async () => {
    const orderId = await place('out of stock, voided');
    await comesTo(orderId, { status: 'REJECTED', payment: 'VOIDED' });
    await ledger.query(
      `INSERT INTO simulated_provider.ledger (
         key, payment_id, order_id, operation, amount, currency, payment_method, outcome, reference, effects, calls)
       SELECT replace(key, 'authorize', 'capture'), payment_id, order_id, 'capture', amount, currency, payment_method,
         'succeeded', 'by-hand', 1, 1
       FROM simulated_provider.ledger WHERE order_id = $1 AND operation = 'authorize'`,
      [orderId],
    );
    await comesTo(orderId, { status: 'REJECTED', payment: 'REFUNDED', kept: 0 });
    expect(await toldOf(orderId)).toEqual([
      {
        actor: { kind: 'SYSTEM', subject: 'payment-reconciliation' },
        data: expect.objectContaining({ kind: 'NOT_RECORDED', operation: 'capture', repaired: true }),
      },
    ]);
    const { rows } = await ledger.query<{ refunds: number }>(
      `SELECT sum(effects)::int AS refunds FROM simulated_provider.ledger WHERE order_id = $1 AND operation = 'refund'`,
      [orderId],
    );
    expect(rows).toEqual([{ refunds: 1 }]);
  }, 90_000);

  it('a void by hand brings the order to its end whose void was refused for good', async () => {
    const orderId = await place('out of stock, voided', 'pm_fail_void');
    await until(async () => (await interventionOf(orderId)) === 'VOID_FAILED', DEADLINE_MS);
    await ledger.query(
      `INSERT INTO simulated_provider.ledger (
         key, payment_id, order_id, operation, amount, currency, payment_method, outcome, reference, effects, calls)
       SELECT replace(key, 'authorize:1', 'void:by-hand'), payment_id, order_id, 'void', amount, currency,
         payment_method, 'succeeded', 'by-hand', 1, 1
       FROM simulated_provider.ledger WHERE order_id = $1 AND operation = 'authorize'`,
      [orderId],
    );
    await comesTo(orderId, { status: 'REJECTED', payment: 'VOIDED', kept: 0 });
    await until(async () => (await interventionOf(orderId)) === null, DEADLINE_MS);
    expect(await toldOf(orderId)).toMatchObject([
      { data: { kind: 'NOT_RECORDED', operation: 'void', repaired: true } },
    ]);
  }, 120_000);

  it('an approval of the customer that nobody was told of lets the order go on', async () => {
    const orderId = await place('charged at once', 'pm_3ds');
    const waits = `SELECT FROM simulated_provider.ledger WHERE order_id = $1 AND outcome = 'action_required'`;
    await until(async () => (await ledger.query(waits, [orderId])).rowCount === 1);
    await ledger.query(
      `UPDATE simulated_provider.ledger SET outcome = 'succeeded', reference = 'by-hand', effects = 1
       WHERE order_id = $1`,
      [orderId],
    );
    await comesTo(orderId, { status: 'COMPLETED', payment: 'CAPTURED' });
  }, 90_000);

  it('a charge that has failed there, and one of another amount, are told and left', async () => {
    const [failed, other] = [await place('charged at once'), await place('charged at once')];
    for (const orderId of [failed, other]) await comesTo(orderId, { status: 'COMPLETED' });
    await ledger.query(
      `UPDATE simulated_provider.ledger SET outcome = 'failed', code = 'reversed', reference = NULL, effects = 0
       WHERE order_id = $1`,
      [failed],
    );
    await ledger.query('UPDATE simulated_provider.ledger SET amount = amount + 1 WHERE order_id = $1', [
      other,
    ]);
    await Promise.all([isTold(failed), isTold(other)]);
    expect(await toldOf(failed)).toMatchObject([{ data: { kind: 'NOT_AT_PROVIDER', repaired: false } }]);
    expect(await toldOf(other)).toMatchObject([{ data: { kind: 'AMOUNT_DIFFERS', repaired: false } }]);
    const told = await metrics();
    expect(told).toMatch(/^payment_discrepancies_total\{kind="NOT_AT_PROVIDER",repaired="false"\} 1$/m);
    expect(told).toMatch(/^payment_discrepancies_total\{kind="AMOUNT_DIFFERS",repaired="false"\} 1$/m);
    expect(told).toMatch(/^payment_reconciliation_last_success_timestamp_seconds \d{10}/m);
  }, 90_000);
});

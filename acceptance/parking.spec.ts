import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CustomerId, orderIdOf, paymentIdOf } from '@orders/shared-events/contracts/ids.js';
import { until } from '@orders/shared-events/testing/until.js';
import { randomUUID } from 'node:crypto';
import { get, newKey } from './client.js';
import { demoGoods } from './goods.js';
import { chargesOf } from './ledger.js';
import { notification, notify } from './notifications.js';
import { accepted, orderOf } from './orders.js';
import { type System, topologies } from './system.js';

const DEADLINE_MS = 3_000;

interface Parked {
  readonly orderId: string;
  readonly awaits: string;
}
interface Letter {
  readonly id: string;
  readonly origin: string;
  readonly routingKey: string;
  readonly reason: string;
}

describe('what the payment provider tells of a payment that nobody asked for', () => {
  let system: System;

  beforeAll(async () => {
    system = await topologies['three processes']({
      environment: { PARKING_DEADLINE: String(DEADLINE_MS) },
    });
    await demoGoods(system.commands);
  }, 120_000);

  afterAll(async () => {
    await system.stop();
  }, 60_000);

  async function parked(orderId: string): Promise<readonly Parked[]> {
    const { parked: all } = await get<{ parked: Parked[] }>(`${system.admin}/parked`);
    return all.filter((one) => one.orderId === orderId);
  }
  const streamOf = (orderId: string) =>
    `payment-${paymentIdOf(orderId as Parameters<typeof paymentIdOf>[0])}`;
  async function letters(orderId: string): Promise<readonly Letter[]> {
    const { deadLetters } = await get<{ deadLetters: Letter[] }>(`${system.admin}/dead-letters`);
    return deadLetters.filter(({ routingKey }) => routingKey === streamOf(orderId));
  }

  it('waits, and is a dead letter once, although the process managers are killed meanwhile', async () => {
    const orderId = randomUUID();
    const told = notification(orderId);
    for (let times = 0; times < 3; times++) expect(await notify(system.commands, told)).toBe(202);
    await until(async () => (await parked(orderId)).length === 1);
    expect(await parked(orderId)).toMatchObject([
      { awaits: streamOf(orderId), awaitsType: 'PaymentRequested' },
    ]);
    const managers = system.processes.get('process-managers');
    await managers?.kill();
    await managers?.start();
    await until(async () => (await letters(orderId)).length > 0);
    expect(await letters(orderId)).toMatchObject([
      {
        origin: 'unknown correlation',
        reason: `no PaymentRequested in ${streamOf(orderId)} within ${DEADLINE_MS / 1_000} s`,
      },
    ]);
    expect(await parked(orderId)).toEqual([]);
    const { content } = await get<{ content: unknown }>(
      `${system.admin}/dead-letters/${(await letters(orderId))[0]?.id}`,
    );
    expect(content).toMatchObject({ data: { orderId, notificationId: told.id, outcome: 'succeeded' } });
  }, 120_000);

  it('stands in the way of nothing where the order is placed in time', async () => {
    const [customerId, idempotencyKey] = ['customer-1', newKey()];
    const orderId = orderIdOf(CustomerId.parse(customerId), idempotencyKey);
    expect(await notify(system.commands, notification(orderId))).toBe(202);
    await until(async () => (await parked(orderId)).length === 1);
    await accepted(system.commands, {
      ...{ customerId, idempotencyKey, paymentMethod: 'pm_approve', captureMethod: 'AUTOMATIC' },
      lines: [{ sku: 'GIFT-CARD', quantity: 1 }],
    });
    await until(async () => (await parked(orderId)).length === 0);
    await until(async () => (await orderOf(system.queries, orderId))?.status === 'COMPLETED', 60_000);
    expect(await chargesOf(system.admin, orderId)).toBe(1);
    const later = randomUUID();
    await notify(system.commands, notification(later));
    await until(async () => (await letters(later)).length === 1);
    expect(await letters(orderId)).toEqual([]);
  }, 120_000);
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@orders/shared-events/testing/until.js';
import { ask } from './client.js';
import { decide } from './customer.js';
import { demoGoods } from './goods.js';
import { chargesOf } from './ledger.js';
import { orderOf } from './orders.js';
import { comesTo, orderGiftCard } from './testing/gift-cards.js';
import { actionUrl, outcomesAtProvider, paymentCame, paymentTypes, retryPayment } from './payments.js';
import { type System, type SystemOptions, topologies } from './system.js';

const CANCEL = `mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) { __typename } }`;

let system: System;

/** A whole system for the tests of one block. */
function aSystem(options: SystemOptions = {}): void {
  beforeAll(async () => {
    system = await topologies['one process'](options);
    await demoGoods(system.commands);
  }, 120_000);
  afterAll(() => system.stop(), 60_000);
}

const place = (...how: readonly [string, ('AUTOMATIC' | 'MANUAL')?]) =>
  orderGiftCard(system.commands, ...how);
const ends = (orderId: string, status: string, reason: string | null = null) =>
  comesTo(system.queries, orderId, status, reason);
const completed = (orderId: string) => ends(orderId, 'COMPLETED');
const charges = (orderId: string) => chargesOf(system.admin, orderId);

/** How long after a start a customer's time can be over first. */
const ANSWER_MS = 20_000;

describe('an order whose payment takes time', () => {
  aSystem({ environment: { PROCESS_PAYMENT_DEADLINE: String(ANSWER_MS) } });

  it.each([
    ['AUTOMATIC', ['PaymentCaptured']],
    ['MANUAL', ['PaymentAuthorized', 'CaptureRequested', 'PaymentCaptured']],
  ] as const)('is completed once they approved, charged once (%s)', async (captureMethod, events) => {
    const orderId = await place('pm_3ds', captureMethod);
    const page = await actionUrl(system, orderId);
    expect(await orderOf(system.queries, orderId)).toMatchObject({ status: 'PLACED', rejectionReason: null });
    expect(await decide(page, 'approve')).toContain('You approved the payment.');
    await completed(orderId);
    expect(await paymentTypes(system, orderId)).toEqual([
      'PaymentRequested',
      'PaymentActionRequired',
      ...events,
    ]);
    expect(await charges(orderId)).toBe(1);
  });

  it.each(['pm_approve', 'pm_webhook_only', 'pm_timeout_with_effect'])(
    'is completed after a decline when they pay in another way, charged once (%s)',
    async (method) => {
      const orderId = await place('pm_3ds_decline');
      await decide(await actionUrl(system, orderId), 'approve');
      await paymentCame(system, orderId, 'PaymentDeclined');
      expect(await retryPayment(system, orderId, method)).toBe('accepted');
      await completed(orderId);
      expect(await charges(orderId)).toBe(1);
      expect(await outcomesAtProvider(system, orderId)).toEqual({
        'charge:1': 'failed',
        'charge:2': 'succeeded',
      });
    },
  );

  it('may take several attempts, and another action', async () => {
    const orderId = await place('pm_3ds');
    const firstPage = await actionUrl(system, orderId);
    await decide(firstPage, 'decline');
    await paymentCame(system, orderId, 'PaymentDeclined');
    expect(await retryPayment(system, orderId, 'pm_decline')).toBe('accepted');
    await paymentCame(system, orderId, 'PaymentDeclined', 2);
    expect(await retryPayment(system, orderId, 'pm_3ds')).toBe('accepted');
    await paymentCame(system, orderId, 'PaymentActionRequired', 2);
    expect(await retryPayment(system, orderId, 'pm_approve')).toBe('PAYMENT_PENDING');
    await until(async () => (await outcomesAtProvider(system, orderId))['charge:3'] === 'action_required');
    await decide(await actionUrl(system, orderId, firstPage), 'approve');
    await completed(orderId);
    expect(await charges(orderId)).toBe(1);
  });

  it('is rejected when nobody acts in the time that the provider gives, and nothing is held', async () => {
    const orderId = await place('pm_3ds_expire', 'MANUAL');
    await ends(orderId, 'REJECTED', 'PAYMENT_TIMED_OUT');
    expect(await outcomesAtProvider(system, orderId)).toEqual({
      'authorize:1': 'failed',
      'void:1': 'succeeded',
    });
  });

  it('may be cancelled meanwhile: what the customer then does at the provider charges nothing', async () => {
    const orderId = await place('pm_3ds');
    const page = await actionUrl(system, orderId);
    await ask(system.commands, CANCEL, { input: { orderId } });
    await ends(orderId, 'CANCELLED');
    expect(await decide(page, 'approve')).toContain('The shop no longer waits for this.');
    expect(await retryPayment(system, orderId, 'pm_approve')).toBe('ORDER_CANCELLED');
    expect(await charges(orderId)).toBe(0);
  });

  it('is completed although everything is killed between their approval and the webhook', async () => {
    const orderId = await place('pm_3ds');
    const page = await actionUrl(system, orderId);
    const application = system.processes.get('application');
    await decide(page, 'approve');
    await application?.kill();
    await application?.start();
    await completed(orderId);
    expect(await charges(orderId)).toBe(1);
  }, 120_000);

  it('is rejected when the authorisation expires before it is captured, and nothing is charged', async () => {
    const orderId = await place('pm_expire_authorization', 'MANUAL');
    await ends(orderId, 'REJECTED', 'PAYMENT_FAILED');
    expect(await outcomesAtProvider(system, orderId)).toMatchObject({
      'authorize:1': 'expired',
      'capture:1': 'expired',
    });
    const types = await paymentTypes(system, orderId);
    expect(types.filter((type) => type === 'AuthorizationExpired')).toHaveLength(1);
    expect(await charges(orderId)).toBe(0);
  });
});

/** Long enough to act, short enough to wait for. */
const DEADLINE_MS = 8_000;

describe('the time that the shop gives', () => {
  aSystem({ environment: { PROCESS_CUSTOMER_ACTION_DEADLINE: String(DEADLINE_MS) } });

  it('ends with a rejection where nobody acts, and with a page that says so', async () => {
    const orderId = await place('pm_3ds');
    const page = await actionUrl(system, orderId);
    await ends(orderId, 'REJECTED', 'PAYMENT_TIMED_OUT');
    expect(await decide(page, 'approve')).toContain('The shop no longer waits for this.');
    expect(await charges(orderId)).toBe(0);
  });

  it('ends with a rejection where they were declined and do not pay in another way', async () => {
    const orderId = await place('pm_3ds_decline');
    await decide(await actionUrl(system, orderId), 'approve');
    await ends(orderId, 'REJECTED', 'PAYMENT_DECLINED');
    expect(await retryPayment(system, orderId, 'pm_approve')).toBe('ORDER_REJECTED');
    expect(await charges(orderId)).toBe(0);
  });

  it('is enough to pay in another way', async () => {
    const orderId = await place('pm_3ds_decline');
    await decide(await actionUrl(system, orderId), 'approve');
    await paymentCame(system, orderId, 'PaymentDeclined');
    expect(await retryPayment(system, orderId, 'pm_approve')).toBe('accepted');
    await completed(orderId);
    expect(await charges(orderId)).toBe(1);
  });
});

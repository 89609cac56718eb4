import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@orders/shared-events/testing/until.js';
import { randomUUID } from 'node:crypto';
import { ask } from './client.js';
import { decide } from './customer.js';
import { demoGoods } from './goods.js';
import { chargesOf } from './ledger.js';
import { notification, notificationsHeard, notify } from './notifications.js';
import { comesTo, orderGiftCard } from './testing/gift-cards.js';
import { actionUrl, paymentCame, paymentEvents, paymentTypes } from './payments.js';
import { type System, topologies } from './system.js';

let system: System;

beforeAll(async () => {
  system = await topologies['three processes']();
  await demoGoods(system.commands);
}, 120_000);

afterAll(() => system.stop(), 60_000);

const place = (...how: readonly [string, ('AUTOMATIC' | 'MANUAL')?]) =>
  orderGiftCard(system.commands, ...how);
const completed = (orderId: string) => comesTo(system.queries, orderId, 'COMPLETED');
const logHead = async (): Promise<string> =>
  (await ask<{ commandSide: { logHead: string } }>(system.commands, '{ commandSide { logHead } }'))
    .commandSide.logHead;

const post = (told: object, how?: Parameters<typeof notify>[2]) => notify(system.commands, told, how);

describe('an order that the provider tells of by webhook', () => {
  it.each([
    ['before it answers', 'pm_webhook_first', { recorded: 1, known: 0 }],
    ['twice', 'pm_webhook_twice', { recorded: expect.any(Number), known: expect.any(Number) }],
    ['long after it has answered', 'pm_webhook_late', { recorded: 0, known: 1 }],
    ['instead of answering', 'pm_webhook_only', { recorded: 1, known: 0 }],
  ])('%s is completed, charged once', async (_when, token, heard) => {
    for (const captureMethod of ['AUTOMATIC', 'MANUAL'] as const) {
      const before = await notificationsHeard(system.commands);
      const orderId = await place(token, captureMethod);
      await completed(orderId);
      const times = token === 'pm_webhook_twice' ? 2 : 1;
      const since = async () => {
        const { recorded, known } = await notificationsHeard(system.commands);
        return { recorded: recorded - before.recorded, known: known - before.known };
      };
      await until(async () => Object.values(await since()).reduce((sum, one) => sum + one) >= times);
      expect(await since()).toEqual(heard);
      // Whatever the last webhook leaves in the log is there once something after it can be read.
      await completed(await place('pm_approve'));
      const types = await paymentTypes(system, orderId);
      // Until the webhook comes in its place, an answer that does not come may be recorded.
      expect(types.filter((type) => type !== 'PaymentOutcomeUnknown')).toEqual([
        'PaymentRequested',
        ...(captureMethod === 'MANUAL' ? ['PaymentAuthorized', 'CaptureRequested'] : []),
        'PaymentCaptured',
      ]);
      expect(await chargesOf(system.admin, orderId)).toBe(1);
    }
  });

  it('is completed although the event store is away when the webhook comes', async () => {
    const orderId = await place('pm_3ds');
    const page = await actionUrl(system, orderId);
    const eventStore = system.processes.get('event-store');
    await eventStore?.kill();
    expect(await decide(page, 'approve')).toContain('You approved the payment.');
    expect(await post(notification(orderId))).toBe(503);
    await eventStore?.start();
    await completed(orderId);
    expect(await chargesOf(system.admin, orderId)).toBe(1);
  }, 120_000);
});

describe('a webhook', () => {
  it('of somebody else has no effect, and leaves nothing in the log', async () => {
    const orderId = await place('pm_3ds');
    await paymentCame(system, orderId, 'PaymentActionRequired');
    const before = await logHead();
    const forged = notification(orderId);
    expect(await post(forged, { secret: 'whsec_that_somebody_made_up_01234567' })).toBe(401);
    expect(await post(forged, { at: Date.now() / 1_000 - 600 })).toBe(401);
    expect(await post({ ...forged, key: 'nonsense' })).toBe(400);
    expect(await logHead()).toBe(before);
  });

  it('that is sent again changes nothing', async () => {
    const orderId = await place('pm_approve');
    await completed(orderId);
    const before = await paymentTypes(system, orderId);
    const told = notification(orderId, { outcome: { kind: 'failed', code: 'card_declined' } });
    for (let times = 0; times < 3; times++) expect(await post(told)).toBe(204);
    const noted = [...before, 'ProviderNotificationIgnored'];
    await until(async () => (await paymentTypes(system, orderId)).length >= noted.length);
    expect(await paymentTypes(system, orderId)).toEqual(noted);
  });

  it('of a payment that nobody asked for is kept, once', async () => {
    const orderId = randomUUID();
    const told = notification(orderId);
    for (let times = 0; times < 3; times++) expect(await post(told)).toBe(202);
    await paymentCame(system, orderId, 'ProviderNotificationUnmatched');
    expect(await paymentEvents(system, orderId)).toMatchObject([
      { type: 'ProviderNotificationUnmatched', data: { notificationId: told.id, outcome: 'succeeded' } },
    ]);
  });
});

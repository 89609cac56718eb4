import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { CommandMessage, RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { CommandId, OrderId, paymentIdOf, paymentStream } from '@orders/shared-events/contracts/ids.js';
import { COMMANDS } from '@orders/shared-events/transport/topology.js';
import { freshSku } from '@orders/shared-events/testing/event-stores.js';
import { EUR, origin, total } from '@orders/shared-events/testing/examples.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { type RunningSide, startSide } from '../testing/running-side.js';

const REGISTER = `mutation ($input: RegisterProductInput!) { registerProduct(input: $input) { __typename } }`;
const PLACE = `mutation ($input: PlaceOrderInput!) {
  placeOrder(input: $input) { ... on OrderAccepted { orderId } } }`;
const RETRY = `mutation ($input: RetryPaymentInput!) { retryPayment(input: $input) {
  __typename ... on PaymentRetryAccepted { orderId position repeated } ... on Refusal { code message }
  ... on InvalidInput { field } } }`;
const CANCEL = `mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) { __typename } }`;

describe.each(serverRows('EVENTSTORE_URL', 'DATABASE_URL'))('on %s', (_title, real) => {
  let side: RunningSide;
  let orderId: OrderId;

  beforeAll(async () => {
    side = await startSide(real);
  }, 60_000);
  afterAll(() => side.stop());
  beforeEach(async () => {
    const sku = freshSku();
    const price = { amount: total, currency: EUR };
    await mutate(REGISTER, { sku, name: 'Spec', price, requiresShipping: false });
    const placed = await mutate(PLACE, {
      ...{ customerId: `customer-${randomUUID()}`, idempotencyKey: 'key-1', lines: [{ sku, quantity: 1 }] },
      ...{ paymentMethod: 'pm_3ds', captureMethod: 'AUTOMATIC' },
    });
    orderId = OrderId.parse(placed['orderId']);
  });

  async function mutate(mutation: string, input: object): Promise<Readonly<Record<string, unknown>>> {
    const { body } = await side.graphql(mutation, { input });
    const [result] = Object.values(body.data ?? {});
    if (!result) throw new Error(JSON.stringify(body.errors));
    return result;
  }
  /** As the order's process asks. */
  async function authorize(paymentMethod: string): Promise<void> {
    const commandId = CommandId.parse(randomUUID());
    const paymentId = paymentIdOf(orderId);
    const message: CommandMessage = {
      ...{ commandId, type: 'AuthorizePayment', origin, sentAt: new Date().toISOString() },
      data: { orderId, paymentId, amount: total, currency: EUR, paymentMethod, captureMethod: 'AUTOMATIC' },
      expiresAt: new Date(Date.now() + 60_000).toISOString(),
    };
    await side.messageBus.publish(COMMANDS, 'payment.AuthorizePayment', message, { mandatory: true });
  }
  async function events(): Promise<RecordedEvent[]> {
    const found: RecordedEvent[] = [];
    for await (const event of side.eventStore.readStream(paymentStream(paymentIdOf(orderId))))
      found.push(event);
    return found;
  }
  const types = async () => (await events()).map(({ type }) => type);
  const happened = (type: string) => until(async () => (await types()).includes(type));
  const decide = async (decision: 'approve' | 'decline') => {
    await happened('PaymentActionRequired');
    const required = (await events()).find(({ type }) => type === 'PaymentActionRequired');
    const { url } = required?.data as { url: string };
    expect(new URL(url).origin).toBe(side.url);
    const response = await fetch(url, { method: 'POST', body: new URLSearchParams({ decision }) });
    expect(response.status).toBe(200);
  };
  const retry = (paymentMethod: string, change: object = {}) =>
    mutate(RETRY, { orderId, paymentMethod, ...change });

  describe('a payment that needs the customer', () => {
    it('is charged once they approved, which the provider tells by webhook', async () => {
      await authorize('pm_3ds');
      await decide('approve');
      await happened('PaymentCaptured');
      expect(await types()).toEqual(['PaymentRequested', 'PaymentActionRequired', 'PaymentCaptured']);
    });

    it('may be tried again once it was declined, and is charged then', async () => {
      await authorize('pm_3ds_decline');
      await decide('approve');
      await happened('PaymentDeclined');
      expect(await retry('pm_approve')).toEqual({
        __typename: 'PaymentRetryAccepted',
        orderId,
        position: expect.stringMatching(/^\d+$/),
        repeated: false,
      });
      expect((await types()).slice(2)).toEqual(['PaymentDeclined', 'PaymentRequested', 'PaymentCaptured']);
      expect(await retry('pm_approve')).toMatchObject({
        __typename: 'PaymentNotRetryable',
        code: 'PAYMENT_SETTLED',
      });
    });

    it('may be tried again with the same way to pay, and be declined again', async () => {
      await authorize('pm_3ds');
      await decide('decline');
      await happened('PaymentDeclined');
      for (const method of ['pm_decline', 'pm_decline'])
        expect(await retry(method)).toMatchObject({ repeated: false });
      expect((await types()).filter((type) => type === 'PaymentDeclined')).toHaveLength(3);
    });

    it('is not tried again for an order that is being cancelled', async () => {
      await authorize('pm_3ds');
      await decide('decline');
      await happened('PaymentDeclined');
      await mutate(CANCEL, { orderId });
      expect(await retry('pm_approve')).toMatchObject({ code: 'CANCELLATION_REQUESTED' });
    });

    it('is known by the order in capitals, too', async () => {
      expect(await retry('pm_approve', { orderId: orderId.toUpperCase() })).toMatchObject({
        __typename: 'PaymentNotRetryable',
        code: 'PAYMENT_NOT_FOUND',
        message: 'no payment has been asked for yet',
      });
    });

    it('is not that of an order that there is not, nor tried again with what is no token', async () => {
      expect(await retry('pm_approve', { orderId: randomUUID() })).toMatchObject({
        __typename: 'OrderNotFound',
      });
      expect(await retry('4111 1111 1111 1111')).toMatchObject({
        __typename: 'InvalidInput',
        field: 'paymentMethod',
      });
      expect(await retry('pm_approve', { orderId: 'x' })).toMatchObject({ field: 'orderId' });
    });
  });

  describe('a webhook', () => {
    it.each([
      ['before the answer', 'pm_webhook_first', ['PaymentRequested', 'PaymentCaptured']],
      ['twice', 'pm_webhook_twice', ['PaymentRequested', 'PaymentCaptured']],
      [
        'in place of the answer',
        'pm_webhook_only',
        ['PaymentRequested', 'PaymentOutcomeUnknown', 'PaymentCaptured'],
      ],
    ])('that comes %s is one charge', async (_when, token, expected) => {
      await authorize(token);
      await happened('PaymentCaptured');
      expect(await types()).toEqual(expected);
    });
  });
});

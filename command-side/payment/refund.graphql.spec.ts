import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { CommandId, OrderId, paymentIdOf, paymentStream } from '@orders/shared-events/contracts/ids.js';
import { COMMANDS } from '@orders/shared-events/transport/topology.js';
import { EUR, origin, total } from '@orders/shared-events/testing/examples.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { type RunningSide, startSide } from '../testing/running-side.js';

const REFUND = `mutation ($input: RefundPaymentInput!) { refundPayment(input: $input) {
  __typename ... on RefundAccepted { orderId refundId position repeated } ... on Refusal { code message }
  ... on RefundExceedsCaptured { refundable } ... on RefundInOtherCurrency { currency } ... on InvalidInput { field } } }`;

describe.each(serverRows('EVENTSTORE_URL', 'DATABASE_URL'))('a refund, on %s', (_title, real) => {
  let side: RunningSide;
  let ledger: Pool;
  beforeAll(async () => {
    side = await startSide(real);
    ledger = new Pool({ connectionString: side.databaseUrl });
    // pg's pool ends before its sockets do, and then hears of the server's end.
    ledger.on('error', () => undefined);
  }, 60_000);
  afterAll(async () => {
    await ledger.end();
    await side.stop();
  });

  async function eventsOf(orderId: OrderId): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for await (const event of side.eventStore.readStream(paymentStream(paymentIdOf(orderId))))
      events.push(event);
    return events;
  }
  const typesOf = async (orderId: OrderId) => (await eventsOf(orderId)).map(({ type }) => type);

  /** A payment that has come to an event of that type. */
  async function aPayment(
    state: string,
    paymentMethod = 'pm_approve',
    captureMethod = 'AUTOMATIC',
  ): Promise<OrderId> {
    const orderId = OrderId.parse(randomUUID());
    const ids = { orderId, paymentId: paymentIdOf(orderId) };
    const data = { ...ids, amount: total, currency: EUR, paymentMethod, captureMethod };
    const message = {
      commandId: CommandId.parse(randomUUID()),
      ...{ type: 'AuthorizePayment', data, origin, sentAt: new Date().toISOString() },
      expiresAt: new Date(Date.now() + 60_000).toISOString(),
    };
    await side.messageBus.publish(COMMANDS, 'payment.AuthorizePayment', message, { mandatory: true });
    await until(async () => (await typesOf(orderId)).includes(state));
    return orderId;
  }
  const aCapturedPayment = (paymentMethod?: string) => aPayment('PaymentCaptured', paymentMethod);

  const request = (orderId: string, change: object = {}) => ({
    orderId,
    refundId: 'r-1',
    amount: { amount: 1_000, currency: 'EUR' },
    reason: 'broken cup',
    ...change,
  });
  async function refund(input: object): Promise<Record<string, unknown>> {
    const { body } = await side.graphql(REFUND, { input });
    const result = body.data?.['refundPayment'];
    if (!result) throw new Error(JSON.stringify(body.errors));
    return result;
  }
  const amount = (minor: number, currency = 'EUR') => ({ amount: { amount: minor, currency } });

  async function refundedAtProvider(orderId: OrderId): Promise<number> {
    const { rows } = await ledger.query<{ sum: number }>(
      `SELECT coalesce(sum(amount * effects), 0)::int AS sum FROM simulated_provider.ledger
       WHERE order_id = $1 AND operation = 'refund'`,
      [orderId],
    );
    return rows[0]?.sum ?? 0;
  }

  it('is asked for, and made at the provider, with who asked and why', async () => {
    const orderId = await aCapturedPayment();
    expect(await refund(request(orderId))).toMatchObject({
      __typename: 'RefundAccepted',
      orderId,
      refundId: 'r-1',
      repeated: false,
    });
    expect((await eventsOf(orderId)).slice(2)).toMatchObject([
      {
        type: 'RefundRequested',
        data: { refundId: 'r-1', amount: 1_000, attempt: 1 },
        metadata: { actor: { kind: 'operator' }, reason: 'broken cup' },
      },
      { type: 'PaymentRefunded', metadata: { actor: { kind: 'service', subject: 'payment-provider' } } },
    ]);
    expect(await refundedAtProvider(orderId)).toBe(1_000);
  });

  it('comes to the position of its request', async () => {
    const orderId = await aCapturedPayment();
    const { position } = await refund(request(orderId));
    const requested = (await eventsOf(orderId)).find(({ type }) => type === 'RefundRequested');
    expect(position).toBe(requested?.position.toString());
  });

  it('that is asked for ten times at once is one', async () => {
    const orderId = await aCapturedPayment('pm_timeout_refund_without_effect');
    const answers = await Promise.all(Array.from({ length: 10 }, () => refund(request(orderId))));
    expect(answers.filter(({ repeated }) => repeated === false)).toHaveLength(1);
    expect(answers.filter(({ repeated }) => repeated === true)).toHaveLength(9);
    expect(await refundedAtProvider(orderId)).toBe(1_000);
  });

  it('never goes, with nine others at once, beyond what was captured', async () => {
    const orderId = await aCapturedPayment();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => refund(request(orderId, { refundId: `r-${index}` }))),
    );
    const refused = answers.filter(({ __typename }) => __typename === 'RefundExceedsCaptured');
    expect(refused).toHaveLength(4);
    expect(refused[0]).toMatchObject({ code: 'REFUND_EXCEEDS_CAPTURED', refundable: 500 });
    expect(await refundedAtProvider(orderId)).toBe(6_000);
  });

  it('that the provider refused is made when it is asked for once more', async () => {
    const orderId = await aCapturedPayment('pm_fail_refund_once');
    expect(await refund(request(orderId))).toMatchObject({ repeated: false });
    expect(await refundedAtProvider(orderId)).toBe(0);
    expect(await refund(request(orderId))).toMatchObject({ repeated: false });
    expect(await refundedAtProvider(orderId)).toBe(1_000);
    expect(await refund(request(orderId))).toMatchObject({ repeated: true });
    expect((await typesOf(orderId)).slice(2)).toEqual([
      'RefundRequested',
      'RefundFailed',
      'RefundRequested',
      'PaymentRefunded',
    ]);
  });

  it('is refused with a code and in words', async () => {
    const orderId = await aCapturedPayment();
    await refund(request(orderId));
    const refusals: readonly (readonly [object, object])[] = [
      [amount(1_001), { __typename: 'RefundIdTaken', code: 'REFUND_ID_REUSED' }],
      [{ refundId: 'order-undone' }, { __typename: 'RefundIdTaken', code: 'REFUND_ID_RESERVED' }],
      [
        { refundId: 'r-2', ...amount(5_501) },
        { __typename: 'RefundExceedsCaptured', code: 'REFUND_EXCEEDS_CAPTURED', refundable: 5_500 },
      ],
      [
        { refundId: 'r-2', ...amount(1, 'USD') },
        { __typename: 'RefundInOtherCurrency', code: 'REFUND_IN_OTHER_CURRENCY', currency: 'EUR' },
      ],
      [{ orderId: randomUUID() }, { __typename: 'PaymentNotFound', code: 'PAYMENT_NOT_FOUND' }],
    ];
    for (const [change, refusal] of refusals) {
      expect(await refund(request(orderId, change))).toMatchObject({
        ...refusal,
        message: expect.stringMatching(/\w+ \w+/),
      });
    }
    expect(await refundedAtProvider(orderId)).toBe(1_000);
  });

  it.each([
    ['PAYMENT_NOT_CAPTURED', 'PaymentAuthorized', 'pm_approve', 'MANUAL'],
    ['PAYMENT_DECLINED', 'PaymentDeclined', 'pm_decline', 'AUTOMATIC'],
  ])('is refused with %s after %s', async (code, type, paymentMethod, captureMethod) => {
    const orderId = await aPayment(type, paymentMethod, captureMethod);
    expect(await refund(request(orderId))).toMatchObject({ __typename: 'PaymentNotRefundable', code });
  });

  it.each([
    ['orderId', { orderId: 'x' }],
    ['refundId', { refundId: '' }],
    ['refundId', { refundId: 'r 1' }],
    ['refundId', { refundId: 'r'.repeat(65) }],
    ['amount.amount', amount(0)],
    ['amount.amount', amount(-1)],
    ['amount.currency', amount(1, 'ZZZ')],
    ['reason', { reason: 'r'.repeat(501) }],
    ['reason', { reason: 'a\u0000b' }],
  ])('is refused with a wrong %s (%#)', async (field, change) => {
    expect(await refund(request(randomUUID(), change))).toMatchObject({
      __typename: 'InvalidInput',
      code: 'INVALID_INPUT',
      field,
      message: expect.stringMatching(/^[\w.]+: must/),
    });
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type INestApplication, Module } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import {
  CommandId,
  OrderId,
  PaymentId,
  paymentIdOf,
  paymentStream,
} from '@orders/shared-events/contracts/ids.js';
import { MalformedRequestFilter } from '@orders/shared-events/http/malformed-request.filter.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { correlation } from '@orders/shared-events/transport/observability.js';
import { type ConnectedStore, collected, connectedTo } from '@orders/shared-events/testing/event-stores.js';
import { EUR, origin, total } from '@orders/shared-events/testing/examples.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { eventStoreOf, serverRows } from '@orders/shared-events/testing/servers.js';
import { effectsOf } from '../effects.js';
import { LOGGER } from '../transport.module.js';
import { PaymentMetrics } from './payment.metrics.js';
import { Payments } from './payments.js';
import { UnreadWebhooks } from './unread-webhooks.js';
import { WEBHOOK_SECRETS, WebhookController } from './webhook.controller.js';
import { TOLERANCE_S, signatureOf } from './webhook-signature.js';

const SECRET = 'whsec_0123456789abcdef0123456789abcdef';
const OLD_SECRET = 'whsec_fedcba9876543210fedcba9876543210';
const now = () => Date.now() / 1_000;

/** All that is logged. */
const logged: object[] = [];
const keep = (fields: object, msg: string) => void logged.push({ ...fields, msg });
const logger = { ...silent, info: keep, warn: keep, error: keep };

async function listening(store: EventStore, registry = new Registry()): Promise<INestApplication> {
  @Module({
    controllers: [WebhookController],
    providers: [
      { provide: Payments, useValue: new Payments(effectsOf(store)) },
      { provide: EventStore, useValue: store },
      { provide: PaymentMetrics, useValue: new PaymentMetrics(registry) },
      { provide: WEBHOOK_SECRETS, useValue: [SECRET, OLD_SECRET] },
      { provide: LOGGER, useValue: logger },
      UnreadWebhooks,
      { provide: APP_FILTER, useClass: MalformedRequestFilter },
    ],
  })
  class Spec {}
  const app = await NestFactory.create(Spec, { logger: false, abortOnError: false, rawBody: true });
  app.use(correlation);
  await app.listen(0, '127.0.0.1');
  return app;
}

async function post(
  app: INestApplication,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; headers: Headers; problem: unknown }> {
  const response = await fetch(`${await app.getUrl()}/webhooks/payments`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-signature': signatureOf(body, [SECRET], now()),
      ...headers,
    },
    body,
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, problem: text ? JSON.parse(text) : undefined };
}

describe.each(serverRows('EVENTSTORE_URL'))('on %s', (_title, real) => {
  let server: ConnectedStore;
  let store: EventStore;
  let app: INestApplication;
  let registry: Registry;
  let orderId: OrderId;
  let paymentId: PaymentId;

  beforeAll(async () => {
    server = await connectedTo(eventStoreOf(real));
    store = server.store;
    registry = new Registry();
    app = await listening(store, registry);
  });
  afterAll(async () => {
    await app.close();
    await server.stop();
  });
  beforeEach(() => {
    orderId = OrderId.parse(randomUUID());
    paymentId = paymentIdOf(orderId);
    logged.length = 0;
  });

  /** The intent is in the log, and the provider has not answered yet. */
  async function chargeRequested(): Promise<void> {
    await new Payments(effectsOf(store)).execute({
      commandId: CommandId.parse(randomUUID()),
      stream: paymentStream(paymentId),
      origin,
      command: {
        type: 'AuthorizePayment',
        data: {
          ...{ paymentId, orderId, amount: total, currency: EUR },
          ...{ paymentMethod: 'pm_approve', captureMethod: 'AUTOMATIC' },
        },
      },
    });
  }
  const succeeded = { kind: 'succeeded', reference: 'ref-1' };
  const notification = (change: object = {}) => ({
    id: `evt_${randomUUID()}`,
    key: `${paymentId}:charge:1`,
    orderId,
    outcome: succeeded,
    ...change,
  });
  const tell = (told: object, headers: Readonly<Record<string, string>> = {}) =>
    post(app, JSON.stringify(told), headers);
  const events = () => collected(store.readStream(paymentStream(paymentId)));
  const types = async () => (await events()).map(({ type }) => type);

  /** How many webhooks came to what. */
  async function counted(): Promise<unknown[]> {
    const results = await registry.getSingleMetric('payment_webhooks_total')?.get();
    return results?.values.map(({ labels, value }) => [labels['result'], value]) ?? [];
  }

  describe('what the provider tells', () => {
    it("is recorded before our own call is answered, as the provider, under the order's correlation id", async () => {
      await chargeRequested();
      const answer = await tell(notification(), { 'x-correlation-id': 'told-1' });
      expect([answer.status, answer.problem]).toEqual([204, undefined]);
      expect(answer.headers.get('x-correlation-id')).toBe('told-1');
      expect(await events()).toMatchObject([
        { type: 'PaymentRequested' },
        {
          type: 'PaymentCaptured',
          data: { orderId, attempt: 1, amount: total, providerReference: 'ref-1' },
          metadata: {
            $correlationId: origin.correlationId,
            actor: { kind: 'service', subject: 'payment-provider' },
          },
        },
      ]);
    });

    it('is signed byte by byte as it was sent', async () => {
      await chargeRequested();
      const told = notification();
      const sent = JSON.stringify(told, null, 2).replace('"succeeded"', String.raw`"s\u0075cceeded"`);
      const signedAs = (text: string) => ({ 'webhook-signature': signatureOf(text, [SECRET], now()) });
      expect((await post(app, sent, signedAs(JSON.stringify(told)))).status).toBe(401);
      expect(await types()).toEqual(['PaymentRequested']);
      expect((await post(app, sent, signedAs(sent))).status).toBe(204);
      expect(await types()).toEqual(['PaymentRequested', 'PaymentCaptured']);
    });

    it('is one effect, however often and under however many ids it is told', async () => {
      await chargeRequested();
      const told = notification();
      const answers = await Promise.all(
        [...Array.from({ length: 10 }, () => told), notification()].map((each) => tell(each)),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 11 }, () => 204));
      expect(await types()).toEqual(['PaymentRequested', 'PaymentCaptured']);
    });

    it('is known by its id also where it changes nothing', async () => {
      await chargeRequested();
      await tell(notification());
      const late = notification({ outcome: { kind: 'failed', code: 'card_declined' } });
      for (let times = 0; times < 3; times++) expect((await tell(late)).status).toBe(204);
      expect(await types()).toEqual(['PaymentRequested', 'PaymentCaptured', 'ProviderNotificationIgnored']);
    });

    it('of a payment that nobody has asked for is kept, once', async () => {
      const told = notification();
      for (let times = 0; times < 3; times++)
        expect(await tell(told)).toMatchObject({ status: 202, problem: undefined });
      expect(await events()).toMatchObject([
        {
          type: 'ProviderNotificationUnmatched',
          data: { notificationId: told.id, operation: 'charge', attempt: 1, outcome: 'succeeded' },
        },
      ]);
    });

    it.each([
      [{ outcome: { kind: 'failed', code: 'card_declined' } }, 'PaymentDeclined'],
      [
        {
          outcome: {
            kind: 'action-required',
            url: 'https://provider.example/actions/1',
            expiresAt: '2026-01-31T12:15:00.000Z',
          },
        },
        'PaymentActionRequired',
      ],
      [{ outcome: { kind: 'expired' } }, 'AuthorizationExpired'],
    ])('may be another outcome: %j', async (change, type) => {
      await chargeRequested();
      expect((await tell(notification(change))).status).toBe(204);
      expect(await types()).toEqual(['PaymentRequested', type]);
    });

    it('may be signed with either secret, while they are changed', async () => {
      const body = JSON.stringify(notification());
      const signature = signatureOf(body, ['whsec_that_is_not_known_here_yet_0', OLD_SECRET], now());
      expect((await post(app, body, { 'webhook-signature': signature })).status).toBe(202);
    });

    it('is counted by what became of it', async () => {
      registry.resetMetrics();
      const told = notification();
      await tell(told);
      await chargeRequested();
      const known = notification();
      for (const each of [known, known, {}]) await tell(each);
      expect(await counted()).toEqual([
        ['unmatched', 1],
        ['recorded', 1],
        ['known', 1],
        ['refused', 1],
      ]);
    });

    it('is one line of the log, without the body, the signature or a secret', async () => {
      const told = notification({ outcome: { kind: 'succeeded', reference: 'ref-of-the-card' } });
      await tell(told);
      expect(logged).toMatchObject([
        {
          notificationId: told.id,
          paymentId,
          operation: 'charge',
          outcome: 'succeeded',
          became: 'unmatched',
        },
      ]);
      for (const secret of ['ref-of-the-card', 'v1=', SECRET])
        expect(JSON.stringify(logged)).not.toContain(secret);
    });
  });

  describe('what is not from the provider', () => {
    const signedAt = (seconds: number, body: string, secret = SECRET) => signatureOf(body, [secret], seconds);
    it.each([
      ['without a signature', () => ''],
      ['with a signature that is none', () => 't=1,v1=abc'],
      ['with another secret', (body: string) => signedAt(now(), body, 'whsec_guessed_guessed_guessed_gue')],
      ['with the signature of another body', () => signedAt(now(), '{}')],
      [
        'with the signature of another time',
        (body: string) => signedAt(now(), body).replace(/^t=\d+/, `t=${Math.floor(now()) + 9}`),
      ],
      ['captured long ago', (body: string) => signedAt(now() - TOLERANCE_S - 5, body)],
      ['from the future', (body: string) => signedAt(now() + TOLERANCE_S + 5, body)],
    ])('%s has no effect', async (_what, sign) => {
      await chargeRequested();
      const body = JSON.stringify(notification());
      const answer = await post(app, body, {
        'webhook-signature': sign(body),
        'x-correlation-id': 'forged-1',
      });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.problem).toMatchObject({
        type: '/problems/unauthorized',
        status: 401,
        instance: '/webhooks/payments',
        correlationId: 'forged-1',
      });
      expect(await types()).toEqual(['PaymentRequested']);
      expect(logged).toMatchObject([{ msg: 'a notification was refused', why: expect.any(String) }]);
    });
  });

  describe('a body that is none', () => {
    it.each([
      ['a list', () => [notification()]],
      ['nothing', () => ({})],
      ['without an id', () => notification({ id: undefined })],
      ['an id that is a number', () => notification({ id: 17 })],
      ['an empty id', () => notification({ id: '' })],
      ['a long id', () => notification({ id: 'e'.repeat(101) })],
      ['an id with a line in it', () => notification({ id: 'evt_1\nevt_2' })],
      ['without a key', () => notification({ key: undefined })],
      ['a key of nobody', () => notification({ key: 'charge:1' })],
      ['a key of an operation that there is not', () => notification({ key: `${paymentId}:transfer:1` })],
      ['a key of attempt 0', () => notification({ key: `${paymentId}:charge:0` })],
      ['a refund that has no id', () => notification({ key: `${paymentId}:refund:1` })],
      ['the order of another payment', () => notification({ orderId: randomUUID() })],
      ['an order that is none', () => notification({ orderId: '__proto__' })],
      ['no outcome', () => notification({ outcome: undefined })],
      ['an outcome in words', () => notification({ outcome: 'succeeded' })],
      ['an outcome that there is not', () => notification({ outcome: { kind: 'unknown' } })],
      ['a success without a reference', () => notification({ outcome: { kind: 'succeeded' } })],
      ['a long reference', () => notification({ outcome: { ...succeeded, reference: 'r'.repeat(201) } })],
      ['an amount', () => notification({ outcome: { ...succeeded, amount: 1 } })],
      ['more than there is to tell', () => notification({ livemode: true })],
      [
        'a script for a URL',
        () =>
          notification({
            outcome: {
              kind: 'action-required',
              url: 'javascript:alert(1)',
              expiresAt: '2026-01-31T12:15:00.000Z',
            },
          }),
      ],
      [
        'an hour that there is not',
        () =>
          notification({
            outcome: {
              kind: 'action-required',
              url: 'https://a.example',
              expiresAt: '2026-01-31T25:00:00.000Z',
            },
          }),
      ],
    ])('is refused: %s', async (_what, told) => {
      await chargeRequested();
      const { status, problem } = await tell(told());
      expect([status, problem]).toEqual([
        400,
        expect.objectContaining({
          type: '/problems/bad-request',
          errors: expect.arrayContaining([expect.objectContaining({ field: expect.any(String) })]),
        }),
      ]);
      expect(JSON.stringify(problem)).not.toMatch(/\bat \S+ \(|node_modules|\.[jt]s:\d/);
      expect(await types()).toEqual(['PaymentRequested']);
    });

    it.each([
      ['half of one', '{"id":"evt_1"', {}, 400],
      ['no bytes', '', {}, 400],
      ['a word', '"paid"', {}, 400],
      ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), {}, 400],
      ['another type', '{}', { 'content-type': 'text/plain' }, 400],
      ['a form', 'id=evt_1', { 'content-type': 'application/x-www-form-urlencoded' }, 400],
      ['one that says that it is packed', '{}', { 'content-encoding': 'gzip' }, 400],
      [
        'one in an alphabet that there is not',
        '{}',
        { 'content-type': 'application/json; charset=klingon' },
        415,
      ],
      ['one of 200 KB', JSON.stringify({ id: 'e'.repeat(200_000) }), {}, 413],
    ])('is refused before anything is looked at, and counted: %s', async (_what, body, headers, status) => {
      registry.resetMetrics();
      const answer = await post(app, body, { ...headers, 'x-correlation-id': 'unread-1' });
      expect([answer.status, answer.problem]).toEqual([status, expect.objectContaining({ status })]);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(await counted()).toEqual([['refused', 1]]);
      expect(logged).toEqual([{ why: expect.any(String), msg: 'a notification was refused' }]);
    });

    it.each(['/webhooks/payments/elsewhere', '/webhooks'])('is no webhook at %s', async (path) => {
      registry.resetMetrics();
      await fetch((await app.getUrl()) + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{',
      });
      expect(await counted()).toEqual([]);
    });
  });
});

describe('while the event store is away', () => {
  it('the provider is told to come again', async () => {
    const store = new EventStore('esdb://127.0.0.1:1?tls=false', silent);
    const app = await listening(store);
    const orderId = OrderId.parse(randomUUID());
    const told = {
      id: 'evt_1',
      key: `${paymentIdOf(orderId)}:charge:1`,
      orderId,
      outcome: { kind: 'expired' },
    };
    const answer = await post(app, JSON.stringify(told));
    expect(answer).toMatchObject({ status: 503, problem: { type: '/problems/unavailable' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    await app.close();
    await store.close();
  });
});

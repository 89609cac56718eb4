import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type OrderId, orderProcessStream, orderStream } from '@orders/shared-events/contracts/ids.js';
import { collected } from '@orders/shared-events/testing/event-stores.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { type AdminStand, type Answer, adminStand } from '../testing/admin-stand.js';
import { type Terms, anOrder } from '../testing/order-story.js';
import { ProcessDetails, ProcessExplanation } from './processes.schema.js';

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  let admin: AdminStand;
  let keys = 0;
  const key = () => `key-${keys++}`;

  beforeAll(async () => {
    admin = await adminStand(real);
    await admin.start();
  });
  afterAll(() => admin.stop());

  /** An order that waits for its goods to be shipped. */
  async function aWaitingOrder(terms: Terms = {}): Promise<OrderId> {
    const order = anOrder({ key: key(), lines: [{ requiresShipping: true }], ...terms });
    await admin.commandSide.append(orderStream(order.orderId), 'OrderPlaced', order.placed.data);
    await until(async () => (await processOf(order.orderId)).body['stage'] === 'shipment');
    await until(async () => (await rowOf(order.orderId))?.stage === 'shipment');
    return order.orderId;
  }

  const processOf = (orderId: OrderId) => admin.get(`/processes/${orderId}`);
  const act = (orderId: OrderId, action: string, ...how: [key?: string | null, more?: object]) =>
    admin.act(`/processes/${orderId}/${action}`, how[0] === undefined ? key() : how[0], how[1]);
  const list = async (query: string): Promise<{ orderId: string }[]> =>
    (await admin.get(`/processes?${query}`)).body['processes'] ?? [];
  const rowOf = async (orderId: OrderId) =>
    (await list(`search=${orderId}`))[0] as { stage: string; paused: boolean } | undefined;
  const typesOf = async (orderId: OrderId) =>
    (await collected(admin.servers.store.readStream(orderProcessStream(orderId)))).map(({ type }) => type);

  describe('an action', () => {
    it('is an event with who did it and why, and tells what it appended and sent', async () => {
      const orderId = await aWaitingOrder();
      const { status, body, etag } = await act(orderId, 'pause', 'my-key', { body: { reason: 'TICKET-1' } });
      expect(status).toBe(200);
      const [appended] = body['appended'] as unknown as { revision: string }[];
      expect(body).toEqual({
        outcome: 'done',
        appended: [
          {
            ...{
              stream: `orderProcess-${orderId}`,
              revision: expect.any(String),
              eventId: expect.any(String),
            },
            ...{ type: 'OrderProcessPaused', data: { orderId }, reason: 'TICKET-1' },
            actor: { kind: 'operator', subject: 'jane' },
          },
        ],
        sent: [],
      });
      expect(etag).toBe(`"${appended?.revision}"`);
      const last = (await collected(admin.servers.store.readStream(orderProcessStream(orderId)))).at(-1);
      expect(last).toMatchObject({
        type: 'OrderProcessPaused',
        metadata: { actor: { kind: 'operator', subject: 'jane' }, reason: 'TICKET-1' },
      });
    });

    it('happens once under its key, and is answered likewise', async () => {
      const orderId = await aWaitingOrder();
      const same = key();
      const first = await act(orderId, 'pause', same);
      await act(orderId, 'resume');
      const again = await act(orderId, 'pause', same);
      expect(again.body).toEqual({ ...first.body, outcome: 'repeated' });
      expect((await typesOf(orderId)).filter((type) => type === 'OrderProcessPaused')).toHaveLength(1);
      expect((await processOf(orderId)).body).toMatchObject({ paused: false });
    });

    it('happens once also where it comes many times at once', async () => {
      const orderId = await aWaitingOrder();
      const same = key();
      const answers = await Promise.all(Array.from({ length: 8 }, () => act(orderId, 'retry', same)));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      expect(new Set(answers.map(({ body }) => JSON.stringify(body['appended']))).size).toBe(1);
      expect((await typesOf(orderId)).filter((type) => type === 'OrderProcessRetried')).toHaveLength(1);
    });

    it.each([
      ['another action', 'retry', {}],
      ['another reason', 'pause', { body: { reason: 'another' } }],
    ])('is refused under a key that was used for %s', async (_what, action, more) => {
      const orderId = await aWaitingOrder();
      const same = key();
      await act(orderId, 'pause', same);
      expect(await act(orderId, action, same, more)).toMatchObject({
        status: 422,
        body: { type: '/problems/idempotency-key-reused' },
      });
    });

    it('is refused where the process has gone on since the caller has read it', async () => {
      const orderId = await aWaitingOrder();
      const { etag } = await processOf(orderId);
      await act(orderId, 'pause');
      const { status, body } = await act(orderId, 'resume', key(), { ifMatch: etag });
      expect([status, body['type']]).toEqual([412, '/problems/changed-meanwhile']);
      const { etag: now } = await processOf(orderId);
      expect((await act(orderId, 'resume', key(), { ifMatch: now })).status).toBe(200);
    });

    it.each([
      ['no key', null, {}, 400, 'idempotency-key'],
      ['a key that is none', 'a b', {}, 400, 'idempotency-key'],
      ['an ETag that is none', 'k', { ifMatch: '17' }, 400, 'if-match'],
      ['an ETag of somebody else', 'k', { ifMatch: '"x"' }, 400, 'if-match'],
      ['no reason', 'k', { body: {} }, 400, 'reason'],
      ['an empty reason', 'k', { body: { reason: '' } }, 400, 'reason'],
    ] as const)('is refused with %s', async (_what, itsKey, more, status, field) => {
      const answer = await act(anOrder().orderId, 'pause', itsKey, more);
      expect(answer).toMatchObject({ status, body: { errors: [{ field }] } });
    });

    it('is refused where the caller does not say which state it has seen', async () => {
      expect(await act(anOrder().orderId, 'pause', 'k', { ifMatch: null })).toMatchObject({
        status: 428,
        body: { type: '/problems/precondition-required' },
      });
    });

    it('is refused where there is no process', async () => {
      const { orderId } = anOrder({ key: 'nobody placed it' });
      expect(await act(orderId, 'pause')).toMatchObject({
        status: 404,
        body: { type: '/problems/process-not-found' },
      });
    });

    it('is refused where it makes no sense, with a type of its own', async () => {
      const orderId = await aWaitingOrder();
      expect(await act(orderId, 'resume')).toMatchObject({
        status: 409,
        body: { type: '/problems/process-not-paused' },
      });
      await act(orderId, 'pause');
      expect(await act(orderId, 'compensate')).toMatchObject({ body: { type: '/problems/process-paused' } });
    });
  });

  describe('a dry run', () => {
    /** But for when: that is another moment. */
    const asPlanned = ({ body }: Answer) => ({ ...body, outcome: 'done' });

    it.each(['pause', 'retry', 'compensate'])(
      'of %s tells what it then does, and does nothing',
      async (action) => {
        const orderId = await aWaitingOrder();
        const before = await typesOf(orderId);
        const same = key();
        const planned = await act(orderId, `${action}?dryRun=true`, same);
        expect(planned.body).toMatchObject({ outcome: 'planned' });
        expect(await typesOf(orderId)).toEqual(before);
        const done = await act(orderId, action, same);
        expect(done.body).toEqual(asPlanned(planned));
        expect((await typesOf(orderId)).slice(before.length)[0]).toBe(
          (done.body['appended'] as unknown as { type: string }[])[0]?.type,
        );
      },
    );

    it('tells the commands that go out, which then do', async () => {
      const orderId = await aWaitingOrder();
      const { body } = await act(orderId, 'compensate?dryRun=true');
      const [planned] = body['sent'] as unknown as { commandId: string }[];
      expect(planned).toMatchObject({ type: 'RequestCancellation', routingKey: 'order.RequestCancellation' });
      expect(admin.commandSide.received.map(({ commandId }) => commandId)).not.toContain(planned?.commandId);
      await act(orderId, 'compensate');
      await until(() => admin.commandSide.received.some(({ commandId }) => commandId === planned?.commandId));
    });

    it('is refused as the real call is', async () => {
      const orderId = await aWaitingOrder();
      expect(await act(orderId, 'resume?dryRun=true')).toMatchObject({ status: 409 });
      expect(await act(orderId, 'pause?dryRun=perhaps')).toMatchObject({ status: 400 });
    });
  });

  describe('an order', () => {
    it('that is paused hears on, is listed as such, and goes on once it is resumed', async () => {
      const orderId = await aWaitingOrder();
      await act(orderId, 'pause');
      await until(async () => (await rowOf(orderId))?.paused === true);
      expect(await list('state=PAUSED')).toContainEqual(expect.objectContaining({ orderId }));
      await admin.commandSide.append(orderStream(orderId), 'OrderShipped', {
        ...{ orderId, carrier: 'post', trackingNumber: '1' },
      });
      await until(async () => (await rowOf(orderId))?.stage === 'completion');
      expect((await processOf(orderId)).body).toMatchObject({ paused: true, outstanding: [] });
      const { body } = await act(orderId, 'resume');
      expect((body['sent'] as unknown as { type: string }[]).map(({ type }) => type)).toEqual([
        'CompleteOrder',
        'CommitReservation',
      ]);
      await until(async () => (await rowOf(orderId))?.stage === 'done');
    });

    it('that is to be undone is cancelled, with nothing held', async () => {
      const orderId = await aWaitingOrder();
      await act(orderId, 'compensate');
      await until(async () => (await rowOf(orderId))?.stage === 'done');
      expect((await processOf(orderId)).body).toMatchObject({
        ...{ undoReason: 'CANCELLED', decided: 'give back' },
        knows: { order: 'cancelled' },
      });
    });
  });

  describe('GET /processes', () => {
    it('finds by the beginning of an order id, and by correlation', async () => {
      const orderId = await aWaitingOrder();
      const { body } = await processOf(orderId);
      for (const search of [orderId.slice(0, 3), orderId.slice(0, 12).toUpperCase(), orderId])
        expect(await list(`search=${search}`)).toContainEqual(expect.objectContaining({ orderId }));
      const correlation = encodeURIComponent(String(body['correlationId']));
      expect(await list(`search=${correlation}`)).toContainEqual(expect.objectContaining({ orderId }));
      expect(await list(`search=${'0'.repeat(8)}-0000`)).toEqual([]);
      expect(await list(`search=nobody`)).toEqual([]);
    });

    it('lists as stuck what does not go on by itself', async () => {
      const [paused, waiting] = [await aWaitingOrder(), await aWaitingOrder()];
      await act(paused, 'pause');
      await until(async () => (await list('state=STUCK')).some(({ orderId }) => orderId === paused));
      expect((await list('state=STUCK')).map(({ orderId }) => orderId)).not.toContain(waiting);
    });
  });

  describe('GET /processes/:orderId/explanation', () => {
    const explanationOf = async (orderId: OrderId) => {
      const { body } = await admin.get(`/processes/${orderId}/explanation`);
      return ProcessExplanation.parse(body);
    };

    it('tells what it waits for, until when, what comes next, and what led there', async () => {
      const orderId = await aWaitingOrder();
      const told = await explanationOf(orderId);
      expect(told).toMatchObject({
        summary: 'It waits for somebody to ship the goods (the mutation shipOrder)',
        stage: 'shipment',
        obstacles: [],
        next: { onAnswer: 'completion', onDeadline: expect.stringContaining('STAGE_OVERDUE') },
      });
      expect(Date.parse(told.until ?? '') - Date.parse(told.since)).toBe(30 * 86_400_000);
      expect(told.chain.map(({ what }) => what).slice(0, 3)).toEqual([
        'started',
        'heard OrderPlaced',
        'heard PaymentCaptured',
      ]);
    });

    it('tells what keeps it from going on, who did that, and what can be done', async () => {
      const orderId = await aWaitingOrder();
      await act(orderId, 'pause', key(), { body: { reason: 'TICKET-2' } });
      expect(await explanationOf(orderId)).toMatchObject({
        summary: 'It stands still in shipment: it was paused (TICKET-2)',
        until: null,
        obstacles: [{ what: 'PAUSED', because: 'it was paused (TICKET-2)', remedies: ['resume'] }],
      });
      const { chain } = await explanationOf(orderId);
      expect(chain.at(-1)?.what).toBe('paused by jane: TICKET-2');
    });

    it('is documented as what it tells', async () => {
      const orderId = await aWaitingOrder();
      expect(ProcessDetails.strict().safeParse((await processOf(orderId)).body).error).toBeUndefined();
    });

    it('answers 404 for an order that has no process', async () => {
      expect((await admin.get(`/processes/${crypto.randomUUID()}/explanation`)).status).toBe(404);
    });
  });
});

import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventMetadata } from '@orders/shared-events/contracts/envelope.js';
import { orderStream, requestIdOf, requestStream } from '@orders/shared-events/contracts/ids.js';
import { collected } from '@orders/shared-events/testing/event-stores.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { contextOf } from '@orders/shared-events/transport/observability.js';
import { deadLetterRoute } from '@orders/shared-events/transport/topology.js';
import { type ActionMore, type AdminStand, adminStand } from '../testing/admin-stand.js';
import { anOrder } from '../testing/order-story.js';
import { DeadLetterRequests } from './dead-letter-requests.js';
import { DeadLetters } from './dead-letters.table.js';

interface Letter {
  readonly id: string;
  readonly state: string;
  readonly version: number;
  readonly times: number;
  readonly origin: string;
}

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  let admin: AdminStand;
  let names = 0;
  const order = anOrder({ key: 'of the letters' });
  const newKey = () => `key-${names++}`;

  beforeAll(async () => {
    admin = await adminStand(real);
    await admin.start();
    await admin.commandSide.append(orderStream(order.orderId), 'OrderPlaced', order.placed.data);
    await until(() => admin.commandSide.receivedOf('ConfirmOrder', order.orderId).length > 0);
  });
  afterAll(() => admin.stop());

  /** A command of the order that came to nothing, under an id of its own. */
  const command = (commandId: string) => {
    const [sent] = admin.commandSide.receivedOf('ConfirmOrder', order.orderId);
    return { ...sent, commandId, sentAt: '2026-01-01T00:00:00.000Z', expiresAt: '2026-01-01T00:01:00.000Z' };
  };
  /** Dies in the queue of the orders' commands, as if nobody had been able to deal with it. */
  async function dies(body: object = command(crypto.randomUUID()), type = `Type${names++}`): Promise<Letter> {
    const before = await listed('state=open&first=100');
    const { exchange, routingKey } = deadLetterRoute('commands.order');
    await admin.servers.bus.publish(exchange, routingKey, body, {
      ...{ type, messageId: crypto.randomUUID(), mandatory: true },
      headers: {
        'x-attempt': 5,
        'x-original-routing-key': 'order.ConfirmOrder',
        'x-failure-reason': 'why not',
      },
    });
    const isNew = ({ id }: Letter) => !before.some((one) => one.id === id);
    await until(async () => (await listed('state=open&first=100')).some(isNew));
    return (await listed('state=open&first=100')).find(isNew)!;
  }
  const listed = async (query: string): Promise<Letter[]> =>
    (await admin.get(`/dead-letters?${query}`)).body['deadLetters'] ?? [];
  const letter = async ({ id }: Letter) => (await admin.get(`/dead-letters/${id}`)).body as unknown as Letter;
  const act = (what: string, key: string, more?: ActionMore) => admin.act(`/dead-letters/${what}`, key, more);
  const arrivals = (commandId: string) =>
    admin.commandSide.received.filter((message) => message.commandId === commandId);

  it('that are requeued go to their queue again, with all of their time', async () => {
    const commandId = crypto.randomUUID();
    const dead = await dies(command(commandId));
    const { status, body } = await act(`${dead.id}/requeue`, 'requeue-1');
    expect([status, body]).toMatchObject([
      200,
      {
        outcome: 'done',
        appended: [
          {
            type: 'DeadLettersRequeued',
            data: { letters: [{ id: dead.id, version: 1 }], edited: false },
            actor: { kind: 'operator' },
            reason: 'to see what comes of it',
          },
        ],
        sent: [
          { deadLetterId: dead.id, exchange: 'redeliver', routingKey: 'commands.order', body: { commandId } },
        ],
      },
    ]);
    await until(() => arrivals(commandId).length > 0);
    expect(Date.parse(arrivals(commandId)[0]?.expiresAt ?? '')).toBeGreaterThan(Date.now());
    await until(async () => (await letter(dead)).state === 'requeued');
    expect((await listed('state=open')).map(({ id }) => id)).not.toContain(dead.id);
    const stream = requestStream('deadLetters', requestIdOf('deadLetters', 'requeue-1'));
    const [event] = await collected(admin.servers.store.readStream(stream));
    expect(EventMetadata.parse(event?.metadata)).toMatchObject({ reason: 'to see what comes of it' });
  });

  it('that are requeued again under the same key go out once', async () => {
    const commandId = crypto.randomUUID();
    const dead = await dies(command(commandId));
    const first = await act(`${dead.id}/requeue`, 'requeue-2');
    await until(async () => (await letter(dead)).state === 'requeued');
    const again = await act(`${dead.id}/requeue`, 'requeue-2');
    expect(again.body).toMatchObject({ outcome: 'repeated', appended: first.body['appended'] });
    const next = await dies();
    await act(`${next.id}/requeue`, newKey());
    await until(async () => (await letter(next)).state === 'requeued');
    expect(arrivals(commandId)).toHaveLength(1);
    expect(await act(`${next.id}/requeue`, 'requeue-2')).toMatchObject({ status: 422 });
    expect(await act(`${dead.id}/requeue`, newKey())).toMatchObject({
      status: 409,
      body: { type: '/problems/dead-letter-settled' },
    });
  });

  it('that are edited go out as they were edited', async () => {
    const [commandId, other] = [crypto.randomUUID(), crypto.randomUUID()];
    const dead = await dies({ ...command(commandId), data: 'damaged' });
    expect(
      await act(`${dead.id}/requeue`, newKey(), { body: { reason: 'mended', content: { no: 'command' } } }),
    ).toMatchObject({
      status: 409,
      body: {
        type: '/problems/dead-letter-not-requeueable',
        detail: expect.stringContaining('is no command'),
      },
    });
    const content = command(other);
    expect(await act(`${dead.id}/requeue`, newKey(), { body: { reason: 'mended', content } })).toMatchObject({
      body: { appended: [{ data: { edited: true } }], sent: [{ body: { commandId: other } }] },
    });
    await until(() => arrivals(other).length > 0);
    expect(arrivals(commandId)).toEqual([]);
  });

  it('that are edited are decided about once under a key, down to the content', async () => {
    const [one, other] = [crypto.randomUUID(), crypto.randomUUID()];
    const dead = await dies();
    const edited = (commandId: string) => ({ body: { reason: 'mended', content: command(commandId) } });
    const first = await act(`${dead.id}/requeue`, 'edited', edited(one));
    expect(first.status).toBe(200);
    expect(await act(`${dead.id}/requeue`, 'edited', edited(other))).toMatchObject({ status: 422 });
    expect(await act(`${dead.id}/requeue`, 'edited')).toMatchObject({ status: 422 });
    await until(async () => (await letter(dead)).state === 'requeued');
    expect(await act(`${dead.id}/requeue`, 'edited', edited(one))).toMatchObject({
      body: { outcome: 'repeated', appended: first.body['appended'], sent: [{ body: { commandId: one } }] },
    });
  });

  it('that are edited go out as the request says that was recorded, whatever was asked for before it', async () => {
    const [never, then] = [crypto.randomUUID(), crypto.randomUUID()];
    const dead = await dies();
    const { pool, store } = admin.servers;
    const away = {
      append: () => Promise.reject(new Error('the log is away')),
      readStream: store.readStream.bind(store),
    };
    const requests = new DeadLetterRequests(away, new DeadLetters(pool), () => new Date().toISOString());
    const request = {
      ...{ key: 'unanswered', actor: { kind: 'operator', subject: 'jane' } as const, reason: 'mended' },
      context: contextOf(undefined, undefined),
    };
    const edited = Buffer.from(JSON.stringify(command(never)));
    const decision = { verdict: { kind: 'requeue', edited } as const, request, dryRun: false };
    await expect(requests.one(dead.id, decision, undefined)).rejects.toThrow('the log is away');
    const body = { reason: 'mended', content: command(then) };
    expect(await act(`${dead.id}/requeue`, 'unanswered', { body })).toMatchObject({
      body: { outcome: 'done', sent: [{ body: { commandId: then } }] },
    });
    await until(() => arrivals(then).length > 0);
    expect(arrivals(never)).toEqual([]);
  });

  it('that are edited to a command for another aggregate are refused', async () => {
    const [sent] = admin.commandSide.receivedOf('AuthorizePayment', order.orderId);
    const dead = await dies();
    expect(
      await act(`${dead.id}/requeue`, newKey(), { body: { reason: 'mended', content: sent } }),
    ).toMatchObject({
      status: 409,
      body: { detail: 'what it was edited to is for commands.payment, and it died in commands.order' },
    });
  });

  it('that die again are open again, and counted', async () => {
    const dead = await dies({ no: 'command' });
    await act(`${dead.id}/requeue`, newKey());
    await until(async () => (await letter(dead)).times === 2);
    expect(await letter(dead)).toMatchObject({ state: 'open' });
    expect((await act(`${dead.id}/discard`, newKey())).status).toBe(200);
    await until(async () => (await letter(dead)).state === 'discarded');
  });

  it('are decided about as they were seen', async () => {
    const dead = await dies();
    const { etag } = await admin.get(`/dead-letters/${dead.id}`);
    expect(await act(`${dead.id}/discard`, newKey(), { ifMatch: '"7"' })).toMatchObject({ status: 412 });
    expect((await act(`${dead.id}/discard`, newKey(), { ifMatch: etag })).status).toBe(200);
    await until(async () => (await letter(dead)).state === 'discarded');
    expect((await admin.get(`/dead-letters/${dead.id}`)).etag).not.toBe(etag);
  });

  it.each(['requeue', 'discard'])(
    'do nothing on a dry run of %s, which says what the real call then does',
    async (what) => {
      const dead = await dies();
      const planned = await act(`${dead.id}/${what}?dryRun=true`, 'dry-' + what);
      expect(planned.body).toMatchObject({ outcome: 'planned' });
      expect(await letter(dead)).toEqual({ ...dead, headers: expect.anything(), content: expect.anything() });
      const done = await act(`${dead.id}/${what}`, 'dry-' + what);
      const withoutTime = ({ body }: typeof done) =>
        JSON.parse(JSON.stringify(body), (key, value: unknown) =>
          /^(sentAt|expiresAt)$/.test(key) ? 'then' : value,
        ) as object;
      expect(withoutTime(done)).toEqual({ ...withoutTime(planned), outcome: 'done' });
    },
  );

  it('that have something in common are requeued together, so many at most', async () => {
    const ids = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
    for (const id of ids) await dies(command(id), 'Together');
    const more = { body: { reason: 'all of them', type: 'Together', limit: 2 } };
    const planned = await act('requeue?dryRun=true', 'together', more);
    expect(planned.body['sent']).toHaveLength(2);
    const { body } = await act('requeue', 'together', more);
    expect(body).toMatchObject({ appended: [{ data: { selection: 'type=Together' } }] });
    await until(async () => (await listed('state=requeued&type=Together')).length === 2);
    expect(await act('requeue', 'together', more)).toMatchObject({ body: { outcome: 'repeated' } });
    expect(await listed('state=open&type=Together')).toHaveLength(1);
    expect(await act('requeue', 'together', { body: { ...more.body, type: 'Others' } })).toMatchObject({
      status: 422,
    });
  });

  it('that have something in common are discarded together', async () => {
    const dead = await dies(undefined, 'Away');
    expect(
      (await act('discard', newKey(), { body: { reason: 'old', type: 'Away', reasonContains: 'WHY' } }))
        .status,
    ).toBe(200);
    await until(async () => (await letter(dead)).state === 'discarded');
    expect(
      await act('discard', newKey(), { ifMatch: '"1"', body: { reason: 'old', type: 'Away' } }),
    ).toMatchObject({ status: 412, body: { type: '/problems/changed-meanwhile' } });
    expect(await act('discard', newKey(), { body: { reason: 'old', type: 'Away' } })).toMatchObject({
      status: 409,
      body: { type: '/problems/no-such-dead-letters' },
    });
  });

  it('that are events which belong to nothing known are not sent: there is no message', async () => {
    await admin.servers.pool.query(`
      INSERT INTO process_managers.dead_letters
        (origin, queue, message_key, routing_key, reason, attempts, headers, content, first_failure_at, last_failure_at)
      VALUES ('unknown correlation', 'log', '4711', 'payment-1', 'nobody asked', 1, '{}', '{}', now(), now())`);
    const [dead] = await listed('origin=unknown%20correlation');
    expect(await act(`${dead?.id}/requeue`, newKey())).toMatchObject({
      status: 409,
      body: { type: '/problems/dead-letter-not-requeueable' },
    });
    expect((await act(`${dead?.id}/discard`, newKey())).status).toBe(200);
  });

  it('that are events which could not be told are told, once they can be', async () => {
    const [placed] = await collected(admin.servers.store.readStream(orderStream(order.orderId)));
    const { id, type, streamId: stream, data, metadata, position } = placed!;
    const keep = (kept: object, key: bigint) =>
      admin.servers.pool.query(
        `INSERT INTO process_managers.dead_letters
          (origin, queue, message_key, type, routing_key, reason, attempts, headers, content, first_failure_at, last_failure_at)
        VALUES ('not translated', 'integration-events', $1, $2, 'order', 'unreadable', 1, '{}', $3, now(), now())`,
        [String(key), type, Buffer.from(JSON.stringify(kept))],
      );
    await keep({ id, type, stream, data, metadata }, position);
    await keep({ id, type, stream, data: {}, metadata }, position + 1n);
    const [damaged, readable] = await listed('origin=not%20translated');
    expect(await act(`${damaged?.id}/requeue`, newKey())).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('it still cannot be told') },
    });
    const { body } = await act(`${readable?.id}/requeue`, newKey());
    expect(body['sent']).toMatchObject([
      { exchange: 'integration-events', routingKey: 'order.created', body: { id, subject: order.orderId } },
    ]);
    await until(async () => (await letter(readable!)).state === 'requeued');
    const content = { id, type, stream, data, metadata };
    await act(`${damaged?.id}/requeue`, newKey(), { body: { reason: 'mended', content } });
    await until(async () => (await letter(damaged!)).state === 'requeued');
  });

  it('that nobody knows are not found', async () => {
    expect((await act(`${crypto.randomUUID()}/requeue`, newKey())).status).toBe(404);
    expect((await act(`${crypto.randomUUID()}/discard`, newKey())).status).toBe(404);
  });
});

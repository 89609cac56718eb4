import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CloudEvent } from '@orders/shared-events/contracts/integration-events.js';
import { LogPosition, orderStream, requestIdOf, requestStream } from '@orders/shared-events/contracts/ids.js';
import { collected } from '@orders/shared-events/testing/event-stores.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { type Delivery, MessageBus } from '@orders/shared-events/transport/message-bus.js';
import { INTEGRATION_EVENTS, integrationTopology } from '@orders/shared-events/transport/topology.js';
import { type ActionMore, type AdminStand, type Answer, adminStand } from '../testing/admin-stand.js';
import { AdminClient } from '../orders-command/admin-client.js';
import { understand } from '../orders-command/arguments.js';
import { AuditClient } from '../orders-command/audit-client.js';
import { type Terminal, plain } from '../orders-command/terminal.js';
import { vocabulary } from '../orders-command/vocabulary.js';
import { anOrder } from '../testing/order-story.js';
import { ReplaysTable } from './replays.table.js';

const outside = {
  name: 'outside',
  exchange: INTEGRATION_EVENTS,
  pattern: '#',
  retryDelaysMs: [],
};

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  const orders = ['a', 'b', 'c'].map((key) => anOrder({ key, lines: [{ sku: `SKU-${key.toUpperCase()}` }] }));
  let admin: AdminStand;
  /** What a listener outside was told, in its order. */
  const told: CloudEvent[] = [];
  let stopListening: () => Promise<void>;
  let keys = 0;

  beforeAll(async () => {
    admin = await adminStand(real);
    const listener = await MessageBus.connect({
      ...{ url: admin.servers.urls.RABBITMQ_URL, name: 'listener', logger: silent },
      topologies: [{ ...integrationTopology, queues: [outside] }],
    });
    stopListening = () => listener.close();
    const hear = async ({ body }: Delivery) => Promise.resolve(void told.push(CloudEvent.parse(body)));
    await listener.consume(outside.name, hear, { prefetch: 1 });
    await admin.start();
    for (const { orderId, placed } of orders)
      await admin.commandSide.append(orderStream(orderId), 'OrderPlaced', placed.data);
    await until(() => ofType('order.completed').length === orders.length);
    await until(async () => (await admin.get('/processes?state=DONE')).body['processes']?.['length'] === 3);
  });
  afterAll(async () => {
    await stopListening();
    await admin.stop();
  });

  const ofType = (key: string) => told.filter(({ type }) => type === `orders.${key}.v1`);
  const replay = (body: object, { path = '', key = `key-${keys++}`, ...more }: Asking = {}) =>
    admin.act(`/forwarder/replays${path}`, key, {
      ...more,
      body: { reason: 'a listener lost them', ...body },
    });
  interface Asking extends ActionMore {
    readonly path?: string;
    readonly key?: string;
  }
  const ended = async ({ body }: Answer) => {
    const path = `/forwarder/replays/${body['replayId']}`;
    await until(async () => (await admin.get(path)).body['state'] === 'done');
    return (await admin.get(path)).body;
  };
  const of = ({ body }: Answer) => told.filter(({ replayid }) => replayid === body['replayId']);
  const streamOf = (key: string) => requestStream('forwarderReplay', requestIdOf('forwarderReplay', key));
  const withoutMark = ({ replayid: _mark, ...event }: CloudEvent) => event;
  const positionOf = ({ sequence }: CloudEvent) => String(BigInt(sequence));

  it('tells once more, in the order of the log, what it told from a position on, marked as a replay', async () => {
    const before = told.filter(({ replayid }) => replayid === undefined);
    const from = before[4]!;
    const asked = await replay({ from: { position: positionOf(from) } });
    expect(asked).toMatchObject({ status: 200, body: { outcome: 'done' } });
    const row = await ended(asked);
    await until(() => of(asked).length === before.length - 4);
    expect(of(asked).map(withoutMark)).toEqual(before.slice(4));
    expect(row).toMatchObject({ state: 'done', sent: before.length - 4, reason: 'a listener lost them' });
  });

  it('tells the chosen routing keys, and no others, up to a position', async () => {
    const [first, second] = ofType('order.created');
    const routingKeys = ['order.created'];
    const stretch = { from: { position: positionOf(first!) }, upTo: positionOf(second!), routingKeys };
    const asked = await replay(stretch);
    await ended(asked);
    await until(() => of(asked).length === 2);
    expect(of(asked).map(({ subject }) => subject)).toEqual([first?.subject, second?.subject]);
  });

  it('tells what stands in the log since a moment', async () => {
    const since = new Date().toISOString();
    const later = anOrder({ key: 'later', lines: [{ sku: 'SKU-LATER' }] });
    await admin.commandSide.append(orderStream(later.orderId), 'OrderPlaced', later.placed.data);
    await until(() =>
      told.some(({ subject, type }) => subject === later.orderId && type.includes('completed')),
    );
    const asked = await replay({ from: { time: since } });
    await ended(asked);
    await until(() => of(asked).length > 0);
    expect(new Set(of(asked).map(({ subject }) => subject))).toEqual(new Set([later.orderId]));
  });

  it('does nothing on a dry run, which says what the real call then tells', async () => {
    const [first] = ofType('order.created');
    const body = {
      from: { position: positionOf(first!) },
      routingKeys: ['order.created', 'order.completed'],
    };
    const planned = await replay(body, { path: '?dryRun=true', key: 'dry' });
    expect(planned.body).toMatchObject({
      outcome: 'planned',
      planned: { messages: { 'order.created': 4, 'order.completed': 4 }, isComplete: true },
    });
    expect(planned.body['sent']).toHaveLength(8);
    expect((await admin.get(`/forwarder/replays/${planned.body['replayId']}`)).status).toBe(404);
    const done = await replay(body, { key: 'dry' });
    expect(done.body).toEqual({ ...planned.body, outcome: 'done' });
    expect(await ended(done)).toMatchObject({ sent: 8 });
    await until(() => of(done).length === 8);
    expect(of(done)).toEqual(
      (planned.body['sent'] as unknown as { body: object }[]).map(({ body: event }) => event),
    );
    expect((await replay(body, { key: 'dry' })).body).toEqual({ ...planned.body, outcome: 'repeated' });
  });

  it('ends where it ended for whoever has looked at the plan, whatever happens until they are sure', async () => {
    const [first] = ofType('order.created');
    const from = ['--from-position', positionOf(first!), '--routing-key', 'order.created'];
    const said = understand(['forwarder', 'replay', ...from, '--reason', 'for sure', '--json'], vocabulary);
    if ('help' in said) throw new Error(said.help);
    const [notes, written]: [string[], string[]] = [[], []];
    const meanwhile = anOrder({ key: 'meanwhile', lines: [{ sku: 'SKU-MEANWHILE' }] });
    const terminal: Terminal = {
      ...{ note: (line) => void notes.push(line), write: (text) => void written.push(text) },
      ...{ width: undefined, paint: plain },
      ask: async () => {
        await admin.commandSide.append(orderStream(meanwhile.orderId), 'OrderPlaced', meanwhile.placed.data);
        await until(() => ofType('order.created').some(({ subject }) => subject === meanwhile.orderId));
        return true;
      },
    };
    const { signal } = new AbortController();
    const world = {
      admin: new AdminClient(() => admin.url(), admin.token, signal),
      audit: new AuditClient(() => admin.url(), admin.token, signal),
      ...{ terminal, environment: {}, now: () => new Date() },
    };
    expect(await said.run(world)).toBe(0);
    const body = JSON.parse(written.join('')) as Answer['body'];
    const done = { status: 200, etag: null, body };
    await ended(done);
    expect(notes.join('\n')).toContain('4 times');
    expect(body).toMatchObject({ outcome: 'done', planned: { messages: { 'order.created': 4 } } });
    expect(of(done).map(({ subject }) => subject)).not.toContain(meanwhile.orderId);
    expect(of(done)).toHaveLength(4);
  });

  it('happens once under its key', async () => {
    const [first] = ofType('order.created');
    const body = { from: { position: positionOf(first!) }, routingKeys: ['order.created'] };
    const asked = await replay(body, { key: 'once' });
    await ended(asked);
    expect(await replay(body, { key: 'once' })).toMatchObject({
      body: { outcome: 'repeated', replayId: asked.body['replayId'], appended: asked.body['appended'] },
    });
    expect(await replay({ ...body, routingKeys: ['order.completed'] }, { key: 'once' })).toMatchObject({
      status: 422,
    });
    expect(of(asked)).toHaveLength(5);
  });

  it.each([
    [{ from: { position: '1' } }, 'from.position'],
    [{ from: {} }, 'from'],
    [{ from: { time: 'yesterday' } }, 'from.time'],
    [{ from: { time: '2026-01-01T00:00:00.000Z' }, routingKeys: ['order.vanished'] }, 'routingKeys.0'],
  ])('says what is wrong with %j', async (body, field) => {
    expect(await replay(body)).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  });

  it('has no state that could be named', async () => {
    const body = { from: { time: '2026-01-01T00:00:00.000Z' } };
    expect(await replay(body, { ifMatch: '"12"' })).toMatchObject({ status: 412 });
  });

  it('is stopped once, and not after its end', async () => {
    const [first] = ofType('order.created');
    const asked = await replay({ from: { position: positionOf(first!) } });
    await ended(asked);
    const path = `/${asked.body['replayId']}/stop`;
    expect(await replay({}, { path })).toMatchObject({
      status: 409,
      body: { type: '/problems/replay-not-running' },
    });
    expect((await replay({}, { path: `/${crypto.randomUUID()}/stop` })).status).toBe(404);
  });

  it('that is stopped in the middle tells no more', async () => {
    const id = crypto.randomUUID();
    const { pool, store } = admin.servers;
    // Whoever carries it out waits for the row.
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query('LOCK TABLE process_managers.forwarder_replays IN EXCLUSIVE MODE');
    const [first] = ofType('order.created');
    const asked = replay({ from: { position: positionOf(first!) } }, { key: id });
    await until(async () => (await collected(store.readStream(streamOf(id)))).length === 1);
    await client.query(`
      INSERT INTO process_managers.forwarder_replays (id, state, stretch, routing_keys, reason, requested_at)
      VALUES ('${requestIdOf('forwarderReplay', id)}', 'running', '{}', '{order.created}', 'of before', now())`);
    await client.query(
      `UPDATE process_managers.forwarder_replays SET state = 'stopped', ended_at = now() WHERE state = 'running'`,
    );
    await client.query('COMMIT');
    client.release();
    const next = await replay({ from: { position: positionOf(first!) }, routingKeys: ['order.completed'] });
    await ended(next);
    expect(of(await asked)).toEqual([]);
  });

  it('is begun whatever a stranger wrote into the log as its reason', async () => {
    const replays = new ReplaysTable(admin.servers.pool);
    const stretch = { from: { position: LogPosition.parse('1') }, upTo: LogPosition.parse('1') };
    const replayId = crypto.randomUUID();
    const asked = { replayId, ...stretch, routingKeys: ['order.created'] };
    await replays.begin(asked, 'a\u0000b\ud800', new Date().toISOString());
    expect(await replays.one(replayId)).toMatchObject({ reason: 'a\ufffdb\ufffd' });
  });

  it('is listed, and where the forwarder is is told', async () => {
    const { body } = await admin.get('/forwarder/replays?first=2');
    expect([body['replays']?.['length'], body['next']]).toEqual([2, expect.any(String)]);
    expect((await admin.get('/forwarder')).body).toMatchObject({
      name: 'forwarder',
      lag: { positions: expect.any(String) },
    });
  });
});

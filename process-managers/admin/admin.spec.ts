import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { orderStream, paymentStream } from '@orders/shared-events/contracts/ids.js';
import { ProcessStage } from '@orders/shared-events/contracts/orderProcess.events.js';
import { ACCESS, ADMIN } from '@orders/shared-events/testing/access.js';
import { callersOfSpecs } from '@orders/shared-events/testing/callers.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { Counter, Registry } from 'prom-client';
import { configurationSchema } from '../configuration.js';
import { ProcessManagersLifetime, ProcessManagersModule } from '../process-managers.module.js';
import { ObedientCommandSide } from '../testing/obedient-command-side.js';
import { anOrder } from '../testing/order-story.js';
import { type Stand, stand } from '../testing/stand.js';
import { describeAdminApi } from './admin-document.js';
import { ProcessDetails } from './processes.schema.js';

describe.each(serverRows('DATABASE_URL'))('on %s', (_title, real) => {
  let servers: Stand;
  let commandSide: ObedientCommandSide;
  let app: INestApplicationContext;
  let url: string;
  const metrics = new Registry();

  const orders = ['a', 'b', 'c'].map((key) => anOrder({ key }));
  const waiting = anOrder({ key: 'waiting', lines: [{ requiresShipping: true }] });

  beforeAll(async () => {
    servers = await stand(real);
    commandSide = new ObedientCommandSide(servers.store, servers.bus);
    await commandSide.start();
    app = await NestFactory.createApplicationContext(
      ProcessManagersModule.register({
        eventStore: servers.store,
        messageBus: servers.bus,
        databaseUrl: servers.urls.DATABASE_URL,
        settings: configurationSchema.parse({ ...ACCESS, ...servers.urls }),
        admin: { port: 0, host: '127.0.0.1' },
        callers: callersOfSpecs(),
        logger: silent,
        metrics,
      }),
      { logger: false, abortOnError: false },
    );
    url = app.get(ProcessManagersLifetime).adminUrl;
    for (const { orderId, placed } of [...orders, waiting]) {
      await commandSide.append(orderStream(orderId), 'OrderPlaced', placed.data);
    }
    await until(
      async () => (await list('state=DONE')).length === 3 && (await list('stage=shipment')).length === 1,
    );
  });
  afterAll(async () => {
    await app.close();
    await commandSide.stop();
    await servers.stop();
  });

  interface Answer {
    readonly status: number;
    readonly type: string | null;
    // The specs look at what came, whatever it is.
    readonly body: Record<string, never>;
  }

  async function get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${url}${path}`, { headers: { ...ADMIN, ...headers } });
    const body = (await response.json()) as Answer['body'];
    return { status: response.status, type: response.headers.get('content-type'), body };
  }

  async function put(path: string, content: string): Promise<Answer> {
    const headers = { ...ADMIN, 'content-type': 'application/json' };
    const response = await fetch(`${url}${path}`, { method: 'PUT', headers, body: content });
    const body = (await response.json()) as Answer['body'];
    return { status: response.status, type: response.headers.get('content-type'), body };
  }

  async function list(query: string): Promise<{ orderId: string; status: string }[]> {
    const { body } = await get(`/processes?${query}`);
    return body['processes'] ?? [];
  }

  /** As the API would give it out, if it did. */
  const cursorOf = (key: unknown): string => Buffer.from(JSON.stringify(key)).toString('base64url');

  describe('GET /processes', () => {
    it('lists by state', async () => {
      expect((await list('state=DONE')).map(({ orderId }) => orderId).sort()).toEqual(
        orders.map(({ orderId }) => String(orderId)).sort(),
      );
      expect((await list('state=OPEN')).map(({ orderId }) => orderId)).toEqual([waiting.orderId]);
      expect(await list('state=NEEDS_INTERVENTION')).toEqual([]);
      expect(await list('state=UNDOING')).toEqual([]);
    });

    it('lists by stage and age', async () => {
      expect(await list('stage=shipment')).toMatchObject([
        { orderId: waiting.orderId, status: 'FULFILLING', outstanding: 0, intervention: null },
      ]);
      expect(await list('olderThanSeconds=3600')).toEqual([]);
      expect(await list('olderThanSeconds=0.001')).toHaveLength(4);
      expect(await list('inStageForSeconds=3600&state=OPEN')).toEqual([]);
    });

    it.each(['newest', 'oldest'])('gives all pages of the %s first, each process once', async (sort) => {
      const seen: string[] = [];
      for (let after: string | null = ''; after !== null;) {
        const { body }: Answer = await get(`/processes?first=2&sort=${sort}${after && `&after=${after}`}`);
        const page: { orderId: string }[] = body['processes'] ?? [];
        seen.push(...page.map(({ orderId }) => orderId));
        after = body['next'] ?? null;
      }
      const placed = [...orders, waiting].map(({ orderId }) => String(orderId));
      expect(seen.sort()).toEqual(placed.sort());
    });

    it.each([
      ['state=LOST', 'state'],
      ['first=0', 'first'],
      ['first=101', 'first'],
      ['after=tampered', 'after'],
      [`after=${cursorOf(['not a time', 'x'])}`, 'after'],
      [`after=${cursorOf(['0000-01-01T00:00:00Z', crypto.randomUUID()])}`, 'after'],
      [`after=${cursorOf(['2026-02-30T00:00:00Z', crypto.randomUUID()])}`, 'after'],
      ['olderThanSeconds=-1', 'olderThanSeconds'],
      ['olderThanSeconds=1e13', 'olderThanSeconds'],
      ['olderThanSeconds=soon', 'olderThanSeconds'],
      ['inStageForSeconds=1e13', 'inStageForSeconds'],
    ])('says what is wrong with %s', async (query, field) => {
      const { status, type, body } = await get(`/processes?${query}`, { 'x-correlation-id': 'mine' });
      expect(status).toBe(400);
      expect(type).toContain('application/problem+json');
      expect(body).toMatchObject({
        type: '/problems/bad-request',
        status: 400,
        instance: '/processes',
        correlationId: 'mine',
        errors: [{ field, message: expect.any(String) }],
      });
    });
  });

  describe('GET /processes/:orderId', () => {
    it('tells the whole way of an order, and which command each event answers', async () => {
      const { body } = await get(`/processes/${orders[0]?.orderId}`);
      expect(body).toMatchObject({ status: 'DONE', stage: 'done', outstanding: [], deadline: null });
      const chain: { heard: { type: string } | null; answers: string | null; asksFor: { type: string }[] }[] =
        body['chain'] ?? [];
      expect(chain.map(({ heard, asksFor }) => [heard?.type, ...asksFor.map(({ type }) => type)])).toEqual([
        [undefined],
        ['OrderPlaced', 'AuthorizePayment'],
        ['PaymentCaptured', 'ReserveStock'],
        ['StockReserved', 'ConfirmReservation', 'ExpireReservation'],
        ['StockReservationConfirmed', 'ConfirmOrder'],
        ['OrderConfirmed', 'CompleteOrder'],
        ['OrderCompleted', 'CommitReservation'],
        ['StockReservationCommitted'],
      ]);
      expect(chain.slice(2).every(({ answers }) => answers !== null)).toBe(true);
    });

    it('tells the stages, what is waited for, and until when', async () => {
      const { body } = await get(`/processes/${waiting.orderId}`);
      const stages: { stage: string; until: string | null }[] = body['stages'] ?? [];
      expect(stages.map(({ stage }) => stage)).toEqual([
        'payment',
        'reservation',
        'confirmation',
        'shipment',
      ]);
      expect(stages.at(-1)?.until).toBeNull();
      expect(body).toMatchObject({
        stage: 'shipment',
        outstanding: [],
        deadline: { stage: 'shipment', generation: 4 },
        knows: { order: 'confirmed' },
      });
    });

    it('finds an order by its id in capitals', async () => {
      const { status, body } = await get(`/processes/${waiting.orderId.toUpperCase()}`);
      expect([status, body['orderId']]).toEqual([200, waiting.orderId]);
    });

    it('answers 404 for an order that has no process', async () => {
      const { status, body } = await get(`/processes/${crypto.randomUUID()}`);
      expect(status).toBe(404);
      expect(body).toMatchObject({ type: '/problems/process-not-found', status: 404 });
    });

    it('answers 400 for what is no order id', async () => {
      expect((await get('/processes/1')).body).toMatchObject({ status: 400, errors: [{ field: 'orderId' }] });
    });
  });

  describe('the work', () => {
    it('tells how far each subscription has come', async () => {
      const { body } = await get('/subscriptions');
      const subscriptions: { name: string; holder: string | null }[] = body['subscriptions'] ?? [];
      expect(subscriptions.map(({ name }) => name)).toEqual([
        'dead-letters',
        'forwarder',
        'forwarder-replays',
        ...Array.from({ length: 16 }, (_, n) => `hearing-${String(n).padStart(2, '0')}`),
        'processes',
      ]);
      expect(subscriptions.every(({ holder }) => holder !== null)).toBe(true);
      expect(body['head']).toMatch(/^\d+$/);
    });

    it('tells how far the read models are, where the query side keeps them here', async () => {
      const readModels = async () => {
        const { body } = await get('/subscriptions');
        const all: { name: string; lag: { positions: string } }[] = body['subscriptions'] ?? [];
        return { head: BigInt(body['head'] ?? 0), is: all.find(({ name }) => name === 'read-models') };
      };
      const { head, is } = await readModels();
      expect(is).toBeUndefined();
      await servers.pool.query(`
        CREATE SCHEMA read_models;
        CREATE TABLE read_models.builds (build text, contract text, state text);
        CREATE TABLE read_models.checkpoints (
          build text, position bigint, log_identity text, builder uuid, lease_until timestamptz, updated_at timestamptz);
        INSERT INTO read_models.builds VALUES ('old', 'read_v2', 'retired'), ('new', 'read_v2', 'live');
        INSERT INTO read_models.checkpoints VALUES
          ('old', 1, 'log', NULL, now(), now()),
          ('new', ${head - 5n}, 'log', '${orders[0]?.orderId}', now() + interval '1 minute', now())`);
      expect((await readModels()).is).toEqual({
        name: 'read-models',
        position: String(head - 5n),
        holder: orders[0]?.orderId,
        movedAt: expect.any(String),
        caughtUpAt: null,
        lag: { positions: '5', seconds: null },
      });
      await servers.pool.query(`UPDATE read_models.checkpoints SET position = ${head} WHERE build = 'new'`);
      expect((await readModels()).is?.lag).toEqual({ positions: '0', seconds: 0 });
    });

    it('tells who holds which lease', async () => {
      const { body } = await get('/leases');
      expect(body['instances']).toHaveLength(1);
      expect(body['leases']).toHaveLength(20);
    });
  });

  describe('the proofs', () => {
    it('hash the rows of each read model, whatever their order', async () => {
      await servers.pool.query(`
      CREATE SCHEMA read_v2;
      CREATE TABLE read_rows (id int, name text);
      INSERT INTO read_rows VALUES (1, 'a'), (2, 'b');
      CREATE VIEW read_v2.names AS SELECT id, name FROM read_rows;
      CREATE VIEW read_v2.empty AS SELECT id FROM read_rows WHERE false`);
      const before = (await get('/read-models/hashes')).body;
      expect(before).toMatchObject({
        schema: 'read_v2',
        readModels: [
          { name: 'empty', rows: 0 },
          { name: 'names', rows: 2 },
        ],
      });
      await servers.pool.query(`DELETE FROM read_rows; INSERT INTO read_rows VALUES (2, 'b'), (1, 'a')`);
      expect((await get('/read-models/hashes')).body).toEqual(before);
      await servers.pool.query(`UPDATE read_rows SET name = 'c' WHERE id = 2`);
      expect((await get('/read-models/hashes')).body).not.toEqual(before);
    });

    it('answer 404 where payments are not simulated', async () => {
      expect((await get('/provider/ledger')).body).toMatchObject({ type: '/problems/ledger-not-found' });
    });

    it("show the simulated provider's books by order", async () => {
      await servers.pool.query(`
      CREATE SCHEMA simulated_provider;
      CREATE TABLE simulated_provider.ledger (
        key text PRIMARY KEY, payment_id uuid, order_id uuid, operation text, amount bigint, currency text,
        outcome text, code text, reference text, effects int, calls int,
        first_called_at timestamptz DEFAULT now(), last_called_at timestamptz DEFAULT now())`);
      const insert = `INSERT INTO simulated_provider.ledger
      VALUES ($1, $2, $3, 'charge', 2500, 'EUR', 'succeeded', NULL, 'ref', 1, 2)`;
      for (const { orderId, paymentId } of orders) {
        await servers.pool.query(insert, [`${paymentId}:charge:1`, paymentId, orderId]);
      }
      const { body } = await get(`/provider/ledger?orderId=${orders[1]?.orderId}`);
      expect(body).toMatchObject({
        entries: [
          { paymentId: orders[1]?.paymentId, operation: 'charge', amount: 2500, effects: 1, calls: 2 },
        ],
        next: null,
      });
      const first = (await get('/provider/ledger?first=2')).body;
      const rest = (await get(`/provider/ledger?first=2&after=${first['next']}`)).body;
      expect([first['entries'], rest['entries'], rest['next']]).toEqual([
        [expect.anything(), expect.anything()],
        [expect.anything()],
        null,
      ]);
    });

    it.each(['a\u0000b', '', 'k'.repeat(201), 17])(
      'know a cursor that they did not give out: %j',
      async (key) => {
        expect(await get(`/provider/ledger?after=${cursorOf(key)}`)).toMatchObject({
          status: 400,
          body: { type: '/problems/bad-request', errors: [{ field: 'after' }] },
        });
      },
    );
  });

  describe('an outage of the simulated provider', () => {
    const toggle = (change: object) => put('/provider/outage', JSON.stringify(change));

    it('is not there where payments are not simulated', async () => {
      for (const answer of [await get('/provider/outage'), await toggle({ kind: 'SILENT' })])
        expect(answer).toMatchObject({
          status: 404,
          body: { type: '/problems/simulated-provider-not-found' },
        });
    });

    it('begins and ends as the provider keeps it', async () => {
      await servers.pool.query(`
        CREATE TABLE simulated_provider.outage (kind text, until timestamptz);
        CREATE FUNCTION simulated_provider.current_outage() RETURNS SETOF simulated_provider.outage LANGUAGE sql
        AS 'SELECT * FROM simulated_provider.outage';
        CREATE FUNCTION simulated_provider.set_outage(kind text, seconds integer) RETURNS void LANGUAGE sql AS $$
          DELETE FROM simulated_provider.outage;
          INSERT INTO simulated_provider.outage SELECT $1, to_timestamp($2) WHERE $1 IS NOT NULL $$`);
      const away = { kind: 'UNREACHABLE', until: '1970-01-01T00:00:30.000000Z' };
      expect(await toggle({ kind: 'UNREACHABLE', seconds: 30 })).toMatchObject({ status: 200, body: away });
      expect((await get('/provider/outage')).body).toEqual(away);
      expect((await toggle({ kind: 'NONE' })).body).toEqual({ kind: 'NONE', until: null });
    });

    it.each(['{}', '{"kind":"SILENT","seconds":0}', '{"kind":"SILENT","seconds":86401}', '{"kind":"LOUD"}'])(
      'is refused as %s',
      async (change) => {
        expect(await put('/provider/outage', change)).toMatchObject({
          status: 400,
          body: { type: '/problems/bad-request' },
        });
      },
    );

    it('that is no JSON is a problem, too', async () => {
      expect(await put('/provider/outage', '{')).toMatchObject({
        status: 400,
        type: expect.stringContaining('application/problem+json'),
      });
    });
  });

  describe('dead letters', () => {
    it('are not looked for behind a cursor of a year that there was not', async () => {
      const after = cursorOf(['0000-01-01T00:00:00Z', crypto.randomUUID()]);
      expect(await get(`/dead-letters?after=${after}`)).toMatchObject({
        status: 400,
        body: { errors: [{ field: 'after' }] },
      });
    });

    it('are listed and shown', async () => {
      expect((await get('/dead-letters')).body).toEqual({ deadLetters: [], next: null });
      expect((await get(`/dead-letters/${crypto.randomUUID()}`)).body).toMatchObject({
        type: '/problems/dead-letter-not-found',
      });
    });
  });

  describe('a process that waits', () => {
    const acting = anOrder({ key: 'acting' });
    const deferred = anOrder({ key: 'deferred' });
    const refunding = anOrder({ key: 'refunding' });
    beforeAll(async () => {
      await commandSide.append(orderStream(refunding.orderId), 'OrderPlaced', refunding.placed.data);
      await until(async () => (await list('state=DONE')).length === 4);
      commandSide.silent = new Set(['AuthorizePayment', 'RefundPayment']);
      for (const [{ orderId, paymentId, placed }, { type, data }] of [
        [acting, acting.actionRequired('2099-01-01T00:00:00.000Z')],
        [deferred, deferred.deferred('charge')],
      ] as const) {
        await commandSide.append(orderStream(orderId), 'OrderPlaced', placed.data);
        await commandSide.append(paymentStream(paymentId), type, data);
      }
      const { type, data } = refunding.refundRequested('r1', 500);
      await commandSide.append(paymentStream(refunding.paymentId), type, data);
    });
    afterAll(() => commandSide.silent.clear());

    it.each([
      ['customerAction', acting, { payment: { turn: 'customer', payableUntil: '2099-01-01T00:00:00.000Z' } }],
      ['providerRetry', deferred, { payment: { turn: 'provider', deferred: true } }],
      ['refund', refunding, { payment: { refunds: { r1: { status: 'pending', amount: 500, attempt: 1 } } } }],
    ])('is found in the stage %s, and tells what for', async (stage, { orderId }, knows) => {
      await until(async () => (await list(`stage=${stage}`)).length === 1);
      expect(await list(`stage=${stage}&state=FULFILLING`)).toMatchObject([{ orderId, outstanding: 1 }]);
      const { body } = await get(`/processes/${orderId}`);
      expect(body).toMatchObject({ stage, deadline: { stage }, knows });
    });

    it.each([...orders, waiting, acting, deferred, refunding])(
      'or does not tells what is documented, and nothing else (%#)',
      async ({ orderId }) => {
        const { body } = await get(`/processes/${orderId}`);
        expect(ProcessDetails.strict().parse(body)).toEqual(body);
      },
    );
  });

  describe('a query parameter that there is not', () => {
    const listing = [
      ...['state', 'search', 'stage', 'olderThanSeconds', 'inStageForSeconds', 'sort', 'first', 'after'],
    ];
    it.each([
      ['/processes', listing],
      [`/processes/${waiting.orderId}`, []],
      [`/processes/${waiting.orderId}/explanation`, []],
      ['/quarantine', ['first', 'after']],
      [`/quarantine/${waiting.orderId}`, []],
      ['/dead-letters', ['state', 'queue', 'type', 'origin', 'reasonContains', 'first', 'after']],
      ['/forwarder', []],
      ['/forwarder/replays', ['first', 'after']],
      [`/forwarder/replays/${waiting.orderId}`, []],
      ['/timers', ['kind', 'overdue', 'first', 'after']],
      [`/dead-letters/${waiting.orderId}`, []],
      ['/parked', ['first', 'after']],
      ['/provider/ledger', ['orderId', 'paymentId', 'first', 'after']],
      ['/provider/outage', []],
      ['/read-models/hashes', []],
      ['/subscriptions', []],
      ['/leases', []],
    ])('is refused by GET %s, which says what there is', async (path, known) => {
      const { status, type, body } = await get(`${path}?status=DONE&__proto__=1`);
      expect([status, type]).toEqual([400, expect.stringContaining('application/problem+json')]);
      const message = `is not a parameter here; ${known.length === 0 ? 'there are none' : `known: ${known.join(', ')}`}`;
      expect(body).toMatchObject({
        type: '/problems/bad-request',
        errors: ['status', '__proto__'].map((field) => ({ field, message })),
      });
    });

    it('is among the refusals that the documentation names, of every operation', async () => {
      const { body } = await get('/api/openapi.json');
      const paths: Record<string, Record<string, { responses: object }>> = body['paths'] ?? {};
      const own = Object.entries(paths).filter(([path]) => !/^\/(health\/|metrics$)/.test(path));
      const operations = own.flatMap(([, methods]) => Object.values(methods));
      expect(operations.filter(({ responses }) => !('400' in responses))).toEqual([]);
    });
  });

  describe('the documentation', () => {
    it('is OpenAPI 3.1 and describes every operation with its errors', async () => {
      const { body } = await get('/api/openapi.json');
      expect(body['openapi']).toBe('3.1.0');
      const paths: Record<string, { get: { responses: Record<string, unknown> } }> = body['paths'] ?? {};
      expect(Object.keys(paths).sort()).toEqual([
        '/dead-letters',
        '/dead-letters/discard',
        '/dead-letters/requeue',
        '/dead-letters/{id}',
        '/dead-letters/{id}/discard',
        '/dead-letters/{id}/requeue',
        '/forwarder',
        '/forwarder/replays',
        '/forwarder/replays/{id}',
        '/forwarder/replays/{id}/stop',
        '/health/live',
        '/health/ready',
        '/leases',
        '/metrics',
        '/parked',
        '/processes',
        '/processes/{orderId}',
        '/processes/{orderId}/compensate',
        '/processes/{orderId}/explanation',
        '/processes/{orderId}/pause',
        '/processes/{orderId}/resolve',
        '/processes/{orderId}/resume',
        '/processes/{orderId}/retry',
        '/provider/ledger',
        '/provider/outage',
        '/quarantine',
        '/quarantine/{orderId}',
        '/quarantine/{orderId}/release',
        '/read-models/hashes',
        '/subscriptions',
        '/timers',
      ]);
      expect(Object.keys(paths['/processes/{orderId}']?.get.responses ?? {})).toEqual([
        ...['200', '400', '401', '403', '404', '409'],
      ]);
    });

    it('names every stage by which processes can be listed', async () => {
      const { body } = await get('/api/openapi.json');
      const paths: Record<string, { get: { parameters: { name: string; schema: object }[] } }> =
        body['paths'] ?? {};
      const stage = paths['/processes']?.get.parameters.find(({ name }) => name === 'stage');
      expect(stage?.schema).toMatchObject({ enum: [...ProcessStage.options, 'done'] });
    });

    it('is the same where nothing runs', async () => {
      const described: unknown = JSON.parse(JSON.stringify(await describeAdminApi()));
      expect((await get('/api/openapi.json')).body).toEqual(described);
    });

    it('is served as Swagger', async () => {
      const response = await fetch(`${url}/api/docs`);
      expect(response.status).toBe(200);
      expect(response.headers.get('x-powered-by')).toBeNull();
      expect(await response.text()).toContain('swagger-ui');
    });
  });

  describe('health', () => {
    it('is live, and ready with what it needs by name', async () => {
      expect((await get('/health/live')).status).toBe(200);
      await until(async () => (await get('/health/ready')).status === 200);
      expect(Object.keys((await get('/health/ready')).body['details'] ?? {})).toEqual([
        'eventStore',
        'rabbitMq',
        'postgres',
        'processManagers',
      ]);
    });
  });

  it('tells what is measured in the process, in the text format of Prometheus', async () => {
    new Counter({ name: 'spec_total', help: 'Counts.', registers: [metrics] }).inc();
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect((await response.text()).split('\n')).toContain('spec_total 1');
  });

  describe('an unknown path', () => {
    it('is a problem, too', async () => {
      const { status, body, type } = await get('/nowhere');
      expect([status, type]).toEqual([404, expect.stringContaining('application/problem+json')]);
      expect(body).toMatchObject({ status: 404, instance: '/nowhere' });
    });
  });
});

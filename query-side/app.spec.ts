import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { serverRows } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { globalId } from './paging/global-id.js';
import { RunningApp } from './testing/running-app.js';

describe.each(serverRows('EVENTSTORE_URL', 'DATABASE_URL'))('on %s', (_title, real) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await RunningApp.start(real);
  });
  afterAll(() => app.stop());

  describe('what cannot be answered', () => {
    it.each([
      ['an invalid cursor', '{ orders(after: "bm9wZQ") { pageInfo { hasNextPage } } }', 'INVALID_CURSOR'],
      ['a page that is too large', '{ orders(first: 101) { pageInfo { hasNextPage } } }', 'BAD_USER_INPUT'],
      ['a negative page', '{ auditLog(last: -1) { pageInfo { hasNextPage } } }', 'BAD_USER_INPUT'],
      ['an order id that is none', '{ order(orderId: "17") { id } }', 'BAD_USER_INPUT'],
      ['no order id', '{ order { id } }', 'BAD_USER_INPUT'],
      ['two order ids', '{ order(id: "a", orderId: "b") { id } }', 'BAD_USER_INPUT'],
      [
        'the id of something else',
        `{ order(id: "${globalId('Product', 'MUG-1')}") { id } }`,
        'BAD_USER_INPUT',
      ],
      [
        'an unknown status',
        '{ orders(filter: { status: LOST }) { pageInfo { hasNextPage } } }',
        'GRAPHQL_VALIDATION_FAILED',
      ],
      [
        'a day for an instant',
        '{ orders(filter: { placedFrom: "2026-01-31" }) { pageInfo { hasNextPage } } }',
        'GRAPHQL_VALIDATION_FAILED',
      ],
      ['a SKU that is too long', `{ product(sku: "${'A'.repeat(65)}") { sku } }`, 'BAD_USER_INPUT'],
      [
        'a stream name that is too long',
        `{ auditLog(filter: { stream: "${'a'.repeat(257)}" }) { pageInfo { hasNextPage } } }`,
        'BAD_USER_INPUT',
      ],
      ['an unknown field', '{ secrets }', 'GRAPHQL_VALIDATION_FAILED'],
      ['half a document', '{ orders', 'GRAPHQL_PARSE_FAILED'],
    ])('is refused with a code: %s', async (_what, query, code) => {
      const { errors } = await app.ask(query);
      expect(errors).toMatchObject([{ extensions: { code, correlationId: expect.any(String) } }]);
      expect(JSON.stringify(errors)).not.toMatch(/stack|node_modules|\.ts:/);
    });

    it('is an unknown status in a variable too', async () => {
      const query = 'query ($filter: OrderFilter) { orders(filter: $filter) { pageInfo { hasNextPage } } }';
      const { errors } = await app.ask(query, { filter: { status: 'LOST' } });
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    });

    it.each([
      ['orders', { placedFrom: '0000-01-01T00:00:00Z' }],
      ['orders', { placedFrom: '0001-01-01T00:00:00+14:00' }],
      ['orders', { placedTo: '9999-12-31T23:59:59-14:00' }],
      ['auditLog', { from: '0000-12-31T23:59:59Z' }],
      ['auditLog', { to: '9999-12-31T23:59:59-00:01' }],
      ['auditLog', { stream: 'a\u0000b' }],
      ['auditLog', { type: 'a\u0000b' }],
      ['auditLog', { actor: 'a\u0000b' }],
      ['auditLog', { actor: 'line\nline' }],
      ['auditLog', { actor: 'half of a pair: \ud83d' }],
    ])('is what Postgres cannot hold: %s %j', async (list, filter) => {
      const type = list === 'orders' ? 'OrderFilter' : 'AuditLogFilter';
      const query = `query ($filter: ${type}) { ${list}(filter: $filter) { pageInfo { hasNextPage } } }`;
      const { errors } = await app.ask(query, { filter });
      const [field = ''] = Object.keys(filter);
      expect(errors).toMatchObject([
        { message: expect.stringMatching(`^filter.${field} must `), extensions: { code: 'BAD_USER_INPUT' } },
      ]);
    });

    it.each([
      ['orders', { placedFrom: '0001-01-01T00:00:00Z', placedTo: '9999-12-31T23:59:59.999Z' }],
      ['auditLog', { from: '0001-01-01T14:00:00+14:00', to: '9999-12-31T09:59:59-14:00' }],
    ])('is no instant from the first to the last that it can: %s %j', async (list, filter) => {
      const type = list === 'orders' ? 'OrderFilter' : 'AuditLogFilter';
      const query = `query ($filter: ${type}) { ${list}(filter: $filter) { pageInfo { hasNextPage } } }`;
      expect((await app.ask(query, { filter })).errors).toBeUndefined();
    });

    it.each(['{"query":', 'not json', '"text"'])('is a body like %s', async (body) => {
      const response = await app.post(body);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
    });

    it('carries the correlation id of the request', async () => {
      const body = JSON.stringify({ query: '{ order { id } }' });
      const response = await app.post(body, { 'x-correlation-id': 'my-own' });
      expect(response.headers.get('x-correlation-id')).toBe('my-own');
      expect(response.headers.get('x-powered-by')).toBeNull();
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { correlationId: 'my-own' } }] });
    });
  });

  describe('health', () => {
    it('is live, and ready with what it needs by name', async () => {
      expect((await fetch(`${app.url}/health/live`)).status).toBe(200);
      await until(async () => (await fetch(`${app.url}/health/ready`)).status === 200);
      const ready = await fetch(`${app.url}/health/ready`);
      expect(await ready.json()).toMatchObject({
        status: 'ok',
        details: {
          eventStore: { status: 'up' },
          postgres: { status: 'up' },
          projection: {
            ...{ status: 'up', builder: 'projecting' },
            ...{ position: expect.any(String), behindMs: expect.any(Number) },
          },
        },
      });
    });
  });

  describe('GraphiQL', () => {
    it('is served from here, with everything that its page needs', async () => {
      const page = await fetch(`${app.url}/graphiql`);
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
      const html = await page.text();
      expect(html).not.toMatch(/https?:\/\//);
      const needed = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path);
      expect(needed).toHaveLength(5);
      for (const path of needed) {
        const asset = await fetch(`${app.url}${path}`);
        expect(asset.status).toBe(200);
        expect(asset.headers.get('content-type')).toMatch(
          path?.endsWith('.css') ? /^text\/css/ : /^text\/javascript/,
        );
        await asset.arrayBuffer();
      }
    });

    it('allows scripts from here and its own, and no others', async () => {
      const page = await fetch(`${app.url}/graphiql`);
      expect(page.headers.get('content-security-policy')).toMatch(/script-src 'self' 'sha256-[^']+';/);
    });

    it.each(['package.json', '..%2Fpackage.json', '__proto__'])('serves nothing else: %s', async (path) => {
      expect((await fetch(`${app.url}/graphiql/${path}`)).status).toBe(404);
    });
  });
});

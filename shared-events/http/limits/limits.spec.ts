import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Query, Resolver, Subscription } from '@nestjs/graphql';
import { getIntrospectionQuery } from 'graphql';
import { createClient } from 'graphql-ws';
import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { ADMIN } from '../../testing/access.js';
import { callersOfSpecs } from '../../testing/callers.js';
import { silent } from '../../testing/logger.js';
import { graphqlApi } from '../graphql-api.js';
import { harden } from '../hardening.js';

const typeDefs = `
  type Thing { id: ID name: String self: Thing things(first: Int, last: Int): [Thing!]! }
  type Query { thing: Thing things(first: Int, last: Int): [Thing!]! }
  type Subscription { thing: Thing }`;

let resolved = 0;
const thing = () => ({ id: '1', name: 'one' });

@Resolver()
class Things {
  @Query('thing')
  thing() {
    resolved += 1;
    return thing();
  }

  @Query('things')
  things() {
    resolved += 1;
    return [thing()];
  }

  @Subscription('thing', { resolve: (value: object) => value })
  async *changes() {
    resolved += 1;
    yield await Promise.resolve(thing());
  }
}

@Module({
  imports: [
    graphqlApi({
      ...{ typeDefs, scalars: {}, subscriptions: true, isSchemaHidden: false },
      ...{ callers: callersOfSpecs(), logger: silent },
    }),
  ],
  providers: [Things],
})
class App {}

let app: INestApplication;
let url: string;
beforeAll(async () => {
  app = await NestFactory.create(App, { logger: false, abortOnError: false });
  harden(app);
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});
afterAll(() => app.close());

const post = (body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
  fetch(`${url}/graphql`, { method: 'POST', headers, body });

interface Outcome {
  readonly data?: unknown;
  readonly codes?: readonly string[];
}
interface Answered {
  readonly data?: unknown;
  readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
}
const outcomeOf = ({ data, errors }: Answered): Outcome =>
  errors ? { codes: errors.map(({ extensions }) => extensions.code) } : { data };

const declared = (selection: string): string => (selection.includes('$n') ? '($n: Int)' : '');

async function overHttp(selection: string, variables: object = {}): Promise<Outcome> {
  const query = `query ${declared(selection)} { ${selection} }`;
  return outcomeOf((await (await post(JSON.stringify({ query, variables }))).json()) as Answered);
}

async function overSocket(selection: string, variables: Record<string, unknown> = {}): Promise<Outcome> {
  const client = createClient({
    ...{ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 },
    connectionParams: ADMIN,
  });
  try {
    const changes = client.iterate({
      query: `subscription ${declared(selection)} { ${selection} }`,
      variables,
    });
    return outcomeOf((await changes.next()).value as Answered);
  } catch (errors) {
    return outcomeOf({ errors: errors as NonNullable<Answered['errors']> });
  } finally {
    await client.dispose();
  }
}

const nested = (levels: number): string => (levels === 0 ? 'id' : `self { ${nested(levels - 1)} }`);
const aliases = (count: number): string => Array.from({ length: count }, (_, n) => `a${n}: id`).join(' ');

describe.each([
  ['HTTP', overHttp],
  ['a WebSocket', overSocket],
])('over %s', (_title, asked) => {
  it.each([
    ['its levels', `thing { ${nested(8)} }`],
    ['its aliases', `thing { ${aliases(30)} }`],
    ['its directives', `thing { ${'id @include(if: true) '.repeat(20)} }`],
    ['what it costs', 'thing { things(first: 100) { things(first: 40) { id } } }'],
  ])('what keeps to the limit of %s is answered', async (_what, selection) => {
    expect((await asked(selection)).codes ?? []).not.toContain('GRAPHQL_VALIDATION_FAILED');
    expect((await asked(selection)).codes ?? []).not.toContain('QUERY_TOO_COSTLY');
  });

  it.each([
    ['its levels', `thing { ${nested(10)} }`, 'GRAPHQL_VALIDATION_FAILED'],
    ['its aliases', `thing { ${aliases(31)} }`, 'GRAPHQL_VALIDATION_FAILED'],
    ['its directives', `thing { ${'id @include(if: true) '.repeat(21)} }`, 'GRAPHQL_VALIDATION_FAILED'],
    ['its tokens', `thing { ${'id '.repeat(2_000)} }`, 'GRAPHQL_PARSE_FAILED'],
    ['what it costs', 'thing { things(first: 100) { things(first: 100) { id name } } }', 'QUERY_TOO_COSTLY'],
  ])(
    'what goes beyond the limit of %s is refused, and nothing of it is resolved',
    async (_what, selection, code) => {
      const before = resolved;
      expect(await asked(selection)).toEqual({ codes: [code] });
      expect(resolved).toBe(before);
    },
  );

  it('what it costs is counted by its variables, too', async () => {
    const selection = 'thing { things(first: $n) { things(last: $n) { id name } } }';
    expect(await asked(selection, { n: 100 })).toEqual({ codes: ['QUERY_TOO_COSTLY'] });
    expect((await asked(selection, { n: 5 })).codes ?? []).not.toContain('QUERY_TOO_COSTLY');
  });
});

describe('over HTTP', () => {
  it('the introspection of GraphiQL is answered', async () => {
    const answer = await post(JSON.stringify({ query: getIntrospectionQuery() }));
    expect(outcomeOf((await answer.json()) as Answered).codes).toBeUndefined();
  });

  it('requests come one by one', async () => {
    expect((await post('[{"query":"{ thing { id } }"}]')).status).toBe(400);
  });

  it.each([
    ['as a form', () => post('query={thing{id}}', { 'content-type': 'application/x-www-form-urlencoded' })],
    ['as text', () => post('{"query":"{thing{id}}"}', { 'content-type': 'text/plain' })],
    ['by its address', () => fetch(`${url}/graphql?query={thing{id}}`)],
  ])('what a page of another origin could send is refused: %s', async (_how, send) => {
    const before = resolved;
    expect((await send()).status).toBe(400);
    expect(resolved).toBe(before);
  });

  it('a body of more than a hundred kilobytes is refused', async () => {
    expect((await post(JSON.stringify({ query: '{ thing { id } }', pad: 'x'.repeat(102_400) }))).status).toBe(
      413,
    );
  });

  it('browsers are told to be careful', async () => {
    const { headers } = await post('{}');
    expect(Object.fromEntries(headers)).toMatchObject({
      ...{ 'x-content-type-options': 'nosniff', 'x-frame-options': 'SAMEORIGIN' },
      'content-security-policy': expect.stringContaining("default-src 'self'"),
    });
    expect(headers.get('x-powered-by')).toBeNull();
  });
});

describe('where the schema is hidden', () => {
  @Module({
    imports: [
      graphqlApi({
        ...{ typeDefs, scalars: {}, subscriptions: true, isSchemaHidden: true },
        ...{ callers: callersOfSpecs(), logger: silent },
      }),
    ],
    providers: [Things],
  })
  class Hidden {}
  let hidden: INestApplication;
  beforeAll(async () => {
    hidden = await NestFactory.create(Hidden, { logger: false, abortOnError: false });
    await hidden.listen(0, '127.0.0.1');
  });
  afterAll(() => hidden.close());

  const message = async (selection: string): Promise<string> => {
    const body = JSON.stringify({ query: `{ ${selection} }` });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${await hidden.getUrl()}/graphql`, { method: 'POST', headers, body });
    return answer.text();
  };
  const overItsSocket = async (selection: string): Promise<string> => {
    const client = createClient({
      ...{ url: `${(await hidden.getUrl()).replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket },
      ...{ connectionParams: ADMIN, retryAttempts: 0 },
    });
    const heard = client.iterate({ query: `subscription { ${selection} }` });
    const told = await heard.next().catch((errors: unknown) => errors);
    await client.dispose();
    return JSON.stringify(told);
  };

  it('nobody is told what there is', async () => {
    expect(await message('__schema { types { name } }')).toContain('GRAPHQL_VALIDATION_FAILED');
    expect(await overItsSocket('thing { id } __schema { types { name } }')).toContain(
      'GRAPHQL_VALIDATION_FAILED',
    );
  });

  it('nor what they may have meant', async () => {
    for (const told of [await message('thing { nam }'), await overItsSocket('thing { nam }')]) {
      expect(told).toContain('Cannot query field');
      expect(told).not.toContain('Did you mean');
    }
  });
});

describe('over a WebSocket', () => {
  it('a message of more than a hundred kilobytes ends the connection', async () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'connection_init', payload: { ...ADMIN, pad: 'x'.repeat(102_400) } }));
    expect((await once(socket, 'close'))[0]).toBe(1009);
  });

  it('one that does not say who it is is closed', async () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    expect((await once(socket, 'close'))[0]).toBe(4408);
  });

  it('another path is none', async () => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    const key = 'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13';
    socket.write(
      `GET /graphqlx HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`,
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 404 /);
    await once(socket, 'close');
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, type INestApplication, Module, Post } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { Query, Resolver, Subscription } from '@nestjs/graphql';
import { TerminusModule } from '@nestjs/terminus';
import { GraphQLError } from 'graphql';
import { createClient } from 'graphql-ws';
import { ADMIN } from '../testing/access.js';
import { callersOfSpecs } from '../testing/callers.js';
import { silent } from '../testing/logger.js';
import { correlation } from '../transport/observability.js';
import { graphqlApi } from './graphql-api.js';
import { HealthController, READINESS_CHECKS, type ReadinessCheck } from './health.controller.js';
import { MalformedRequestFilter } from './malformed-request.filter.js';

const SECRET = 'relation "orders" does not exist';
const logged: unknown[] = [];
const logger = { ...silent, error: (fields: unknown) => void logged.push(fields) };

@Resolver()
class Failing {
  @Query('inside')
  inside(): never {
    throw new GraphQLError(SECRET, { extensions: { code: '42P01', stacktrace: ['at orders.ts:1'] } });
  }

  @Query('away')
  away(): never {
    throw new GraphQLError('try again', { extensions: { code: 'SERVICE_UNAVAILABLE', host: 'db-1' } });
  }

  @Subscription('insides', { resolve: () => fail() })
  async *insides(): AsyncGenerator<object> {
    yield await Promise.resolve({});
  }
}

const fail = (): never => {
  throw new Error(SECRET);
};

@Controller('other')
class Other {
  @Post()
  post(): void {}
}

const checks: ReadinessCheck[] = [];
const api = graphqlApi({
  typeDefs: 'type Query { inside: Int away: Int } type Subscription { insides: Int }',
  scalars: {},
  subscriptions: true,
  isSchemaHidden: false,
  callers: callersOfSpecs(),
  logger,
});

@Module({
  imports: [api, TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController, Other],
  providers: [
    Failing,
    { provide: APP_FILTER, useClass: MalformedRequestFilter },
    { provide: READINESS_CHECKS, useValue: checks },
  ],
})
class Spec {}

let app: INestApplication;
let url: string;
beforeAll(async () => {
  app = await NestFactory.create(Spec, { logger: false });
  app.use(correlation);
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});
afterAll(() => app.close());
beforeEach(() => {
  checks.length = logged.length = 0;
});

async function post(path: string, body: string): Promise<{ status: number; body: unknown }> {
  const headers = { 'content-type': 'application/json', 'x-correlation-id': 'cart-17' };
  const response = await fetch(url + path, { method: 'POST', headers, body });
  return { status: response.status, body: await response.json() };
}
const ask = async (query: string) => (await post('/graphql', JSON.stringify({ query }))).body;

describe('an error', () => {
  it('of the inside is told to the log, and to callers only that there was one', async () => {
    expect(await ask('{ inside }')).toEqual({
      data: { inside: null },
      errors: [
        {
          message: 'Internal server error',
          path: ['inside'],
          locations: [{ line: 1, column: 3 }],
          extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId: 'cart-17' },
        },
      ],
    });
    expect(logged).toEqual([{ err: expect.objectContaining({ message: SECRET }), path: ['inside'] }]);
  });

  it('that callers may know is told with its code, and nothing else of it', async () => {
    expect(await ask('{ away }')).toMatchObject({
      errors: [
        { message: 'try again', extensions: { code: 'SERVICE_UNAVAILABLE', correlationId: 'cart-17' } },
      ],
    });
    expect(JSON.stringify(await ask('{ away }'))).not.toContain('db-1');
    expect(logged).toEqual([]);
  });

  it.each([
    ['of the inside', 'subscription { insides }', 'INTERNAL_SERVER_ERROR', 'Internal server error'],
    [
      'of the caller',
      'subscription { nothing }',
      'GRAPHQL_VALIDATION_FAILED',
      expect.stringContaining('nothing'),
    ],
  ])('%s is the same in a subscription', async (_whose, query, code, message) => {
    const client = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      connectionParams: ADMIN,
      retryAttempts: 0,
    });
    const first = await client
      .iterate({ query })
      .next()
      .then(({ value }) => (value as { errors: unknown }).errors)
      .catch((errors: unknown) => errors);
    await client.dispose();
    expect(first).toMatchObject([{ message, extensions: { code } }]);
    expect(JSON.stringify(first)).not.toContain(SECRET);
    expect(logged).toHaveLength(code === 'INTERNAL_SERVER_ERROR' ? 1 : 0);
  });
});

describe('a body that cannot be read', () => {
  it('is refused in the words of GraphQL where GraphQL is', async () => {
    expect(await post('/graphql', '{"query":')).toEqual({
      status: 400,
      body: {
        errors: [
          {
            message: expect.stringContaining('cannot be read'),
            extensions: { code: 'BAD_REQUEST', correlationId: 'cart-17' },
          },
        ],
      },
    });
  });

  it.each([
    ['a body that cannot be read', '/other', '{"half', 400],
    ['a body that is too large', '/other', JSON.stringify(' '.repeat(200_000)), 413],
    ['a path that there is not', '/nowhere', '{}', 404],
  ])('elsewhere, %s is refused with problem details', async (_what, path, sent, status) => {
    const answer = await post(path, sent);
    expect(answer).toEqual({
      status,
      body: {
        type: `/problems/http-${status}`,
        title: expect.any(String),
        status,
        instance: path,
        correlationId: 'cart-17',
      },
    });
  });
});

describe('health', () => {
  const ready = async () => {
    const response = await fetch(`${url}/health/ready`);
    return { status: response.status, body: (await response.json()) as { error: unknown } };
  };
  const up = { name: 'eventStore', check: () => Promise.resolve({ position: '7' }) };

  it('is ready while all checks hold, with what they tell', async () => {
    checks.push(up);
    expect(await ready()).toMatchObject({
      status: 200,
      body: { details: { eventStore: { status: 'up', position: '7' } } },
    });
  });

  it('names what fails, and what does not answer within three seconds, and is live all the same', async () => {
    checks.push(
      up,
      { name: 'postgres', check: () => Promise.reject(new Error('no route')) },
      { name: 'rabbitMq', check: () => new Promise(() => undefined) },
    );
    const { status, body } = await ready();
    expect([status, body.error]).toEqual([
      503,
      {
        postgres: expect.objectContaining({ status: 'down', message: 'no route' }),
        rabbitMq: expect.objectContaining({ status: 'down' }),
      },
    ]);
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
  }, 10_000);
});

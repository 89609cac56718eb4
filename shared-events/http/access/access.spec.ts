import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Module, UseFilters } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Query, Resolver, Subscription } from '@nestjs/graphql';
import { createClient } from 'graphql-ws';
import { headerOf } from '../../testing/access.js';
import { callersOfSpecs } from '../../testing/callers.js';
import { silent } from '../../testing/logger.js';
import { until } from '../../testing/until.js';
import { graphqlApi } from '../graphql-api.js';
import { ProblemDetails } from '../problem-details.js';
import { Caller } from './access.guard.js';
import { AccessModule } from './access.module.js';
import { Callers } from './callers.js';
import { ANYBODY_KNOWN, Allow, Everybody, STAFF } from './permissions.js';
import { type Principal, ownerOf } from './principal.js';
import { KeysUnavailable } from './refusals.js';

@Resolver()
class Things {
  @Query('mine')
  @Allow('orders:read', ...ANYBODY_KNOWN)
  mine(@Caller() caller: Principal): string {
    return ownerOf(caller) ?? 'all';
  }

  @Query('shops')
  @Allow('operations:read', ...STAFF)
  shops(@Caller() { actor }: Principal): string {
    return `${actor.kind} ${actor.subject}`;
  }

  @Query('forgotten')
  forgotten(): string {
    return 'secret';
  }

  @Subscription('ticks', { resolve: (value: string) => value })
  @Allow('orders:read', ...ANYBODY_KNOWN)
  async *ticks(@Caller() caller: Principal): AsyncGenerator<string> {
    yield ownerOf(caller) ?? 'all';
    await new Promise(() => undefined);
  }

  @Subscription('secrets', { resolve: (value: string) => value })
  @Allow('operations:read', ...STAFF)
  async *secrets(): AsyncGenerator<string> {
    yield await Promise.resolve('secret');
  }
}

@Controller('things')
@UseFilters(new ProblemDetails(silent))
class Routes {
  @Get('open')
  @Everybody()
  open(): object {
    return {};
  }

  @Get('closed')
  @Allow('operations:read', ...STAFF)
  closed(@Caller() { actor }: Principal): object {
    return actor;
  }

  @Get('forgotten')
  forgotten(): object {
    return { secret: true };
  }
}

/** Believes the tokens of the specs; `away` is what a token would be whose issuer cannot be asked. */
const known = callersOfSpecs();
const callers = new Callers({
  authenticate: (authorization) =>
    authorization === 'Bearer away'
      ? Promise.reject(new KeysUnavailable('the keys of the token issuer cannot be had'))
      : known.identify({}, authorization),
});

const typeDefs = `type Query { mine: String shops: String forgotten: String }
  type Subscription { ticks: String secrets: String }`;

@Module({
  imports: [
    AccessModule.register(callers),
    graphqlApi({
      ...{ typeDefs, scalars: {}, subscriptions: true, isSchemaHidden: false, callers, logger: silent },
    }),
  ],
  controllers: [Routes],
  providers: [Things],
})
class App {}

let app: INestApplication;
let url: string;
let ann: { authorization: string };
let joe: { authorization: string };
beforeAll(async () => {
  [ann, joe] = [await headerOf('ann', 'customer'), await headerOf('joe', 'operator')];
  app = await NestFactory.create(App, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});
afterAll(() => app.close());

describe('over GraphQL', () => {
  async function asked(query: string, headers: object = {}) {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query: `{ ${query} }` }),
    });
    const { data, errors } = (await response.json()) as {
      data?: object;
      errors?: { extensions: { code: string } }[];
    };
    return errors?.map(({ extensions }) => extensions.code) ?? data;
  }

  it('each is told their own, and who runs the shop all', async () => {
    expect(await asked('mine', ann)).toEqual({ mine: 'ann' });
    expect(await asked('mine shops', joe)).toEqual({ mine: 'all', shops: 'operator joe' });
  });

  it.each([
    ['nobody', {}, 'mine', 'UNAUTHENTICATED'],
    ['who says it in another way', { authorization: 'Basic YTpi' }, 'mine', 'UNAUTHENTICATED'],
    ['who has no proof', { authorization: 'Bearer x.y.z' }, 'mine', 'UNAUTHENTICATED'],
    ['whom nobody can vouch for just now', { authorization: 'Bearer away' }, 'mine', 'SERVICE_UNAVAILABLE'],
  ])('%s is refused', async (_who, headers, query, code) => {
    expect(await asked(query, headers)).toEqual([code]);
  });

  it('a customer is refused what is for who runs the shop, and everybody what is for nobody', async () => {
    expect(await asked('shops', ann)).toEqual(['FORBIDDEN']);
    expect(await asked('forgotten', joe)).toEqual(['FORBIDDEN']);
    expect(await asked('forgotten', await headerOf('jane', 'admin'))).toEqual(['FORBIDDEN']);
  });
});

describe('over HTTP', () => {
  const got = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}/things/${path}`, { headers });
    const body = (await response.json()) as object;
    return { status: response.status, asks: response.headers.get('www-authenticate'), body };
  };

  it('what is for everybody asks nobody who they are', async () => {
    expect((await got('open', { authorization: 'Bearer nonsense' })).status).toBe(200);
  });

  it('what is for some tells who asks, and refuses the others', async () => {
    expect(await got('closed', joe)).toMatchObject({ body: { kind: 'operator', subject: 'joe' } });
    expect(await got('closed')).toMatchObject({
      status: 401,
      asks: 'Bearer',
      body: { title: 'It is not known who asks' },
    });
    expect(await got('closed', ann)).toMatchObject({ status: 403, body: { type: '/problems/forbidden' } });
    expect(await got('closed', { authorization: 'Bearer away' })).toMatchObject({ status: 503 });
  });

  it('what says nothing is for nobody', async () => {
    expect(await got('forgotten', joe)).toMatchObject({ status: 403 });
  });
});

describe('over a WebSocket', () => {
  const clientOf = (headers: Record<string, unknown>) =>
    createClient({
      ...{ url: `${url.replace('http', 'ws')}/graphql`, connectionParams: headers, retryAttempts: 0 },
      lazyCloseTimeout: 0,
    });
  const first = async (query: string, headers: Record<string, unknown>) => {
    const client = clientOf(headers);
    const heard = client.iterate({ query: `subscription { ${query} }` });
    try {
      const { value } = (await heard.next()) as { value?: { data?: object; errors?: readonly object[] } };
      return value?.errors ?? value?.data;
    } catch (error) {
      return error;
    } finally {
      await client.dispose();
    }
  };
  const codeOf = (closed: unknown) => (closed as { code?: number }).code;

  it('a connection says who it is with its first message', async () => {
    expect(await first('ticks', ann)).toEqual({ ticks: 'ann' });
    expect(await first('ticks', { Authorization: joe.authorization })).toEqual({ ticks: 'all' });
  });

  it.each([[{}], [{ authorization: 'Bearer x.y.z' }], [{ authorization: 7 }]])(
    'with %j it is closed',
    async (headers) => {
      expect(codeOf(await first('ticks', headers))).toBe(4401);
    },
  );

  it('is refused what is not for them', async () => {
    expect(await first('secrets', ann)).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    expect(await first('secrets', joe)).toEqual({ secrets: 'secret' });
  });

  it('may have five subscriptions at once', async () => {
    const client = clientOf(ann);
    const all = Array.from({ length: 5 }, () => client.iterate({ query: 'subscription { ticks }' }));
    for (const one of all) await one.next();
    const sixth = client.iterate({ query: 'subscription { ticks }' });
    await expect(sixth.next()).rejects.toMatchObject([{ extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' } }]);
    await client.dispose();
  });

  it('ends with the token that it began with', async () => {
    const soon = new Callers({
      authenticate: async (authorization) => ({
        ...(await known.identify({}, authorization)),
        expiresAt: Date.now() + 200,
      }),
    });
    @Module({
      imports: [
        AccessModule.register(soon),
        graphqlApi({
          ...{ typeDefs, scalars: {} },
          ...{ subscriptions: true, isSchemaHidden: false, callers: soon, logger: silent },
        }),
      ],
      providers: [Things],
    })
    class Short {}
    const short = await NestFactory.create(Short, { logger: false, abortOnError: false });
    await short.listen(0, '127.0.0.1');
    const closed: number[] = [];
    const client = createClient({
      ...{ url: `${(await short.getUrl()).replace('http', 'ws')}/graphql`, connectionParams: ann },
      ...{ retryAttempts: 0, on: { closed: (event) => void closed.push((event as { code: number }).code) } },
    });
    const ticks = client.iterate({ query: 'subscription { ticks }' });
    await ticks.next();
    await expect(ticks.next()).rejects.toMatchObject({ code: 4401 });
    await until(() => closed.length > 0);
    await client.dispose();
    await short.close();
  });
});

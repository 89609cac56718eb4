import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { ADMIN } from '@orders/shared-events/testing/access.js';
import { RunningApp } from '../testing/running-app.js';

let app: RunningApp;
beforeAll(async () => {
  app = await RunningApp.start({});
});
afterAll(() => app.stop());

const WATCH = 'subscription ($id: ID!) { orderChanged(orderId: $id) { status } }';

interface Message {
  readonly type: string;
  readonly payload?: unknown;
}

/** A connection in the raw, whose client checks nothing before it sends. */
async function connected(headers: Readonly<Record<string, string>> = {}) {
  const url = `${app.url.replace('http', 'ws')}/graphql`;
  const socket = new WebSocket(url, 'graphql-transport-ws', { headers });
  const closed = once(socket, 'close') as Promise<[code: number]>;
  await once(socket, 'open');
  const next = async (): Promise<Message> => {
    const [data] = (await once(socket, 'message')) as [Buffer];
    return JSON.parse(data.toString()) as Message;
  };
  const say = (message: object): void => socket.send(JSON.stringify(message));
  return { socket, closed, next, say };
}

/** What the server answers to an operation over a connection of its own. */
async function answerTo(payload: object, headers?: Readonly<Record<string, string>>): Promise<Message> {
  const { socket, next, say } = await connected(headers);
  say({ type: 'connection_init', payload: ADMIN });
  expect(await next()).toMatchObject({ type: 'connection_ack' });
  say({ id: '1', type: 'subscribe', payload });
  const answer = await next();
  socket.close();
  return answer;
}

describe('over a WebSocket', () => {
  it.each([
    ['a query', { query: '{ readModel { position } }' }, 'BAD_REQUEST'],
    ['half a document', { query: 'subscription {' }, 'GRAPHQL_PARSE_FAILED'],
    [
      'an operation that is not there',
      { query: WATCH, operationName: 'Other' },
      'OPERATION_RESOLUTION_FAILURE',
    ],
    ['an unknown field', { query: 'subscription { secrets }' }, 'GRAPHQL_VALIDATION_FAILED'],
  ])('%s is refused with a code', async (_what, payload, code) => {
    const { type, payload: errors } = await answerTo(payload, { 'x-correlation-id': 'my-own' });
    expect(type).toBe('error');
    expect(errors).toMatchObject([{ extensions: { code, correlationId: 'my-own' } }]);
    expect(JSON.stringify(errors)).not.toMatch(/stack|node_modules|\.ts:/);
  });

  it('a variable of another type is the caller’s mistake, and not an error of ours', async () => {
    const { payload } = await answerTo({ query: WATCH, variables: { id: { secret: 'pm_1' } } });
    expect(payload).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  });

  it('no page of another origin connects', async () => {
    const { closed, say } = await connected({ origin: 'http://evil.example' });
    say({ type: 'connection_init', payload: ADMIN });
    const [code] = await closed;
    expect(code).toBe(4403);
  });

  it('a page of this origin does', async () => {
    const { type } = await answerTo({ query: 'subscription { secrets }' }, { origin: app.url });
    expect(type).toBe('error');
  });
});

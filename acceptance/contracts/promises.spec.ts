import { describe, expect, it } from '@jest/globals';
import { changed } from '../testing/changed.js';
import { ADMIN_API, ASYNC_API, COMMAND_GRAPHQL, EVENTS, MESSAGES, QUERY_GRAPHQL } from './paths.js';
import { brokenPromises, isPromise } from './promises.js';

const broken = (path: string, accepted: unknown, present: unknown): string[] =>
  brokenPromises(new Map([[path, accepted]]), new Map([[path, present]]));

const stored = `${EVENTS}/OrderPlaced.v1.schema.json`;
const told = { type: 'object', properties: { orderId: { type: 'string' } }, required: ['orderId'] };
const asyncApi = {
  info: { version: '2' },
  channels: {
    'order.failed': {
      address: 'order.failed',
      messages: {
        'order.failed': { contentType: 'application/json', payload: { $ref: '#/components/schemas/told' } },
      },
    },
  },
  components: { schemas: { told } },
};
const payload = '/channels/order.failed/messages/order.failed/payload';
const openApi = {
  info: { version: '2' },
  paths: { '/orders': { get: { responses: { 200: {} } }, post: { responses: { 201: {} } } } },
};

describe.each([
  [ASYNC_API, asyncApi, '/channels/order.failed', 'order.failed: is gone'],
  [ADMIN_API, openApi, '/paths/~1orders/post', 'POST /orders: is gone'],
])('%s', (path, document, pointer, said) => {
  const without = changed(document, pointer, undefined);

  it('is broken where somebody relies on what is gone', () => {
    expect(broken(path, document, without)).toEqual([`${path}: ${said}`]);
  });

  it('may be anything under a higher version', () => {
    expect(broken(path, document, changed(without, '/info/version', '3'))).toEqual([]);
  });

  it('is broken under a lower version, and where it is gone', () => {
    expect(broken(path, document, changed(document, '/info/version', '1'))).toEqual([
      `${path}: version was 2, is 1`,
    ]);
    expect(brokenPromises(new Map([[path, document]]), new Map())).toEqual([`${path}: is gone`]);
  });

  it('has a version that can be compared', () => {
    expect(() => broken(path, document, changed(document, '/info/version', '2.1'))).toThrow('version');
  });
});

describe('a reference', () => {
  it('is what it refers to', () => {
    expect(broken(ASYNC_API, asyncApi, changed(asyncApi, payload, told))).toEqual([]);
    expect(broken(ASYNC_API, asyncApi, changed(asyncApi, '/components/schemas/told/required', []))).toEqual([
      `${ASYNC_API}: order.failed.orderId: is not always there any more`,
    ]);
  });

  it.each([
    ['#/components/schemas/gone', 'leads nowhere'],
    ['elsewhere.json#/components/schemas/told', 'leads nowhere'],
    [`#${payload}`, 'refers to itself'],
  ])('is not judged where it is %s, which %s', (reference, wrong) => {
    expect(() => broken(ASYNC_API, asyncApi, changed(asyncApi, `${payload}/$ref`, reference))).toThrow(
      `${reference} ${wrong}`,
    );
  });
});

describe('what is stored', () => {
  it('is broken by any change, and where it is no longer read at all', () => {
    expect(broken(stored, told, changed(told, '/required', []))).toEqual([
      `${stored}: /required was ["orderId"], is []`,
    ]);
    expect(brokenPromises(new Map([[stored, told]]), new Map())).toEqual([`${stored}: is gone`]);
  });

  it('is not broken by what is stored besides', () => {
    expect(brokenPromises(new Map(), new Map([[stored, told]]))).toEqual([]);
  });
});

it.each([COMMAND_GRAPHQL, QUERY_GRAPHQL])('%s is broken where a field is gone', (path) => {
  const schema = 'type Query { one: Int two: Int }';
  expect(broken(path, schema, 'type Query { one: Int }')).toEqual([`${path}: Query.two was removed.`]);
});

it('all are promises but the schemas of messages, which repeat one of the others', () => {
  const paths = [ASYNC_API, ADMIN_API, COMMAND_GRAPHQL, QUERY_GRAPHQL, stored];
  expect([...paths, `${MESSAGES}/order.failed.v1.schema.json`].filter(isPromise)).toEqual(paths);
});

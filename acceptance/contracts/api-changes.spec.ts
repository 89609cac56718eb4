import { describe, expect, it } from '@jest/globals';
import { type Breaking, type Compatible, changed } from '../testing/changed.js';
import { apiChanges } from './api-changes.js';

const sku = { type: 'string', pattern: '^[A-Z]+$' };
const line = { type: 'object', properties: { sku }, required: ['sku'] };

describe('what others call', () => {
  const parameter = (name: string, required: boolean, schema: object) => ({
    name,
    in: 'query',
    required,
    schema,
  });
  const json = (schema: object) => ({ 'application/json': { schema } });
  const openApi = {
    paths: {
      '/orders': {
        get: {
          parameters: [
            parameter('state', false, { type: 'string', enum: ['OPEN', 'DONE'] }),
            parameter('first', true, { type: 'integer', maximum: 100, default: 50 }),
          ],
          responses: {
            200: {
              headers: { etag: { required: true, schema: { type: 'string' } } },
              content: json({
                type: 'object',
                properties: { id: sku, state: { type: 'string', enum: ['OPEN', 'DONE'] } },
                required: ['id'],
              }),
            },
            404: { content: json({ type: 'object' }) },
          },
        },
        post: {
          requestBody: {
            required: true,
            content: json({
              type: 'object',
              properties: { sku, pieces: { type: 'integer', minimum: 1 }, note: { enum: ['A', 'B'] } },
              required: ['sku'],
            }),
          },
          responses: { 201: {} },
        },
      },
    },
  };
  const get = '/paths/~1orders/get';
  const post = '/paths/~1orders/post';
  const body = `${post}/requestBody/content/application~1json/schema`;
  const answer = `${get}/responses/200/content/application~1json/schema`;

  it.each<Breaking>([
    ['an operation is gone', post, undefined, 'POST /orders: is gone'],
    [
      'a parameter is gone',
      `${get}/parameters/0`,
      parameter('status', false, sku),
      'GET /orders: query state: is gone',
    ],
    ['a parameter moves', `${get}/parameters/0/in`, 'header', 'GET /orders: query state: is gone'],
    [
      'a parameter that is new has to be there',
      `${get}/parameters/2`,
      parameter('shop', true, sku),
      'GET /orders: query shop: has to be there now',
    ],
    [
      'a parameter that could be left out has to be there',
      `${get}/parameters/0/required`,
      true,
      'GET /orders: query state: has to be there now',
    ],
    [
      'a parameter that all operations of a path share has to be there',
      '/paths/~1orders/parameters',
      [parameter('shop', true, sku)],
      'GET /orders: query shop: has to be there now\nPOST /orders: query shop: has to be there now',
    ],
    [
      'an enumeration of a parameter has one value less',
      `${get}/parameters/0/schema/enum`,
      ['OPEN'],
      'GET /orders: query state: no longer takes "DONE"',
    ],
    [
      'a bound of a parameter is narrower',
      `${get}/parameters/1/schema/maximum`,
      99,
      'GET /orders: query first: maximum was 100, is 99',
    ],
    [
      'leaving a parameter out means something else',
      `${get}/parameters/1/schema/default`,
      20,
      'GET /orders: query first: default was 50, is 20',
    ],
    [
      'a body has to be there',
      `${get}/requestBody`,
      { required: true, content: json(line) },
      'GET /orders: body: has to be there now',
    ],
    [
      'a body is taken in another format only',
      `${post}/requestBody/content`,
      { 'text/csv': { schema: {} } },
      'POST /orders: body: application/json is gone',
    ],
    ['a field of a body is gone', `${body}/properties/note`, undefined, 'POST /orders: body.note: is gone'],
    [
      'a field of a body has to be there',
      `${body}/required`,
      ['sku', 'pieces'],
      'POST /orders: body.pieces: has to be there now',
    ],
    [
      'a field of a body is narrower',
      `${body}/properties/pieces/minimum`,
      2,
      'POST /orders: body.pieces: minimum was 1, is 2',
    ],
    [
      'a field of a body has a pattern now',
      `${body}/properties/note/pattern`,
      '^A',
      'POST /orders: body.note: pattern was absent, is "^A"',
    ],
    ['a body is closed', `${body}/additionalProperties`, false, 'POST /orders: body.*: was true, is false'],
    ['a success is another one', `${post}/responses`, { 202: {} }, 'POST /orders: 201: is gone'],
    [
      'a header of an answer is gone',
      `${get}/responses/200/headers`,
      {},
      'GET /orders: 200: header etag: is gone',
    ],
    [
      'a header of an answer is not always there',
      `${get}/responses/200/headers/etag/required`,
      false,
      'GET /orders: 200: header etag: is not always there any more',
    ],
    [
      'a field of an answer is gone',
      `${answer}/properties/state`,
      undefined,
      'GET /orders: 200.state: is gone',
    ],
    [
      'a field of an answer is not always there',
      `${answer}/required`,
      [],
      'GET /orders: 200.id: is not always there any more',
    ],
    [
      'a field of an answer is of a wider type',
      `${answer}/properties/id/type`,
      ['string', 'null'],
      'GET /orders: 200.id: type was "string", is "null"',
    ],
  ])('is broken where %s', (_what, pointer, value, said) => {
    expect(apiChanges(openApi, changed(openApi, pointer, value))).toEqual(said.split('\n'));
  });

  it.each<Compatible>([
    ['an operation is new', '/paths/~1orders/delete', { responses: { 204: {} } }],
    ['a parameter is new', `${get}/parameters/2`, parameter('shop', false, sku)],
    ['a parameter may be left out', `${get}/parameters/1/required`, false],
    ['an enumeration of a parameter has a further value', `${get}/parameters/0/schema/enum/2`, 'LOST'],
    ['a bound of a parameter is wider', `${get}/parameters/1/schema/maximum`, 200],
    ['a field of a body is new', `${body}/properties/more`, sku],
    ['a field of a body may be left out', `${body}/required`, []],
    ['a field of a body may be null', `${body}/properties/sku/type`, ['string', 'null']],
    ['a field of an answer is new', `${answer}/properties/more`, sku],
    ['an enumeration of an answer has a further value', `${answer}/properties/state/enum/2`, 'LOST'],
    ['an error is gone', `${get}/responses/404`, undefined],
    ['an error is new', `${get}/responses/409`, {}],
    ['it is summed up in other words', `${get}/summary`, 'Orders.'],
  ])('is kept where %s', (_what, pointer, value) => {
    expect(apiChanges(openApi, changed(openApi, pointer, value))).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { type Breaking, type Compatible, changed } from '../testing/changed.js';
import type { Schema } from './json-schema.js';
import { storedChanges } from './stored-changes.js';

const sku = { type: 'string', pattern: '^[A-Z]+$' };
const line = { type: 'object', properties: { sku }, required: ['sku'] };

describe('what is stored', () => {
  const schema = {
    title: 'OrderPlaced, version 1',
    type: 'object',
    properties: {
      description: sku,
      lines: { type: 'array', items: line },
      total: { type: 'integer', minimum: 0 },
      owner: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    },
    required: ['description', 'lines'],
  };

  it.each<Breaking>([
    [
      'a field is new',
      '/properties/more',
      { type: 'string' },
      '/properties/more was absent, is {"type":"string"}',
    ],
    [
      'a field is gone',
      '/properties/total',
      undefined,
      '/properties/total was {"type":"integer","minimum":0}, is absent',
    ],
    [
      'a field is always there',
      '/required/2',
      'total',
      '/required was ["description","lines"], is ["description","lines","total"]',
    ],
    ['a bound is wider', '/properties/total/minimum', -1, '/properties/total/minimum was 0, is -1'],
    ['a bound is narrower', '/properties/total/minimum', 1, '/properties/total/minimum was 0, is 1'],
    [
      'a pattern is another one',
      '/properties/lines/items/properties/sku/pattern',
      '.',
      '/properties/lines/items/properties/sku/pattern was "^[A-Z]+$", is "."',
    ],
  ])('is broken where %s', (_what, pointer, value, said) => {
    expect(storedChanges(schema, changed(schema, pointer, value) as Schema)).toEqual([said]);
  });

  it.each<Compatible>([
    ['it is described in other words', '/title', 'An order was placed'],
    ['a field is described', '/properties/total/description', 'Cents.'],
    ['what is in a list is described', '/properties/lines/items/title', 'A line'],
    ['one of several kinds is described', '/properties/owner/anyOf/0/description', 'An id.'],
    ['fields are told in another order', '/required', ['lines', 'description']],
  ])('is kept where %s', (_what, pointer, value) => {
    expect(storedChanges(schema, changed(schema, pointer, value) as Schema)).toEqual([]);
  });
});

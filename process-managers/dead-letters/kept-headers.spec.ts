import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { asKeptHeaders, sendableHeaders } from './kept-headers.js';

const keptAs = (value: unknown): unknown => (JSON.parse(asKeptHeaders({ h: value })) as { h: unknown }).h;

const bytes = fc.uint8Array().map((array) => Buffer.from(array));
const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\u0000'));
/** As the driver reads them. Of an object JSON keeps no -0, and no name that means something to JavaScript. */
const { value: header } = fc.letrec((tie) => ({
  value: fc.oneof(
    ...[text, fc.boolean(), fc.constant(null), fc.integer(), bytes],
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
    fc.nat().map((value) => ({ '!': 'timestamp', value })),
    fc.record({ places: fc.nat(255), digits: fc.nat() }).map((value) => ({ '!': 'decimal', value })),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), tie('value'), { maxKeys: 3 }),
  ),
}));

describe('the headers of a dead letter', () => {
  it('go out as what they came as, in tables and lists, too', () => {
    fc.assert(
      fc.property(header, (h) => {
        expect(sendableHeaders({ h: keptAs(h) })).toEqual({ h });
      }),
    );
  });

  it.each([
    ['bytes that are text', Buffer.from('tänk'), { '!': 'bytes', text: 'tänk' }],
    ['bytes that are none', Buffer.from([0xff, 0x00]), { '!': 'bytes', base64: '/wA=' }],
    ['bytes with a NUL', Buffer.from('a\u0000b'), { '!': 'bytes', base64: 'YQBi' }],
    ['an instant', { '!': 'timestamp', value: 17 }, { '!': 'timestamp', value: 17 }],
    ['what is no number', -Infinity, { '!': 'double', value: '-Infinity' }],
    ['what Postgres cannot hold', { 'a\u0000': ['b\ud800'] }, { 'a\ufffd': ['b\ufffd'] }],
  ])('are kept so that people can read them: %s', (_what, value, expected) => {
    expect(keptAs(value)).toEqual(expected);
  });

  it('are kept as deep as anybody nests them, and no deeper, however deep a stranger did', () => {
    const nested = (levels: number): unknown => {
      let table: unknown = 'the end';
      for (let level = 0; level < levels; level++) table = { in: table };
      return table;
    };
    expect(sendableHeaders({ h: keptAs(nested(100)) })).toEqual({ h: nested(100) });
    expect(asKeptHeaders({ h: nested(3_500) })).not.toContain('the end');
  });

  it.each([
    { type: 'Buffer', data: [1, 2] },
    { '!': 'bytes', base64: '?' },
    { '!': 'bytes', text: 'a', more: 1 },
  ])('are a table where somebody sent a table: %j', (table) => {
    expect(sendableHeaders({ h: keptAs(table) })).toEqual({ h: table });
  });
});

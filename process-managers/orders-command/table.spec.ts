import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { type Column, fields, heading, printable, table } from './table.js';
import { plain } from './terminal.js';

interface Row {
  readonly name: string;
  readonly count: number;
}
const columns: readonly Column<Row>[] = [
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'COUNT', cell: ({ count }) => ({ text: String(count), style: 'red' }), isNumber: true },
  { title: 'NOTE', cell: ({ count }) => (count > 9 ? 'many' : '') },
];
const rows = [
  { name: 'one', count: 1 },
  { name: 'seventeen', count: 17 },
];
const paper = { width: undefined, paint: plain };

describe('a table', () => {
  it('has aligned columns, and no space at the end of a line', () => {
    expect(table(rows, columns, paper)).toBe(
      ['NAME       COUNT  NOTE', 'one            1', 'seventeen     17  many', ''].join('\n'),
    );
  });

  it('is aligned by how wide characters are shown', () => {
    expect(table([{ name: '東京', count: 1 }, ...rows], columns, paper)).toContain('東京           1\n');
  });

  it('is cut off at the width of a terminal, and shows that', () => {
    expect(table(rows, columns, { width: 16, paint: plain })).toBe(
      ['NAME       COUN…', 'one            1', 'seventeen     1…', ''].join('\n'),
    );
  });

  it('is never wider than the terminal, whatever is in it', () => {
    const text = fc.string({ unit: 'grapheme' });
    const cells = fc.array(fc.record({ name: text, count: fc.integer() }));
    fc.assert(
      fc.property(cells, fc.integer({ min: 1, max: 40 }), (some, width) => {
        for (const line of table(some, columns, { width, paint: plain }).split('\n'))
          expect(stringWidth(line)).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('is coloured by whoever paints, and cut off before that', () => {
    const paint = (style: string, text: string) => `<${style}>${text}</${style}>`;
    expect(table(rows.slice(1), columns, { width: 15, paint })).toBe(
      '<bold>NAME</bold>       <bold>COU</bold>…\nseventeen     …\n',
    );
  });

  it('does not let what is in it steer the terminal', () => {
    const text = table([{ name: '\u001b[31mred\u0007\nnext\u202eline\u009b', count: 1 }], columns, paper);
    expect(text.split('\n')[1]).toMatch(/^\ufffd\[31mred\ufffd next\ufffdline\ufffd +1$/);
    expect(printable('a\u0000b')).toBe('a\ufffdb');
  });
});

describe('fields', () => {
  it('stand under one another, without those that have no value', () => {
    const told = fields(
      [
        ['order', 'o-1'],
        ['deadline', null],
        ['is', { text: 'PAUSED', style: 'red' }],
        ['stuck', { text: '', style: 'red' }],
      ],
      paper,
    );
    expect(told).toBe('order  o-1\nis     PAUSED\n');
    expect(heading('Stock', paper)).toBe('\nStock\n');
  });
});

import stringWidth from 'string-width';
import type { Style, Terminal } from './terminal.js';

/** What stands in one place of a table. */
export interface Cell {
  readonly text: string;
  readonly style?: Style | undefined;
}

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string | Cell;
  /** Numbers stand under one another. */
  readonly isNumber?: boolean;
}

export type Canvas = Pick<Terminal, 'width' | 'paint'>;

const GAP = '  ';

/** One line a row under a line of titles, in aligned columns; cut off at the terminal's width, where it is one. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], canvas: Canvas): string {
  const title = columns.map((column): Cell => ({ text: column.title, style: 'bold' }));
  const lines = [title, ...rows.map((row) => columns.map(({ cell }) => cellOf(cell(row))))];
  const widths = columns.map((_column, at) => Math.max(...lines.map((line) => widthOf(line[at]))));
  const padded = (line: readonly Cell[]) =>
    line.flatMap((cell, at) => placed(cell, { width: widths[at] ?? 0, isNumber: columns[at]?.isNumber }));
  return lines.map((line) => lineOf(padded(line), canvas)).join('');
}

/** One line for each, what it is called in front; what has no value is left out. */
export function fields(
  rows: readonly (readonly [name: string, value: string | Cell | null | undefined])[],
  canvas: Canvas,
): string {
  const told = rows
    .map(([name, value]) => [name, cellOf(value ?? '')] as const)
    .filter(([, value]) => value.text !== '');
  const width = Math.max(...told.map(([name]) => stringWidth(name)));
  return told
    .map(([name, value]) => lineOf([...placed({ text: name, style: 'dim' }, { width }), value], canvas))
    .join('');
}

/** A line of its own between tables. */
export const heading = (text: string, { paint }: Canvas): string => `\n${paint('bold', text)}\n`;

/** Whoever wrote the text must not steer the terminal of whoever reads it. */
const cellOf = (cell: string | Cell): Cell => {
  const { text, style } = typeof cell === 'string' ? { text: cell, style: undefined } : cell;
  return { text: printable(text), style };
};

/** In one line, without control characters and without what turns the direction of writing. */
export const printable = (text: string): string =>
  text.replaceAll(/\s+/gu, ' ').replaceAll(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');

const widthOf = (cell: Cell | undefined): number => stringWidth(cell?.text ?? '');

function placed(
  cell: Cell,
  { width, isNumber = false }: { readonly width: number; readonly isNumber?: boolean | undefined },
): Cell[] {
  const space = { text: ' '.repeat(width - widthOf(cell)) };
  return [...(isNumber ? [space, cell] : [cell, space]), { text: GAP }];
}

function lineOf(cells: readonly Cell[], { width, paint }: Canvas): string {
  const end = cells.findLastIndex(({ text }) => text.trim() !== '') + 1;
  const shown = cutOff(cells.slice(0, end), width ?? Infinity);
  return `${shown.map(({ text, style }) => (style && text !== '' ? paint(style, text) : text)).join('')}\n`;
}

const ELLIPSIS = '…';

function cutOff(cells: readonly Cell[], width: number): Cell[] {
  const whole = cells.reduce((sum, cell) => sum + widthOf(cell), 0);
  if (whole <= width) return [...cells];
  let left = width - stringWidth(ELLIPSIS);
  const shown = cells.map((cell) => {
    const text = beginning(cell.text, left);
    left = text === cell.text ? left - widthOf(cell) : 0;
    return { ...cell, text };
  });
  return [...shown, { text: ELLIPSIS }];
}

const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function beginning(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let shown = '';
  for (const { segment } of characters.segment(text)) {
    if (stringWidth(shown + segment) > width) break;
    shown += segment;
  }
  return shown;
}

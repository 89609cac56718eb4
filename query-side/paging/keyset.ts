import { crc32 } from 'node:zlib';
import type { Statement } from '../database/statement.js';
import type { PageRequest } from './page.js';

/** A condition of a list. `sql` has one `?` for its value. */
export interface Condition {
  readonly sql: string;
  readonly value: unknown;
}

export interface KeysetList {
  readonly select: string;
  readonly from: string;
  /** Columns with their types, outermost first; together they tell any two rows apart. */
  readonly order: readonly { readonly column: string; readonly type: string }[];
  readonly direction: 'ASC' | 'DESC';
}

/** The conditions whose values a filter gives. */
export const narrowing = <Filter extends object>(
  conditions: readonly (readonly [name: keyof Filter, sql: string])[],
  filter: Filter,
): readonly Condition[] =>
  conditions.flatMap(([name, sql]) => (filter[name] === undefined ? [] : [{ sql, value: filter[name] }]));

/**
 * The statement for one page. The text depends only on which conditions and cursors there are, so that each
 * combination is prepared once, under its own name, and planned for itself; the comparison with a cursor is
 * row-wise, so that an index with the same columns is entered at that place.
 */
export function keysetPage(
  list: KeysetList,
  conditions: readonly Condition[],
  page: PageRequest<readonly string[]>,
): Statement {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const isForwards = (page.from === 'start') === (list.direction === 'ASC');
  const [behind, ahead] = list.direction === 'ASC' ? ['>', '<'] : ['<', '>'];
  const where = [
    ...conditions.map(({ sql, value }) => sql.replace('?', () => bind(value))),
    ...(page.after ? [bound(list, behind, page.after, bind)] : []),
    ...(page.before ? [bound(list, ahead, page.before, bind)] : []),
  ];
  const text = [
    `SELECT ${list.select} FROM ${list.from}`,
    ...(where.length > 0 ? [`WHERE ${where.join(' AND ')}`] : []),
    `ORDER BY ${list.order.map(({ column }) => `${column} ${isForwards ? 'ASC' : 'DESC'}`).join(', ')}`,
    `LIMIT ${bind(page.size + 1)}`,
  ].join(' ');
  return { name: `page_${crc32(text).toString(16)}`, text, values };
}

function bound(
  { order }: KeysetList,
  comparison: string | undefined,
  keys: readonly string[],
  bind: (value: unknown) => string,
): string {
  const columns = order.map(({ column }) => column).join(', ');
  const values = order.map(({ type }, index) => `${bind(keys[index])}::${type}`).join(', ');
  return `(${columns}) ${comparison} (${values})`;
}

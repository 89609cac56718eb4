import { asJson, asText } from '@orders/shared-events/transport/storable.js';
import type { Statement } from '../database/statement.js';
import type { Change, Column, ColumnType, Table, Value } from './table.js';

/**
 * One statement a table, kind of change and set of columns, whatever the number of rows: the rows travel as
 * one array a column. Table names are unqualified: the connection's search_path names the build.
 */
export function statementsFor(changes: readonly Change[]): readonly Statement[] {
  const groups = new Map<string, Change[]>();
  for (const change of changes) {
    if (change.kind === 'update' && isEmpty(change)) continue;
    const name = nameOf(change);
    const group = groups.get(name);
    if (group) group.push(change);
    else groups.set(name, [change]);
  }
  return [...groups].map(([name, group]) => statement(name, group));
}

/** Tells texts apart; the writer prepares each under its own short name. */
const nameOf = ({ kind, table, set, add }: Change): string =>
  kind === 'insert'
    ? `${kind} ${table.name}` // of all its columns
    : `${kind} ${table.name} ${Object.keys(set).sort().join()} ${Object.keys(add).sort().join()}`;

function statement(name: string, group: readonly Change[]): Statement {
  const [first] = group;
  if (!first) throw new Error('no change to write');
  const columns = columnsOf(first);
  return {
    name,
    text: text(first, columns),
    values: columns.map(({ column, of }) =>
      group.map((change) => parameter(type(change.table, column), change[of][column])),
    ),
  };
}

interface Part {
  readonly column: string;
  readonly of: 'key' | 'set' | 'add';
}

/** An insert's key is among its values already. */
function columnsOf({ kind, key, set, add }: Change): readonly Part[] {
  const parts = (of: Part['of'], columns: object): Part[] =>
    Object.keys(columns)
      .sort()
      .map((column) => ({ column, of }));
  return [...(kind === 'insert' ? [] : parts('key', key)), ...parts('set', set), ...parts('add', add)];
}

function text({ kind, table }: Change, parts: readonly Part[]): string {
  const arrays = parts.map(({ column }, index) => `$${index + 1}::${arrayType(type(table, column))}[]`);
  const names = parts.map(({ column }) => column);
  const rows = `unnest(${arrays.join(', ')}) AS given (${names.join(', ')})`;
  switch (kind) {
    case 'insert':
      return insertion(table, names, rows);
    case 'update':
      return `UPDATE ${table.name} AS kept SET ${assignments(table, parts, 'given')} FROM ${rows} WHERE ${matching(table)}`;
    case 'upsert':
      return `${insertion(table, names, rows)} ON CONFLICT (${table.key.join(', ')}) ${resolution(table, parts)}`;
  }
}

const insertion = (table: Table, columns: readonly string[], rows: string): string =>
  `INSERT INTO ${table.name} AS kept (${columns.join(', ')}) SELECT ${columns
    .map((column) => value(table, 'given', column))
    .join(', ')} FROM ${rows}`;

const assignments = (table: Table, parts: readonly Part[], source: 'given' | 'excluded'): string =>
  parts
    .filter(({ of }) => of !== 'key')
    .map(({ column, of }) =>
      of === 'add'
        ? `${column} = kept.${column} + ${value(table, source, column)}`
        : `${column} = ${value(table, source, column)}`,
    )
    .join(', ');

const resolution = (table: Table, parts: readonly Part[]): string =>
  parts.every(({ of }) => of === 'key')
    ? 'DO NOTHING'
    : `DO UPDATE SET ${assignments(table, parts, 'excluded')}`;

const isEmpty = ({ set, add }: Change): boolean => Object.keys(set).length + Object.keys(add).length === 0;

const matching = (table: Table): string =>
  table.key.map((column) => `kept.${column} = given.${column}`).join(' AND ');

/** JSON travels as text: an array of jsonb would be escaped twice. */
const arrayType = (type: ColumnType): string => (type === 'jsonb' ? 'text' : type);

const value = (table: Table, source: 'given' | 'excluded', column: string): string =>
  source === 'given' && type(table, column) === 'jsonb' ? `given.${column}::jsonb` : `${source}.${column}`;

function type(table: Table, column: string): ColumnType {
  const declared: Column | undefined = table.columns[column];
  if (declared === undefined) throw new Error(`${table.name} has no column ${column}`);
  return declared.replace('?', '') as ColumnType;
}

function parameter(type: ColumnType, value: Value | undefined): string | number | boolean | null {
  if (value === undefined || value === null) return null;
  if (type === 'jsonb' || typeof value === 'object') return asJson(value);
  if (typeof value === 'string') return asText(value);
  return typeof value === 'bigint' ? value.toString() : value;
}

/** The column types that read models use, by their names in Postgres. */
export type ColumnType = 'uuid' | 'text' | 'integer' | 'bigint' | 'boolean' | 'timestamptz' | 'jsonb';

/** A column as the code knows it; `?` marks one that may be null. The DDL is in the feature's `.sql`. */
export type Column = ColumnType | `${ColumnType}?`;
export type Columns = Readonly<Record<string, Column>>;

/** What a key is made of. */
export type Scalar = string | number | bigint | boolean | null;
export type Value = Scalar | object;

interface ValueByType {
  uuid: string;
  text: string;
  integer: number;
  /** Positions are bigints; amounts are numbers, which hold them exactly. */
  bigint: number | bigint;
  boolean: boolean;
  /** RFC 3339. */
  timestamptz: string;
  jsonb: object;
}
type ValueOf<C> = C extends `${infer T extends ColumnType}?`
  ? ValueByType[T] | null
  : C extends ColumnType
    ? ValueByType[C]
    : never;
type NullableIn<C extends Columns> = {
  [K in keyof C]: C[K] extends `${string}?` ? K : never;
}[keyof C];
type NumbersIn<C extends Columns> = {
  [K in keyof C]: C[K] extends 'integer' | 'bigint' ? K : never;
}[keyof C];

export interface Table<C extends Columns = Columns, K extends keyof C & string = string> {
  readonly name: string;
  readonly key: readonly K[];
  readonly columns: C;
}

export const table = <C extends Columns, K extends keyof C & string>(
  name: string,
  key: readonly K[],
  columns: C,
): Table<C, K> => ({ name, key, columns });

type Key<C extends Columns, K extends keyof C> = { readonly [P in K]: ValueOf<C[P]> };
type Assignments<C extends Columns> = { readonly [P in keyof C]?: ValueOf<C[P]> };
type Increments<C extends Columns> = { readonly [P in NumbersIn<C>]?: number };
export type Row<C extends Columns> = {
  readonly [P in Exclude<keyof C, NullableIn<C>>]: ValueOf<C[P]>;
} & { readonly [P in NullableIn<C>]?: ValueOf<C[P]> };

/**
 * A change of one row. `insert` makes it, and a row is made once; `update` changes one that exists and is
 * nothing where none does; `upsert` makes it of what it is given where none exists. Of a table's rows, all are
 * either inserted and updated, or upserted.
 */
export interface Change {
  readonly kind: 'insert' | 'update' | 'upsert';
  readonly table: Table;
  readonly key: Readonly<Record<string, Scalar>>;
  readonly set: Readonly<Record<string, Value>>;
  readonly add: Readonly<Record<string, number>>;
}

export function insert<C extends Columns, K extends keyof C & string>(of: Table<C, K>, row: Row<C>): Change {
  const key = pick(values<Scalar>(row), of.key);
  return { kind: 'insert', table: of, key, set: pick(values<Value>(row), Object.keys(of.columns)), add: {} };
}

export const update = <C extends Columns, K extends keyof C & string>(
  of: Table<C, K>,
  key: Key<C, K>,
  set: Assignments<C>,
  add: Increments<C> = {},
): Change => ({ kind: 'update', table: of, key: values(key), set: values(set), add: values(add) });

export const upsert = <C extends Columns, K extends keyof C & string>(
  of: Table<C, K>,
  key: Key<C, K>,
  set: Assignments<C>,
  add: Increments<C> = {},
): Change => ({ kind: 'upsert', table: of, key: values(key), set: values(set), add: values(add) });

function pick<V extends Value>(
  row: Readonly<Record<string, V>>,
  columns: readonly string[],
): Record<string, V | null> {
  const picked: Record<string, V | null> = {};
  for (const column of columns) picked[column] = row[column] ?? null;
  return picked;
}

/** The columns as the compiler has checked them, now as data. */
const values = <V extends Value>(columns: object): Readonly<Record<string, V>> => ({ ...columns });

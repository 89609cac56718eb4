import { type CursorKind, decodeCursor, encodeCursor } from './cursor.js';

/** Relay's arguments. Without `first` and `last`, the first twenty. */
export interface PageArguments {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
}

export class InvalidPage extends Error {
  override readonly name = 'InvalidPage';
}

/** A page as it was asked for: so many rows from one end of what lies between two places in the list. */
export interface PageRequest<Keys extends readonly string[]> {
  readonly size: number;
  readonly from: 'start' | 'end';
  readonly after: Keys | undefined;
  readonly before: Keys | undefined;
}

export const MAX_PAGE_SIZE = 100;
const DEFAULT_PAGE_SIZE = 20;

/** Throws InvalidPage or InvalidCursor. */
export function pageRequest<Keys extends readonly string[]>(
  kind: CursorKind<Keys>,
  { first, after, last, before }: PageArguments,
): PageRequest<Keys> {
  if (typeof first === 'number' && typeof last === 'number') {
    throw new InvalidPage('first and last exclude each other');
  }
  const size = first ?? last ?? DEFAULT_PAGE_SIZE;
  if (size < 0 || size > MAX_PAGE_SIZE) throw new InvalidPage(`a page has 0 to ${MAX_PAGE_SIZE} entries`);
  return {
    size,
    from: typeof last === 'number' ? 'end' : 'start',
    after: typeof after === 'string' ? decodeCursor(kind, after) : undefined,
    before: typeof before === 'string' ? decodeCursor(kind, before) : undefined,
  };
}

export interface Connection<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/**
 * The page, from rows as the statement gave them: in the order of the page's end, and one more than was asked for
 * where there are more. That a cursor was given says that there is something on its other side.
 */
export function connection<Node, Keys extends readonly string[]>(
  kind: CursorKind<Keys>,
  { size, from, after, before }: PageRequest<Keys>,
  rows: readonly Node[],
  keysOf: (node: Node) => Keys,
): Connection<Node> {
  const nodes = from === 'start' ? rows.slice(0, size) : rows.slice(0, size).reverse();
  const hasMore = rows.length > size;
  const edges = nodes.map((node) => ({ cursor: encodeCursor(kind, keysOf(node)), node }));
  return {
    edges,
    pageInfo: {
      hasNextPage: from === 'start' ? hasMore : before !== undefined,
      hasPreviousPage: from === 'start' ? after !== undefined : hasMore,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

export const mapNodes = <From, To>(
  { edges, pageInfo }: Connection<From>,
  translate: (node: From) => To,
): Connection<To> => ({
  edges: edges.map(({ cursor, node }) => ({ cursor, node: translate(node) })),
  pageInfo,
});

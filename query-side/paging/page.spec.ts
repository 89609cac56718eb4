import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { CursorKind } from './cursor.js';
import { InvalidPage, connection, pageRequest } from './page.js';

const kind: CursorKind<[string]> = { name: 'letters', keys: z.tuple([z.string()]) };
const page = (args: object, rows: readonly string[]) =>
  connection(kind, pageRequest(kind, args), rows, (letter) => [letter]);
const nodes = ({ edges }: ReturnType<typeof page>) => edges.map(({ node }) => node).join('');

describe('a page', () => {
  it('has twenty entries unless told', () => {
    expect(pageRequest(kind, {})).toMatchObject({ size: 20, from: 'start' });
    expect(pageRequest(kind, { first: null, last: null })).toMatchObject({ size: 20, from: 'start' });
  });

  it.each([{ first: -1 }, { first: 101 }, { last: 101 }, { first: 1, last: 1 }])(
    'is refused for %j',
    (args) => {
      expect(() => pageRequest(kind, args)).toThrow(InvalidPage);
    },
  );

  it('shows as many as were asked for, and says that there are more', () => {
    const first = page({ first: 2 }, ['a', 'b', 'c']);
    expect(nodes(first)).toBe('ab');
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
  });

  it('comes in the order of the list also when it is taken from the end', () => {
    const last = page({ last: 2 }, ['z', 'y', 'x']);
    expect(nodes(last)).toBe('yz');
    expect(last.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  });

  it('may be empty', () => {
    expect(page({ first: 0 }, ['a'])).toEqual({
      edges: [],
      pageInfo: { hasNextPage: true, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rowsAfter } from '../testing/rows.js';
import { ContradictoryChanges, reduce } from './reduce.js';
import { type Change, insert, table, update, upsert } from './table.js';

const announced = table('announced', ['id'], {
  id: 'integer',
  label: 'text?',
  count: 'integer',
  sum: 'bigint',
});
const accumulated = table('accumulated', ['id'], {
  id: 'integer',
  label: 'text?',
  count: 'integer',
  sum: 'bigint',
});

const id = fc.integer({ min: 1, max: 3 });
const set = fc.record(
  { label: fc.option(fc.string()), count: fc.integer({ min: -9, max: 9 }) },
  { requiredKeys: [] },
);
const add = fc.record(
  { count: fc.integer({ min: -9, max: 9 }), sum: fc.integer({ min: -9, max: 9 }) },
  { requiredKeys: [] },
);
/** A column is set or added to by one change, not both. */
const parts = fc.tuple(set, add).map(([set, { count, ...rest }]) => ({
  set,
  add: 'count' in set || count === undefined ? rest : { ...rest, count },
}));

const updates = fc.tuple(id, parts).map(([id, { set, add }]) => update(announced, { id }, set, add));
const upserts = fc.tuple(id, parts).map(([id, { set, add }]) => upsert(accumulated, { id }, set, add));
const made = [1, 2, 3].map((id) => insert(announced, { id, label: `row ${id}`, count: id, sum: 0 }));

describe('reducing a batch of changes', () => {
  it('comes to the same rows as one change after another', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(updates, upserts), { maxLength: 30 }),
        fc.nat(30),
        fc.nat(3),
        (changes, at, count) => {
          const all = changes.toSpliced(at, 0, ...made.slice(0, count));
          for (const table of [announced, accumulated]) {
            expect(rowsAfter(reduce(all), table)).toEqual(rowsAfter(all, table));
          }
        },
      ),
    );
  });

  it('has at most one change a row', () => {
    fc.assert(
      fc.property(fc.array(upserts, { maxLength: 30 }), (changes) => {
        const keys = reduce(changes).map(({ key }) => key['id']);
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });

  it('drops an update of a row that is made after it, because there was no row', () => {
    const [row] = made;
    const changes: Change[] = [update(announced, { id: 1 }, { label: 'too early' }), ...(row ? [row] : [])];
    expect(reduce(changes)).toEqual([row]);
  });

  it('refuses to make a row twice', () => {
    expect(() => reduce([...made, ...made])).toThrow(ContradictoryChanges);
  });

  it('refuses to update and upsert one row', () => {
    const changes = [update(announced, { id: 1 }, { count: 1 }), upsert(announced, { id: 1 }, { count: 2 })];
    expect(() => reduce(changes)).toThrow(ContradictoryChanges);
  });
});

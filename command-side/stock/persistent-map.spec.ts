import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { PersistentMap } from './persistent-map.js';

const change = fc.record({
  /** Which of the versions made so far is changed. */
  version: fc.nat(),
  key: fc.integer({ min: 0, max: 8 }),
  value: fc.option(fc.integer(), { nil: undefined }),
});

describe('PersistentMap', () => {
  it('keeps every version as it was, whichever version is changed or read in between', () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 60 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        (changes, reads) => {
          const versions = [{ map: PersistentMap.empty<number, number>(), copy: new Map<number, number>() }];
          for (const { version, key, value } of changes) {
            const from = versions[version % versions.length] ?? versions[0];
            if (!from) return;
            const copy = new Map(from.copy);
            if (value === undefined) copy.delete(key);
            else copy.set(key, value);
            versions.push({
              map: value === undefined ? from.map.without(key) : from.map.with(key, value),
              copy,
            });
          }
          for (const read of [...reads, ...versions.keys()]) {
            const version = versions[read % versions.length];
            expect(new Map(version?.map.entries())).toEqual(version?.copy);
            expect(version?.map.size).toBe(version?.copy.size);
          }
        },
      ),
    );
  });

  it('costs one write a change, however many maps grow side by side from the empty one', () => {
    const CHANGES = 1_000;
    const empty = PersistentMap.empty<number, number>();
    const writes = jest.spyOn(Map.prototype, 'set');
    let [one, other] = [empty, empty];
    for (let key = 0; key < CHANGES; key++) {
      one = one.with(key, 1);
      other = other.with(key, 2);
    }
    const written = writes.mock.calls.length;
    writes.mockRestore();
    expect([one.size, other.size]).toEqual([CHANGES, CHANGES]);
    expect(written).toBeLessThanOrEqual(2 * CHANGES);
  });

  it('is made of entries, and yields them in their order', () => {
    const entries: [string, number][] = [
      ['b', 1],
      ['a', 2],
      ['b', 3],
    ];
    const map = PersistentMap.of(entries);
    expect(map.entries()).toEqual([
      ['b', 3],
      ['a', 2],
    ]);
    expect([map.without('b').first(), map.size]).toEqual([['a', 2], 2]);
  });

  it('yields the oldest entry first', () => {
    const map = PersistentMap.empty<string, number>().with('a', 1).with('b', 2);
    expect(map.first()).toEqual(['a', 1]);
    expect(map.without('a').first()).toEqual(['b', 2]);
    expect(map.without('a').without('b').first()).toBeUndefined();
  });
});

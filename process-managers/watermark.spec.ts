import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Watermark } from './watermark.js';

describe('a watermark', () => {
  it('stands before the lowest unfinished event', () => {
    const mark = new Watermark(-1n);
    mark.begin(3n, 1);
    mark.begin(7n, 2);
    mark.finish(7n);
    expect(mark.done).toBe(-1n);
    mark.finish(3n);
    expect(mark.done).toBe(7n);
  });

  it('moves over what is of no interest, but not over what is in hand', () => {
    const mark = new Watermark(5n);
    mark.passOver(9n);
    expect(mark.done).toBe(9n);
    mark.begin(12n, 1);
    mark.passOver(20n);
    expect(mark.done).toBe(9n);
    expect(mark.seen).toBe(20n);
    mark.finish(12n);
    expect(mark.done).toBe(20n);
  });

  it('tells since when the lowest unfinished event is in hand', () => {
    const mark = new Watermark(0n);
    expect(mark.openSince).toBeUndefined();
    mark.begin(1n, 10);
    mark.begin(2n, 20);
    expect(mark.openSince).toBe(10);
    mark.finish(1n);
    expect(mark.openSince).toBe(20);
  });

  it('never goes back', () => {
    const mark = new Watermark(5n);
    mark.passOver(2n);
    expect(mark.seen).toBe(5n);
  });

  it('has finished everything at or below it, whatever finishes first', () => {
    const steps = fc.array(fc.record({ gap: fc.bigInt(1n, 5n), begin: fc.boolean(), finish: fc.nat() }));
    fc.assert(
      fc.property(steps, (taken) => {
        const mark = new Watermark(0n);
        const inHand: bigint[] = [];
        let before = 0n;
        for (const { gap, begin, finish } of taken) {
          const position = mark.seen + gap;
          if (begin) {
            mark.begin(position, 0);
            inHand.push(position);
          } else mark.passOver(position);
          const [finished] = inHand.splice(finish % Math.max(1, inHand.length), finish % 2);
          if (finished !== undefined) mark.finish(finished);
          expect(inHand.every((open) => open > mark.done)).toBe(true);
          expect(mark.done).toBeGreaterThanOrEqual(before);
          before = mark.done;
        }
      }),
    );
  });
});

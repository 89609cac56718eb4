import { describe, expect, it } from '@jest/globals';
import { NoTurn, Turns } from './turns.js';

const LONG_MS = 60_000;

/** Work that is under way until it is told to end. */
function lasting() {
  const begun: number[] = [];
  const { promise: ended, resolve: end } = Promise.withResolvers<undefined>();
  const work = (n: number) => () => {
    begun.push(n);
    return ended;
  };
  return { begun, work, end: () => end(undefined) };
}

const settled = (all: readonly Promise<unknown>[]) =>
  Promise.allSettled(all).then((results) => results.map(({ status }) => status));

describe('turns', () => {
  it('are taken in order, so many at once', async () => {
    const turns = new Turns({ atOnce: 2, waiting: 10, waitMs: LONG_MS });
    const { begun, work, end } = lasting();
    const all = [1, 2, 3, 4].map((n) => turns.use(work(n)));
    await Promise.resolve();
    expect(begun).toEqual([1, 2]);
    end();
    await Promise.all(all);
    expect(begun).toEqual([1, 2, 3, 4]);
  });

  it('are refused at once where as many as may wait for one already', async () => {
    const turns = new Turns({ atOnce: 1, waiting: 2, waitMs: LONG_MS });
    const { begun, work, end } = lasting();
    const taken = [1, 2, 3].map((n) => turns.use(work(n)));
    await expect(turns.use(work(4))).rejects.toThrow(NoTurn);
    end();
    expect(await settled(taken)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
    expect(begun).toEqual([1, 2, 3]);
  });

  it('are waited for no longer than that, and whoever has given up never begins', async () => {
    const turns = new Turns({ atOnce: 1, waiting: 2, waitMs: 20 });
    const { begun, work, end } = lasting();
    const first = turns.use(work(1));
    await expect(turns.use(work(2))).rejects.toThrow('no turn within 20 ms');
    end();
    await first;
    await turns.use(work(3));
    expect(begun).toEqual([1, 3]);
  });

  it('make room for the next who waits when one gives up, or fails', async () => {
    const turns = new Turns({ atOnce: 1, waiting: 1, waitMs: 20 });
    const { work, end } = lasting();
    const first = turns.use(work(1));
    await expect(turns.use(work(2))).rejects.toThrow('no turn within');
    const third = turns.use(() => Promise.reject(new Error('failed')));
    end();
    await first;
    await expect(third).rejects.toThrow('failed');
    await expect(turns.use(work(4))).resolves.toBeUndefined();
  });

  it('are nobody’s once they are closed, but for what is under way', async () => {
    const turns = new Turns({ atOnce: 1, waiting: 2, waitMs: LONG_MS });
    const { begun, work, end } = lasting();
    const first = turns.use(work(1));
    const second = turns.use(work(2));
    turns.close();
    await expect(second).rejects.toThrow(NoTurn);
    end();
    await first;
    await expect(turns.use(work(3))).rejects.toThrow(NoTurn);
    expect(begun).toEqual([1]);
  });
});

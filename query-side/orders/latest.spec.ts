import { describe, expect, it } from '@jest/globals';
import { Latest } from './latest.js';

describe('the latest value', () => {
  it('is handed to whoever waits for it', async () => {
    const latest = new Latest<number>(() => undefined);
    const waiting = latest.next();
    latest.give(1);
    expect(await waiting).toEqual({ value: 1, done: false });
  });

  it('takes the place of one that nobody has asked for', async () => {
    const latest = new Latest<number>(() => undefined);
    latest.give(1);
    latest.give(2);
    expect(await latest.next()).toEqual({ value: 2, done: false });
  });

  it('ends while it is being waited for, and says so once', async () => {
    let ended = 0;
    const latest = new Latest<number>(() => ended++);
    const waiting = latest.next();
    await latest.return();
    await latest.return();
    expect(await waiting).toEqual({ value: undefined, done: true });
    expect(ended).toBe(1);
  });

  it('is no more after the end', async () => {
    const latest = new Latest<number>(() => undefined);
    latest.give(1);
    await latest.return();
    latest.give(2);
    expect(await latest.next()).toEqual({ value: undefined, done: true });
  });
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { Clock } from './clock.js';
import { enter } from './realm.js';

afterEach(() => enter(undefined));

describe('a signal that aborts after a while', () => {
  it('does so by the virtual clock while a realm is entered', () => {
    const clock = new Clock(0);
    enter({ clock, random: () => 0 });
    const signal = AbortSignal.timeout(30_000);
    const seen: boolean[] = [];
    for (const at of [29_999, 30_001]) clock.in(at, undefined, () => seen.push(signal.aborted));
    while (clock.advance());
    expect(seen).toEqual([false, true]);
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
  });

  it('does so by the real one outside', async () => {
    const signal = AbortSignal.timeout(1);
    await once(signal, 'abort');
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
  });
});

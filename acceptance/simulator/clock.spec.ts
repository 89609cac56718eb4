import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Clock, drive } from './clock.js';
import { Life } from './life.js';
import { type Entry, Timeline } from './timeline.js';

let clock: Clock;
let happened: string[];
beforeEach(() => {
  clock = new Clock(0);
  happened = [];
});
const note = (what: string) => () => happened.push(`${clock.now} ${what}`);
const all = () => drive(() => clock.advance());

it('a timeline gives out what is due in order, and nothing that was called off', () =>
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(20), fc.boolean())), (entries) => {
      const timeline = new Timeline();
      const added = entries.map(([at, isOff], turn): Entry => ({
        at,
        due: at,
        turn,
        run: () => undefined,
        isOff,
      }));
      for (const entry of added) timeline.add(entry);
      const taken: Entry[] = [];
      for (let entry = timeline.take(); entry; entry = timeline.take()) taken.push(entry);
      const expected = added
        .filter(({ isOff }) => !isOff)
        .sort((one, other) => one.at - other.at || one.turn - other.turn);
      expect(taken).toEqual(expected);
    }),
  ));

describe('virtual time', () => {
  it('moves on to whatever is due next, in the order in which it was entered', async () => {
    clock.in(20, undefined, note('second'));
    clock.in(10, undefined, note('first'));
    clock.in(20, undefined, note('third'));
    await all();
    expect(happened).toEqual(['10 first', '20 second', '20 third']);
  });

  it('lets everything come to rest that something has set going, before the next', async () => {
    clock.in(1, undefined, () => {
      void (async () => {
        for (let step = 0; step < 10; step++) await Promise.resolve();
        note('settled')();
      })();
    });
    clock.in(2, undefined, note('next'));
    await all();
    expect(happened).toEqual(['1 settled', '2 next']);
  });

  it('lets timers come late while nothing else happens, but never past what does', async () => {
    const look = (): void => {
      note('looked')();
      if (happened.length < 6) clock.setTimer(look, 100);
    };
    clock.setTimer(look, 100);
    clock.in(5_000, undefined, note('something'));
    await all();
    expect(happened[0]).toBe('100 looked');
    expect(happened).toContain('5000 something');
    expect(happened.indexOf('5000 something')).toBeLessThan(6);
  });

  it('passes over what belongs to a process that has died', async () => {
    const life = new Life('one', () => undefined);
    clock.in(10, life, note('its'));
    clock.in(5, undefined, () => life.end());
    await all();
    expect(happened).toEqual([]);
  });

  it('keeps for a frozen process what is its, in order, and lets it call timers off after that', async () => {
    const life = new Life('one', () => undefined);
    life.frozenUntil = 100;
    clock.current = life;
    const timer = clock.setTimer(note('timer'), 10);
    clock.in(5, life, () => {
      note('event')();
      timer.isOff = true;
    });
    clock.in(50, undefined, () => {
      note('world')();
      life.frozenUntil = 200;
    });
    clock.in(60, life, note('later event'));
    await all();
    expect(happened).toEqual(['50 world', '200 event', '200 later event']);
  });

  it('tells each process the time by its own clock, and the world the true one', async () => {
    const slow = new Life('slow', () => undefined, -7);
    const told: number[] = [];
    clock.in(10, slow, () => told.push(clock.told));
    clock.in(10, undefined, () => told.push(clock.told));
    await all();
    expect(told).toEqual([3, 10]);
  });
});

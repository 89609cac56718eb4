import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import {
  type CursorKind,
  InstantKey,
  InvalidCursor,
  PositionKey,
  decodeCursor,
  encodeCursor,
} from './cursor.js';

const byTime: CursorKind<[string, string]> = { name: 'by-time', keys: z.tuple([InstantKey, PositionKey]) };
const byPosition: CursorKind<[string]> = { name: 'by-position', keys: z.tuple([PositionKey]) };

const keys: fc.Arbitrary<[string, string]> = fc.tuple(
  fc
    .date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  fc.bigInt({ min: 0n, max: 2n ** 60n }).map(String),
);
const cursors = keys.map((keys) => encodeCursor(byTime, keys));

describe('a cursor', () => {
  it('leads back to where it was made', () => {
    fc.assert(
      fc.property(keys, (keys) => expect(decodeCursor(byTime, encodeCursor(byTime, keys))).toEqual(keys)),
    );
  });

  it('keeps microseconds', () => {
    const keys: [string, string] = ['2026-01-31T12:00:00.123456Z', '1'];
    expect(decodeCursor(byTime, encodeCursor(byTime, keys))).toEqual(keys);
  });

  it('is refused when any of its characters is changed', () => {
    const characters = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ é');
    fc.assert(
      fc.property(cursors, fc.nat(), fc.constantFrom(...characters), (cursor, at, character) => {
        const index = at % cursor.length;
        fc.pre(cursor[index] !== character);
        const changed = cursor.slice(0, index) + character + cursor.slice(index + 1);
        expect(() => decodeCursor(byTime, changed)).toThrow(InvalidCursor);
      }),
    );
  });

  it('is refused when it is cut short or has something behind it', () => {
    fc.assert(
      fc.property(cursors, fc.nat(), fc.string({ minLength: 1 }), (cursor, at, tail) => {
        expect(() => decodeCursor(byTime, cursor.slice(0, at % cursor.length))).toThrow(InvalidCursor);
        expect(() => decodeCursor(byTime, cursor + tail)).toThrow(InvalidCursor);
      }),
    );
  });

  it('is refused when it is any other text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => expect(() => decodeCursor(byTime, text)).toThrow(InvalidCursor)),
    );
  });

  it('is refused by a list in another order', () => {
    expect(() => decodeCursor(byTime, encodeCursor(byPosition, ['7']))).toThrow(InvalidCursor);
  });

  it.each([
    ["'; DROP", 'x'],
    ['0000-01-01T00:00:00Z', '1'],
    ['2026-02-30T12:00:00Z', '1'],
    ['2026-01-31T25:00:00Z', '1'],
    ['12026-01-31T12:00:00Z', '1'],
    ['2026-01-31T12:00:00Z', String(2n ** 63n)],
  ])('is refused when its checksum is right and its keys are not: %s, %s', (time, position) => {
    const anything = { name: 'by-time', keys: z.tuple([z.string(), z.string()]) };
    const forged = encodeCursor(anything, [time, position]);
    expect(() => decodeCursor(byTime, forged)).toThrow(InvalidCursor);
  });

  it('reaches to the last position that Postgres holds', () => {
    const keys: [string] = [String(2n ** 63n - 1n)];
    expect(decodeCursor(byPosition, encodeCursor(byPosition, keys))).toEqual(keys);
  });
});

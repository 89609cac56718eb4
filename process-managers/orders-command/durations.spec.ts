import { describe, expect, it } from '@jest/globals';
import { Duration, at, durationText, since, until } from './durations.js';

describe('a duration', () => {
  it.each([
    ['90s', 90],
    ['15m', 900],
    ['2h', 7_200],
    ['1d', 86_400],
  ])('is written %s', (text, seconds) => {
    expect(Duration.parse(text)).toBe(seconds);
  });

  it.each(['15', 'm', '1.5h', '-1h', '1w', ''])('is not written %p', (text) => {
    expect(Duration.safeParse(text).success).toBe(false);
  });

  it.each([
    [0, '0s'],
    [0.6, '1s'],
    [59, '59s'],
    [60, '1m'],
    [3_725, '1h 2m'],
    [86_400 * 3 + 59, '3d'],
    [-4, '0s'],
  ])('of %d s is told as %s', (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });
});

describe('an instant', () => {
  const now = new Date('2026-01-31T12:00:00Z');

  it('is told by how far away it is', () => {
    expect(since('2026-01-31T11:58:30.000Z', now)).toBe('1m 30s');
    expect(until('2026-01-31T12:00:05Z', now)).toBe('in 5s');
    expect(until('2026-01-31T11:59:55Z', now)).toBe('overdue 5s');
    expect(until(null, now)).toBe('');
    expect(at('2026-01-31T13:00:00Z', now)).toBe('2026-01-31T13:00:00Z (in 1h)');
    expect(at('2026-01-31T11:00:00Z', now)).toBe('2026-01-31T11:00:00Z (1h ago)');
  });
});

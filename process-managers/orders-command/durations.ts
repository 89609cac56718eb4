import { z } from 'zod';

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** A duration as people write it, e.g. `90s`, `15m`, `2h` or `1d`, in seconds. */
export const Duration = z
  .string()
  .regex(/^\d{1,9}[smhd]$/, { error: 'must be a number of s, m, h or d, e.g. 15m' })
  .transform((text) => {
    const unit = z.enum(['s', 'm', 'h', 'd']).parse(text.at(-1));
    return Number.parseInt(text, 10) * SECONDS[unit];
  });

const PARTS = [
  ['d', SECONDS.d],
  ['h', SECONDS.h],
  ['m', SECONDS.m],
  ['s', SECONDS.s],
] as const;

/** In its two largest parts, e.g. `2h 5m`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const first = PARTS.findIndex(([, length]) => length <= whole);
  if (first === -1) return '0s';
  let left = whole;
  const parts = PARTS.slice(first, first + 2).map(([unit, length]) => {
    const count = Math.floor(left / length);
    left -= count * length;
    return [count, unit] as const;
  });
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ');
}

/** How long ago that was. */
export const since = (instant: string, now: Date): string => durationText(-secondsUntil(instant, now));

/** The instant, and how far away it is. */
export function at(instant: string, now: Date): string {
  const seconds = secondsUntil(instant, now);
  return `${instant} (${seconds > 0 ? `in ${durationText(seconds)}` : `${durationText(-seconds)} ago`})`;
}

/** In how long that is, or how long it is overdue; empty for none. */
export function until(instant: string | null, now: Date): string {
  if (instant === null) return '';
  const seconds = secondsUntil(instant, now);
  return seconds < 0 ? `overdue ${durationText(-seconds)}` : `in ${durationText(seconds)}`;
}

const secondsUntil = (instant: string, now: Date): number => (Date.parse(instant) - now.getTime()) / 1_000;

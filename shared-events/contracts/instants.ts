import { z } from 'zod';

/** Digits without end are as valid in RFC 3339; Postgres reads 128 characters of an instant at most. */
const MOST_CHARACTERS = 64;

/**
 * An instant in UTC that comes from outside, in RFC 3339: 0001 to 9999, the years that four digits and Postgres can
 * both tell. Conversion to UTC can leave them, so this is for what was converted.
 */
export const StorableInstant = z.iso
  .datetime({ error: 'must be an instant in the years 0001 to 9999, in UTC' })
  .max(MOST_CHARACTERS, { error: `must have at most ${MOST_CHARACTERS} characters` })
  .regex(/^(?!0000)/, { error: 'must be an instant in the years 0001 to 9999, in UTC' });

/**
 * The instant `milliseconds` after another, both RFC 3339 in UTC. Date is only the calendar here: the answer
 * depends on the arguments alone. Throws RangeError for what is no instant.
 */
export const later = (instant: string, milliseconds: number): string =>
  new Date(Date.parse(instant) + milliseconds).toISOString();

import { z } from 'zod';

/**
 * One line of text, 1 to `most` UTF-16 units. Control characters and halves of surrogate pairs are refused: the one
 * Postgres cannot hold (NUL), the other no UTF-8 can.
 */
export const lineOfText = (most: number) =>
  z
    .string()
    .min(1, { error: 'must not be empty' })
    .max(most, { error: `must have at most ${most} characters` })
    .regex(/^\P{Cc}*$/u, { error: 'must not contain control characters' })
    .regex(/^\P{Cs}*$/u, { error: 'must not contain halves of characters' });

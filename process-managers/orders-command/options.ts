import { lineOfText } from '@orders/shared-events/contracts/text.js';
import { z } from 'zod';
import { flag, one } from './verb.js';

const isSet = z.boolean().default(false);

const ETag = z
  .string()
  .regex(/^(\*|"?[^"\s]+"?)$/, { error: 'must be an ETag, or *' })
  .transform((tag) => (tag === '*' ? tag : `"${tag.replaceAll('"', '')}"`));

const MOST_ROWS = 1_000_000;
const Limit = z
  .union([z.literal('all').transform(() => Infinity), z.coerce.number().int().min(1).max(MOST_ROWS)], {
    error: `must be a whole number from 1 to ${MOST_ROWS}, or all`,
  })
  .default(50);

/** One of these words, or none. */
export const choiceOf = <const Word extends string>(words: readonly Word[]) =>
  z.enum(words, { error: `must be one of ${words.join(', ')}` }).optional();

/** Of everything that tells something. */
export const answerOptions = {
  json: flag(isSet, 'as the API answers, for programs'),
};

export const listOptions = {
  limit: one('rows', Limit, 'at most so many, or all; 50 unless told'),
  ...answerOptions,
};

/** Of everything that changes something. */
export const actionOptions = {
  reason: one('text', lineOfText(500), 'why you do it: it stands in the log'),
  dryRun: flag(isSet, 'only says what would be appended and sent'),
  key: one(
    'text',
    z.string().optional(),
    'the Idempotency-Key: a repeat under it does nothing more; a random one unless told',
  ),
  ...answerOptions,
};

/** Of what is done to something that was looked at before. */
export const seenOptions = {
  ifMatch: one(
    'etag',
    ETag.optional(),
    'the state that you have seen, or * for any; unless told it is read and shown first, and it is that',
  ),
};

/** Of what cannot be taken back. */
export const sureOptions = {
  yes: flag(isSet, 'do not ask whether it is meant'),
};

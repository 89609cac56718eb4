import { z } from 'zod';
import { type EventsOf, versions } from './versions.js';

/** At most so many in one request. */
export const MOST_LETTERS = 500;

/** A dead letter as whoever decides about it has seen it: of one that has died again since, it decides nothing. */
export const SeenLetter = z.object({ id: z.uuid(), version: z.int().positive() });
export type SeenLetter = z.infer<typeof SeenLetter>;

const letters = {
  requestId: z.uuid(),
  letters: z.array(SeenLetter).min(1).max(MOST_LETTERS),
  /** How they were chosen, where that was by what they have in common, e.g. `queue=commands.order`. */
  selection: z.string().max(1_000).optional(),
};

/** In hexadecimal. */
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const requeued = z.object({ ...letters, edited: z.boolean() });

/** What operators decide about messages that came to nothing. Their content stays where it is, beside the log. */
export const deadLettersEvents = {
  /**
   * They are to be sent again. `edited`: with another content than they died with, which has that digest; the first
   * version does not say it.
   */
  DeadLettersRequeued: versions(requeued, requeued.extend({ contentSha256: Sha256.optional() })),
  DeadLettersDiscarded: versions(z.object(letters)),
};
export type DeadLettersEvent = EventsOf<typeof deadLettersEvents>;

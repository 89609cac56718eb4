import { StorableInstant } from '@orders/shared-events/contracts/instants.js';
import { z } from 'zod';

const MOST = 100;

/** The sort key of a page's last row: the next page begins behind it. */
export const byAge = z.tuple([StorableInstant, z.uuid()]);

/** The query parameters of a list whose cursors hold a key of that shape; to the caller they are opaque. */
export const paging = <Key extends z.ZodType>(key: Key) => ({
  first: z.coerce.number().int().min(1).max(MOST).default(50).meta({ description: 'Rows a page.' }),
  after: z
    .string()
    .max(500)
    .transform((text, context) => {
      const parsed = key.safeParse(json(text));
      if (parsed.success) return parsed.data;
      context.addIssue('is not a cursor that this API gave out');
      return z.NEVER;
    })
    .optional()
    .meta({ description: '`next` of the page before.' }),
});

export const nextPage = z
  .string()
  .nullable()
  .meta({ description: '`after` of the next page; null on the last.' });

/** The rows of a page and its `next`, from one row more than were asked for. */
export function pageOf<Row>(
  rows: readonly Row[],
  first: number,
  keyOf: (row: Row) => unknown,
): { readonly page: Row[]; readonly next: string | null } {
  const page = rows.slice(0, first);
  const last = page.at(-1);
  const more = rows.length > first && last !== undefined;
  return { page, next: more ? Buffer.from(JSON.stringify(keyOf(last))).toString('base64url') : null };
}

function json(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

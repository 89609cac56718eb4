import { z } from 'zod';

const MOST = 100;

/** Where a page ends, opaque to the caller: the sort key of its last row. */
const Cursor = z
  .string()
  .max(200)
  .transform((text, context) => {
    const key = Key.safeParse(json(text));
    if (key.success) return key.data;
    context.addIssue('is not a cursor that this API gave out');
    return z.NEVER;
  });
const Key = z.tuple([z.string(), z.string()]);
export type Cursor = z.infer<typeof Key>;

export const paging = {
  first: z.coerce.number().int().min(1).max(MOST).default(50).meta({ description: 'Rows a page.' }),
  after: Cursor.optional().meta({ description: '`next` of the page before.' }),
};

export const nextPage = z
  .string()
  .nullable()
  .meta({ description: '`after` of the next page; null on the last.' });

/** The rows of a page and its `next`, from one row more than were asked for. */
export function pageOf<Row>(
  rows: readonly Row[],
  first: number,
  keyOf: (row: Row) => Cursor,
): { readonly page: readonly Row[]; readonly next: string | null } {
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

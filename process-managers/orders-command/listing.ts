import type { z } from 'zod';
import { exitCodes } from '@orders/shared-events/transport/command-line.js';
import type { Page } from './admin-client.js';
import { decoded } from './api-answer.js';
import { type Column, table } from './table.js';
import type { World } from './world.js';

export interface Listing<Row> {
  readonly pages: AsyncIterable<Page>;
  /** What is shown of a row. */
  readonly row: z.ZodType<Row>;
  readonly columns: (now: Date) => readonly Column<Row>[];
  /** What a row is one of, e.g. `processes`. */
  readonly of: string;
}

/** Rows as a table once all of them are there, or each as a line of JSON as soon as it is. */
export async function list<Row>(
  { json }: { readonly json: boolean },
  { pages, row, columns, of }: Listing<Row>,
  { terminal, now }: Pick<World, 'terminal' | 'now'>,
): Promise<number> {
  const rows: Row[] = [];
  let isMore = false;
  for await (const page of pages) {
    if (json) for (const one of page.rows) writeJson(one, terminal);
    else rows.push(...page.rows.map((one) => decoded(row, one)));
    isMore = page.more;
  }
  if (rows.length > 0) terminal.write(table(rows, columns(now()), terminal));
  else if (!json) terminal.note(`no ${of}`);
  if (isMore) terminal.note('there are more; --limit says how many are shown');
  return exitCodes.done;
}

/** As an object in one line. */
export const writeJson = (value: unknown, terminal: World['terminal']): void =>
  terminal.write(`${JSON.stringify(value)}\n`);

/** What an API answers about one thing: as it is, or as text for people. */
export function tell<Answer>(
  body: unknown,
  { json }: { readonly json: boolean },
  { schema, text }: { readonly schema: z.ZodType<Answer>; readonly text: (answer: Answer) => string },
  { terminal }: Pick<World, 'terminal'>,
): number {
  if (json) writeJson(body, terminal);
  else terminal.write(text(decoded(schema, body)));
  return exitCodes.done;
}

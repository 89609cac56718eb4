import { z } from 'zod';
import { LogPosition } from '@orders/shared-events/contracts/ids.js';
import type { Statement } from '../database/statement.js';
import type { Queryable } from '../database/database.js';

/** The one channel on which processes tell each other what became of the read models. */
export const CHANNEL = 'read_models';

export const Announcement = z.discriminatedUnion('kind', [
  /** The rows of the build hold everything up to the position. One a batch. */
  z.object({ kind: z.literal('advanced'), build: z.string(), position: LogPosition }),
  /** A build was promoted, or has lost its builder. */
  z.object({ kind: z.literal('builds') }),
]);
export type Announcement = z.infer<typeof Announcement>;

/** Heard by the others when the transaction commits. */
export async function announce(database: Queryable, announcement: Announcement): Promise<void> {
  const statement: Statement = {
    text: 'SELECT pg_notify($1, $2)',
    values: [CHANNEL, JSON.stringify(announcement)],
  };
  await database.query(statement);
}

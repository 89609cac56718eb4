import { randomUUID } from 'node:crypto';
import { LogPosition, RECONCILIATION_STREAM, logPosition } from '@orders/shared-events/contracts/ids.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import { z } from 'zod';

/** How far both books were compared: up to there everything was, once. */
export interface Place {
  /** Whether that was all that there was. */
  readonly atEnd: boolean;
  /** Of the provider's changes; undefined before the first. */
  readonly cursor: string | undefined;
  /** Of the log; undefined before its beginning. */
  readonly position: bigint | undefined;
}

export interface Bookmark extends Place {
  /** Undefined where there is none yet. */
  readonly revision: bigint | undefined;
  /** When it was put there. */
  readonly at: Date | undefined;
}

const Stored = z.object({
  atEnd: z.boolean(),
  cursor: z.string().optional(),
  position: LogPosition.optional(),
});

/** Kept in the log itself, as the last event of a stream of its own: it belongs to this log and to no other. */
export class ReconciliationBookmark {
  constructor(
    private readonly store: Pick<EventStore, 'appendSnapshot' | 'keepLastOnly' | 'readStreamBackwards'>,
  ) {}

  async read(): Promise<Bookmark> {
    for await (const { data, revision, recordedAt } of this.store.readStreamBackwards(
      RECONCILIATION_STREAM,
      1,
    )) {
      const { atEnd, cursor, position } = Stored.parse(data);
      return {
        atEnd,
        cursor,
        position: position === undefined ? undefined : BigInt(position),
        revision,
        at: recordedAt,
      };
    }
    return { atEnd: false, cursor: undefined, position: undefined, revision: undefined, at: undefined };
  }

  /** False where somebody else has put it further since `read`: what was done then is done again, which harms nobody. */
  async move({ revision }: Bookmark, { atEnd, cursor, position }: Place): Promise<boolean> {
    if (revision === undefined) await this.store.keepLastOnly(RECONCILIATION_STREAM);
    const data: z.input<typeof Stored> = {
      atEnd,
      ...(cursor === undefined ? {} : { cursor }),
      ...(position === undefined ? {} : { position: logPosition(position) }),
    };
    const event = { id: randomUUID(), type: 'PaymentsReconciled', data };
    const result = await this.store.appendSnapshot(RECONCILIATION_STREAM, revision ?? 'no_stream', event);
    return result.outcome === 'appended';
  }
}

import { streamDeleted } from './errors.js';
import { type EventLog, NO_REVISION } from './event-log.js';
import type { EventFilter } from './filter.js';
import type { Shown } from './links.js';
import type { ReadFrom } from './read-request.js';
import { TOMBSTONE_REVISION } from './recorded-event.js';
import { checkpoint } from './responses.js';
import { NO_LIMITS } from './stream-metadata.js';
import { isYoungEnough, limitsOf, lowestVisible } from './visible-range.js';

/**
 * What a subscription has yet to send. It is always read from the log after a cursor, live or not, so
 * that nothing is skipped or sent twice when a reader catches up, falls behind and catches up again.
 */
export interface Feed {
  /** All that lies after the cursor, as responses in pages; a page may be empty. Moves the cursor. */
  pending(live: boolean): Generator<Buffer[]>;
  /** Events between the cursor and the end. */
  lag(): number;
}

export class AllFeed implements Feed {
  private cursor: number;
  private considered = 0;

  constructor(
    private readonly log: EventLog,
    from: ReadFrom,
    private readonly filter: EventFilter | undefined,
    private readonly shown: Shown,
  ) {
    this.cursor = from === 'start' ? 0 : from === 'end' ? log.head : from;
  }

  lag(): number {
    return this.log.head - this.cursor;
  }

  *pending(): Generator<Buffer[]> {
    const range = {
      from: this.cursor + 1,
      to: this.log.head,
      direction: 'forwards',
      limit: Infinity,
    } as const;
    for (const page of this.log.all(range)) {
      const responses: Buffer[] = [];
      for (const { position, record } of page) {
        this.cursor = position;
        if (this.filter === undefined || this.filter.matches(record)) responses.push(this.shown(record));
        if (this.isCheckpointDue()) responses.push(checkpoint(position));
      }
      yield responses;
    }
  }

  private isCheckpointDue(): boolean {
    if (this.filter === undefined || ++this.considered < this.filter.checkpointInterval) return false;
    this.considered = 0;
    return true;
  }
}

export class StreamFeed implements Feed {
  private cursor: number;

  constructor(
    private readonly log: EventLog,
    private readonly stream: string,
    from: ReadFrom,
    private readonly shown: Shown,
  ) {
    this.cursor = from === 'start' ? NO_REVISION : from === 'end' ? log.lastRevision(stream) : from;
  }

  lag(): number {
    return this.log.lastRevision(this.stream) - this.cursor;
  }

  /** Throws stream-deleted at a tombstone, after what a live reader had not seen yet. */
  *pending(live: boolean): Generator<Buffer[]> {
    const last = this.log.lastRevision(this.stream);
    const tombstoned = last === TOMBSTONE_REVISION;
    if (tombstoned && !live) throw streamDeleted(this.stream);
    const limits = live ? NO_LIMITS : limitsOf(this.log, this.stream);
    const from = Math.max(this.cursor + 1, lowestVisible(limits, last));
    const to = tombstoned ? last - 1 : last;
    const now = Date.now();
    for (const page of this.log.stream(this.stream, { from, to, direction: 'forwards', limit: Infinity })) {
      this.cursor = page.at(-1)?.revision ?? this.cursor;
      yield page
        .filter(({ record }) => isYoungEnough(limits, record, now))
        .map(({ record }) => this.shown(record));
    }
    if (tombstoned) throw streamDeleted(this.stream);
    this.cursor = Math.max(this.cursor, last);
  }
}

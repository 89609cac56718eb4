import { NO_REVISION } from './event-log.js';
import { TOMBSTONE_REVISION } from './recorded-event.js';

/**
 * Whether an append may happen, as EventStoreDB decides it. Pure: what is known of the stream comes in.
 *
 * Ids are compared, data never is: an append that comes again is answered with what the first one did.
 */

/** 'any' and 'stream_exists' check no revision; a number is the revision of the last event that the writer saw. */
export type ExpectedRevision = 'any' | 'no_stream' | 'stream_exists' | bigint;

/** Where an event was recorded. */
export interface Recorded {
  readonly revision: number;
  readonly position: number;
}

export interface StreamState {
  /** NO_REVISION while nothing was ever appended, TOMBSTONE_REVISION once it is tombstoned. */
  readonly lastRevision: number;
  readonly softDeleted: boolean;
  /** Whether its metadata stream has events: such a stream counts as existing. */
  readonly hasMetadata: boolean;
  /** The event at a revision, from the log. */
  eventAt(revision: number): { readonly id: string; readonly position: number } | undefined;
  /** An event of this stream by id, as far back as the bounded cache goes. */
  recentEvent(id: string): Recorded | undefined;
}

export type Decision =
  | { readonly kind: 'append' }
  /** The same ids were appended before; `last` is where their last one is. */
  | { readonly kind: 'repeat'; readonly last: Recorded }
  | { readonly kind: 'wrong-revision' }
  | { readonly kind: 'deleted' };

const APPEND: Decision = { kind: 'append' };
const WRONG_REVISION: Decision = { kind: 'wrong-revision' };
const DELETED: Decision = { kind: 'deleted' };

/** The order of the checks is the server's; callers see which one speaks first. */
export function decideAppend(
  stream: StreamState,
  expected: ExpectedRevision,
  ids: readonly string[],
): Decision {
  if (stream.lastRevision === TOMBSTONE_REVISION) return DELETED;
  switch (expected) {
    case 'stream_exists':
      if (stream.softDeleted) return DELETED;
      if (stream.lastRevision === NO_REVISION && !stream.hasMetadata) return WRONG_REVISION;
      return decideByRecentIds(stream, ids);
    case 'any':
      return decideByRecentIds(stream, ids);
    case 'no_stream':
      return decideByRevision(stream, NO_REVISION, ids);
    default:
      // Beyond 2^53 no revision exists here, so it is above the last one whatever it is.
      return decideByRevision(stream, Number(expected), ids);
  }
}

/** The id of an event that no stream holds. */
const UNSEEN = '';

/** A deletion is decided as an append of one event that is always new. */
export function decideTombstone(stream: StreamState, expected: ExpectedRevision): Decision {
  return decideAppend(stream, expected, [UNSEEN]);
}

/** Where nothing ever was it is refused whatever is expected (as of 24.10). */
export function decideSoftDelete(stream: StreamState, expected: ExpectedRevision): Decision {
  const decision = decideAppend(stream, expected, [UNSEEN]);
  const isNothing = stream.lastRevision === NO_REVISION && !stream.hasMetadata;
  return decision.kind === 'append' && isNothing ? WRONG_REVISION : decision;
}

/** No revision to compare: all ids known is a repeat, none an append, and a mixture is refused. */
function decideByRecentIds(stream: StreamState, ids: readonly string[]): Decision {
  let last: Recorded | undefined;
  for (const id of ids) {
    const recorded = stream.recentEvent(id);
    if (recorded === undefined) return last === undefined ? APPEND : WRONG_REVISION;
    last = recorded;
  }
  return last === undefined ? APPEND : { kind: 'repeat', last };
}

function decideByRevision(stream: StreamState, expected: number, ids: readonly string[]): Decision {
  if (expected === stream.lastRevision) return APPEND;
  if (expected > stream.lastRevision) return WRONG_REVISION;
  return decideBehindHead(stream, expected, ids);
}

/** The writer is behind: it is a repeat if exactly its ids follow the revision that it expected. */
function decideBehindHead(stream: StreamState, expected: number, ids: readonly string[]): Decision {
  let last: Recorded | undefined;
  let revision = expected;
  for (const id of ids) {
    const found = stream.eventAt(++revision);
    if (found?.id !== id) break;
    last = { revision, position: found.position };
  }
  if (last !== undefined && last.revision === expected + ids.length) return { kind: 'repeat', last };
  const isNew = ids.length > 0 && last === undefined;
  return isNew && expected === NO_REVISION && stream.softDeleted ? APPEND : WRONG_REVISION;
}

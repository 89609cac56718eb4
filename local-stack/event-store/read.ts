import { setImmediate } from 'node:timers/promises';
import { internalError, RpcError, streamDeleted } from './errors.js';
import { type EventLog, NO_REVISION, type StoredEvent } from './event-log.js';
import { readRequest, type ReadFrom, type ReadRequest } from './read-request.js';
import { asRecorded, linksResolved, type Shown } from './links.js';
import { TOMBSTONE_REVISION } from './recorded-event.js';
import { type ReadCall, Responses, streamNotFound } from './responses.js';
import { SOFT_DELETED } from './stream-metadata.js';
import { subscribe } from './subscription.js';
import type { Watchers } from './watchers.js';
import { isYoungEnough, limitsOf, lowestVisible } from './visible-range.js';

/** Read: a part of a stream or of $all, or a subscription to one of them. `onFault` hears of a damaged log. */
export function readHandler(log: EventLog, watchers: Watchers, onFault: (fault: Error) => void) {
  return (call: ReadCall): void => {
    const responses = new Responses(call);
    serve(log, watchers, responses, call)
      .then(() => call.end())
      .catch((error: unknown) => {
        if (error instanceof Error && !(error instanceof RpcError)) onFault(error);
        call.emit('error', internalError(error));
      });
  };
}

async function serve(log: EventLog, watchers: Watchers, responses: Responses, call: ReadCall): Promise<void> {
  const request = readRequest(call.request);
  const { stream, count } = request;
  const shown = request.resolvesLinks ? linksResolved(log) : asRecorded;
  if (count === 'all-and-live') await subscribe(log, watchers, responses, request, shown);
  else if (stream === undefined) await send(responses, count, pagesOfAll(log, request), shown);
  else if (isHidden(log, stream)) responses.send(streamNotFound(stream));
  else await send(responses, count, pagesOfStream(log, request, stream), shown);
}

/**
 * Forwards from a position includes the event there, backwards does not: to the server a position is
 * the gap before an event, and it reads on from that gap either way.
 */
function* pagesOfAll(
  log: EventLog,
  { from, direction, count, filter }: ReadRequest,
): Generator<StoredEvent[]> {
  const gap = Math.max(1, placeOf(from, log.head + 1));
  const [first, last] = direction === 'forwards' ? [gap, log.head] : [Math.min(gap - 1, log.head), 1];
  const limit = filter === undefined && count !== 'all-and-live' ? count : Infinity;
  for (const page of log.all({ from: first, to: last, direction, limit })) {
    yield filter === undefined ? page : page.filter(({ record }) => filter.matches(record));
  }
}

/** Throws stream-deleted for a tombstoned one; true when a reader is told that it does not exist. */
function isHidden(log: EventLog, stream: string): boolean {
  const last = log.lastRevision(stream);
  if (last === TOMBSTONE_REVISION) throw streamDeleted(stream);
  return last === NO_REVISION || limitsOf(log, stream).truncateBefore === SOFT_DELETED;
}

function* pagesOfStream(
  log: EventLog,
  { from, direction }: ReadRequest,
  stream: string,
): Generator<StoredEvent[]> {
  const last = log.lastRevision(stream);
  const limits = limitsOf(log, stream);
  const lowest = lowestVisible(limits, last);
  const now = Date.now();
  const range =
    direction === 'forwards'
      ? { from: Math.max(placeOf(from, last + 1), lowest), to: last }
      : { from: Math.min(placeOf(from, last), last), to: lowest };
  for (const page of log.stream(stream, { ...range, direction, limit: Infinity })) {
    yield page.filter(({ record }) => isYoungEnough(limits, record, now));
  }
}

/** Sends until `count` is reached, the pages end, or nobody listens any more. */
async function send(
  responses: Responses,
  count: number,
  pages: Iterable<StoredEvent[]>,
  shown: Shown,
): Promise<void> {
  let left = count;
  if (left === 0) return;
  for (const page of pages) {
    for (const { record } of page.slice(0, left)) {
      if (!responses.send(shown(record))) await responses.drained();
      if (responses.closed.aborted) return;
    }
    left -= page.length;
    if (left <= 0) return;
    await setImmediate(); // others get their turn during a long scan
  }
}

function placeOf(from: ReadFrom, end: number): number {
  if (from === 'start') return 0;
  return from === 'end' ? end : from;
}

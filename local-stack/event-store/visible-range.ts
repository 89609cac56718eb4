import { type EventLog, NO_REVISION } from './event-log.js';
import { createdAt } from './recorded-event.js';
import {
  isMetastream,
  METASTREAM_LIMITS,
  metastreamOf,
  NO_LIMITS,
  readLimits,
  type ReadLimits,
} from './stream-metadata.js';

/** The limits that a stream's metadata puts on its readers. */
export function limitsOf(log: EventLog, stream: string): ReadLimits {
  if (isMetastream(stream)) return METASTREAM_LIMITS;
  const metastream = metastreamOf(stream);
  const last = log.lastRevision(metastream);
  const metadata = last === NO_REVISION ? undefined : log.eventAt(metastream, last);
  return metadata === undefined ? NO_LIMITS : readLimits(metadata.record);
}

/** The lowest revision that is seen of a stream whose last one is `lastRevision`. */
export function lowestVisible(limits: ReadLimits, lastRevision: number): number {
  return Math.max(0, lastRevision - limits.maxCount + 1, limits.truncateBefore);
}

export function isYoungEnough(limits: ReadLimits, record: Buffer, now: number): boolean {
  return limits.maxAge === Infinity || createdAt(record) >= now - limits.maxAge;
}

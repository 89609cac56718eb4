import streams from '@eventstore/db-client/generated/streams_pb.js';
import { type EventLog, NO_REVISION, type StoredEvent } from './event-log.js';
import { eventType, responseBytes, TOMBSTONE_REVISION } from './recorded-event.js';
import { isYoungEnough, limitsOf, lowestVisible } from './visible-range.js';

/**
 * A link is an event of type `$>` whose data names another event: `revision@stream`. A reader that wants links
 * resolved gets that event with the link beside it; where it is hidden, or was never there, the link alone.
 */
const LINK_TYPE = '$>';
const TARGET = /^(\d{1,16})@(.+)$/su;

/** How a reader sees an event: as it was recorded, or what it links to. Responses, ready to be sent. */
export type Shown = (record: Buffer) => Buffer;

export const asRecorded: Shown = responseBytes;

export const linksResolved =
  (log: EventLog): Shown =>
  (record) =>
    eventType(record) === LINK_TYPE ? resolved(log, record) : responseBytes(record);

function resolved(log: EventLog, record: Buffer): Buffer {
  const response = streams.ReadResp.deserializeBinary(responseBytes(record));
  const read = response.getEvent();
  const link = read?.getEvent();
  if (read === undefined || link === undefined) return responseBytes(record);
  const [, revision, stream] = TARGET.exec(Buffer.from(link.getData_asU8()).toString()) ?? [];
  const target = stream === undefined ? undefined : visibleEvent(log, stream, Number(revision));
  read.setLink(link);
  if (target === undefined) read.clearEvent();
  else read.setEvent(streams.ReadResp.deserializeBinary(responseBytes(target.record)).getEvent()?.getEvent());
  return Buffer.from(response.serializeBinary());
}

/** The event at a revision, where a reader of its stream would see it. */
function visibleEvent(log: EventLog, stream: string, revision: number): StoredEvent | undefined {
  const last = log.lastRevision(stream);
  if (last === NO_REVISION || last === TOMBSTONE_REVISION) return undefined;
  const limits = limitsOf(log, stream);
  if (revision < lowestVisible(limits, last)) return undefined;
  const event = log.eventAt(stream, revision);
  return event !== undefined && isYoungEnough(limits, event.record, Date.now()) ? event : undefined;
}

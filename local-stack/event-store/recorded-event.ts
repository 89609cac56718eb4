import { crc32 } from 'node:zlib';
import { fieldSize, ProtobufWriter, varintField, varintSize } from './protobuf.js';

/**
 * A recorded event is stored as the bytes that a read sends (a ReadResp message), behind a small
 * header that tells where in them id, stream name and type stand. So a read copies, a filter
 * compares without decoding, and nothing is encoded twice.
 *
 * Header: CRC-32 of all that follows it; created (ms since 1970) and revision as doubles; then five uint32:
 * start of the id, start and length of the stream name, start and length of the type. All offsets count from
 * the first byte of the header.
 */
const HEADER = {
  checksum: 0,
  created: 4,
  revision: 12,
  id: 20,
  stream: 24,
  streamLength: 28,
  type: 32,
  typeLength: 36,
};
const CHECKED_FROM = 4;
const HEADER_LENGTH = 40;
const ID_LENGTH = 36;

/** Revision of the event that a tombstone leaves; the server uses the greatest signed 64-bit integer. */
export const TOMBSTONE_REVISION = Number.MAX_SAFE_INTEGER;
const TOMBSTONE_ON_WIRE = 9_223_372_036_854_775_807n;
const TOMBSTONE_SIZE = 9;

const TYPE_KEY = 'type';
const CONTENT_TYPE_KEY = 'content-type';
const CREATED_KEY = 'created';

/** The event as its writer proposes it. `id` is a lower-case UUID. */
export interface ProposedEvent {
  readonly id: string;
  readonly type: string;
  readonly isJson: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** Where the log puts it: `position` in $all, `revision` in the stream, `created` in ms since 1970. */
export interface Placement {
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly created: number;
}

/** Size that counts towards the maximum append size: data, metadata and the type in UTF-16, as the server counts it. */
export function appendSize(event: ProposedEvent): number {
  return event.data.length + event.metadata.length + 2 * event.type.length;
}

/** The stored form of `event` at its place. */
export function encodeRecordedEvent(event: ProposedEvent, place: Placement): Buffer {
  const parts = encodeParts(event, place);
  const recorded = recordedSize(event, parts);
  const readEvent = fieldSize(recorded) + 1 + parts.position;
  const record = Buffer.allocUnsafe(HEADER_LENGTH + fieldSize(readEvent));
  const writer = new ProtobufWriter(record, HEADER_LENGTH);
  writer.open(1, readEvent); // ReadResp.event
  writer.open(1, recorded); // ReadEvent.event
  const starts = writeRecorded(writer, event, place, parts);
  writer.byte(varintField(3)); // ReadEvent.commit_position
  writer.varint(place.position);
  record.writeDoubleBE(place.created, HEADER.created);
  record.writeDoubleBE(place.revision, HEADER.revision);
  record.writeUInt32BE(starts.id, HEADER.id);
  record.writeUInt32BE(starts.stream, HEADER.stream);
  record.writeUInt32BE(parts.stream.length, HEADER.streamLength);
  record.writeUInt32BE(starts.type, HEADER.type);
  record.writeUInt32BE(parts.type.length, HEADER.typeLength);
  record.writeUInt32BE(checksum(record), HEADER.checksum);
  return record;
}

/** What is encoded, or measured, before the sizes of the messages around it are known. */
interface Parts {
  readonly stream: Buffer;
  readonly type: Buffer;
  readonly contentType: string;
  /** Ticks of 100 ns since 1970, in decimals. */
  readonly created: string;
  /** Sizes of the varints. */
  readonly position: number;
  readonly revision: number;
}

function encodeParts(event: ProposedEvent, place: Placement): Parts {
  return {
    stream: Buffer.from(place.stream),
    type: Buffer.from(event.type),
    contentType: event.isJson ? 'application/json' : 'application/octet-stream',
    created: `${place.created * 10_000}`,
    position: varintSize(place.position),
    revision: place.revision === TOMBSTONE_REVISION ? TOMBSTONE_SIZE : varintSize(place.revision),
  };
}

function recordedSize(event: ProposedEvent, parts: Parts): number {
  const numbers = 1 + parts.revision + 2 * (1 + parts.position);
  const metadata =
    fieldSize(entrySize(TYPE_KEY, parts.type.length)) +
    fieldSize(entrySize(CONTENT_TYPE_KEY, parts.contentType.length)) +
    fieldSize(entrySize(CREATED_KEY, parts.created.length));
  const names = fieldSize(fieldSize(ID_LENGTH)) + fieldSize(fieldSize(parts.stream.length));
  return names + numbers + metadata + fieldSize(event.metadata.length) + fieldSize(event.data.length);
}

/** Writes RecordedEvent; returns where in the record id, stream name and type begin. */
function writeRecorded(writer: ProtobufWriter, event: ProposedEvent, place: Placement, parts: Parts) {
  writer.open(1, fieldSize(ID_LENGTH)); // id
  writer.ascii(2, event.id);
  const id = writer.position - ID_LENGTH;
  writer.open(2, fieldSize(parts.stream.length)); // stream_identifier
  writer.bytes(3, parts.stream);
  const stream = writer.position - parts.stream.length;
  writer.byte(varintField(3)); // stream_revision
  if (place.revision === TOMBSTONE_REVISION) writer.bigVarint(TOMBSTONE_ON_WIRE);
  else writer.varint(place.revision);
  for (const positionField of [4, 5]) {
    writer.byte(varintField(positionField)); // prepare_position, commit_position
    writer.varint(place.position);
  }
  writer.open(6, entrySize(TYPE_KEY, parts.type.length)); // metadata, a map
  writer.ascii(1, TYPE_KEY);
  writer.bytes(2, parts.type);
  const type = writer.position - parts.type.length;
  for (const [key, value] of [
    [CONTENT_TYPE_KEY, parts.contentType],
    [CREATED_KEY, parts.created],
  ] as const) {
    writer.open(6, entrySize(key, value.length));
    writer.ascii(1, key);
    writer.ascii(2, value);
  }
  writer.bytes(7, event.metadata); // custom_metadata
  writer.bytes(8, event.data); // data
  return { id, stream, type };
}

/** Whether it is what was written. What is not may hold anything: none of the functions below is for it. */
export function isWhole(record: Buffer): boolean {
  return record.length > HEADER_LENGTH && record.readUInt32BE(HEADER.checksum) === checksum(record);
}

/** Whether it is the event of that stream at that revision. */
export function isAt(record: Buffer, stream: Buffer, revision: number): boolean {
  const start = record.readUInt32BE(HEADER.stream);
  const name = record.subarray(start, start + record.readUInt32BE(HEADER.streamLength));
  return revisionOf(record) === revision && name.equals(stream);
}

/** The ReadResp message, ready to be sent. */
export function responseBytes(record: Buffer): Buffer {
  return record.subarray(HEADER_LENGTH);
}

/** When it was recorded, in ms since 1970. */
export function createdAt(record: Buffer): number {
  return record.readDoubleBE(HEADER.created);
}

export function revisionOf(record: Buffer): number {
  return record.readDoubleBE(HEADER.revision);
}

export function eventId(record: Buffer): string {
  const start = record.readUInt32BE(HEADER.id);
  return record.toString('latin1', start, start + ID_LENGTH);
}

export function streamName(record: Buffer): string {
  const start = record.readUInt32BE(HEADER.stream);
  return record.toString('utf8', start, start + record.readUInt32BE(HEADER.streamLength));
}

export function eventType(record: Buffer): string {
  const start = record.readUInt32BE(HEADER.type);
  return record.toString('utf8', start, start + record.readUInt32BE(HEADER.typeLength));
}

function checksum(record: Buffer): number {
  return crc32(record.subarray(CHECKED_FROM));
}

function entrySize(key: string, valueLength: number): number {
  return fieldSize(key.length) + fieldSize(valueLength);
}

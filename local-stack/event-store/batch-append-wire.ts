import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { Status } from '@eventstore/db-client/generated/status_pb.js';
import type { ExpectedRevision, Recorded } from './append-rules.js';
import { NO_REVISION } from './event-log.js';
import { fieldSize, ProtobufReader, ProtobufWriter, varintSize } from './protobuf.js';
import type { ProposedEvent } from './recorded-event.js';
import { checkedEvent, checkedStreamName, uuidText } from './wire.js';

/**
 * The messages of BatchAppend: BatchAppendReq as far as it is used, and BatchAppendResp. All appends of usual
 * clients come this way, so that they are decoded and encoded by hand (see protobuf.ts).
 */
export interface BatchAppendRequest {
  /** The UUID message as it came: it tells appends apart, and goes back with the answer. */
  readonly correlationId: Buffer;
  readonly options: BatchAppendOptions | undefined;
  readonly events: readonly BatchedEvent[];
  readonly isFinal: boolean;
}

export interface BatchAppendOptions {
  /** The StreamIdentifier message as it came. */
  readonly streamIdentifier: Buffer;
  /** Undefined where none is set. */
  readonly expected: ExpectedRevision | undefined;
  /** In ms since 1970, Infinity where there is none. */
  readonly deadline: number;
}

/** Unchecked. */
export interface BatchedEvent {
  readonly id: Buffer;
  readonly type: string | undefined;
  readonly contentType: string | undefined;
  readonly data: Buffer;
  readonly metadata: Buffer;
}

const EMPTY: Buffer = Buffer.alloc(0);

/** Throws where the bytes are no message. */
export function decodeBatchAppend(bytes: Buffer): BatchAppendRequest {
  const reader = new ProtobufReader(bytes);
  const events: BatchedEvent[] = [];
  let [correlationId, options, isFinal] = [EMPTY, undefined as BatchAppendOptions | undefined, false];
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) correlationId = reader.bytes();
    else if (field === 2) options = decodeOptions(reader.bytes());
    else if (field === 3) events.push(decodeEvent(reader.bytes()));
    else if (field === 4) isFinal = reader.varint() !== 0;
    else reader.skip();
  }
  return { correlationId, options, events, isFinal };
}

const EXPECTATIONS: Readonly<Record<number, ExpectedRevision>> = {
  3: 'no_stream',
  4: 'any',
  5: 'stream_exists',
};

function decodeOptions(bytes: Buffer): BatchAppendOptions {
  const reader = new ProtobufReader(bytes);
  let streamIdentifier = EMPTY;
  let expected: ExpectedRevision | undefined;
  let deadline = Infinity;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) streamIdentifier = reader.bytes();
    else if (field === 2) expected = reader.uint64();
    else if (field === 6) deadline = decodeTimestamp(reader.bytes());
    else {
      expected = EXPECTATIONS[field] ?? expected;
      reader.skip();
    }
  }
  return { streamIdentifier, expected, deadline };
}

/** google.protobuf.Timestamp, in ms since 1970. */
function decodeTimestamp(bytes: Buffer): number {
  const reader = new ProtobufReader(bytes);
  let [seconds, nanos] = [0, 0];
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) seconds = reader.int64();
    else if (field === 2) nanos = reader.int64();
    else reader.skip();
  }
  return seconds * 1000 + nanos / 1_000_000;
}

function decodeEvent(bytes: Buffer): BatchedEvent {
  const reader = new ProtobufReader(bytes);
  let [id, data, metadata] = [EMPTY, EMPTY, EMPTY];
  let type: string | undefined;
  let contentType: string | undefined;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) id = reader.bytes();
    else if (field === 2) {
      const [key, value] = decodeEntry(reader.bytes());
      if (key === 'type') type = value;
      else if (key === 'content-type') contentType = value;
    } else if (field === 3) metadata = reader.bytes();
    else if (field === 4) data = reader.bytes();
    else reader.skip();
  }
  return { id, type, contentType, data, metadata };
}

/** An entry of a map of strings. */
function decodeEntry(bytes: Buffer): [key: string, value: string] {
  const reader = new ProtobufReader(bytes);
  let [key, value] = ['', ''];
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) key = reader.bytes().toString();
    else if (field === 2) value = reader.bytes().toString();
    else reader.skip();
  }
  return [key, value];
}

/** Throws INVALID_ARGUMENT when it is none that a stream can have. */
export function readIdentifier(streamIdentifier: Buffer): string {
  const reader = new ProtobufReader(streamIdentifier);
  let name = EMPTY;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 3) name = reader.bytes();
    else reader.skip();
  }
  return checkedStreamName(name.toString());
}

/** As `checkedEvent` throws. */
export function readBatchedEvent(event: BatchedEvent): ProposedEvent {
  return checkedEvent({ ...event, id: readUuidMessage(event.id) });
}

const TEXT_UUID = { tag: 0x12, length: 36 };

/** The text of a UUID message, whichever of its two forms it has; nearly always it is text alone. */
function readUuidMessage(message: Buffer): string {
  const isText = message[0] === TEXT_UUID.tag && message.length === 2 + TEXT_UUID.length;
  if (isText && message[1] === TEXT_UUID.length) return message.toString('latin1', 2);
  return uuidText(shared.UUID.deserializeBinary(message));
}

/** What an answer repeats of the append that it is for. */
export interface Answered {
  readonly correlationId: Buffer;
  readonly streamIdentifier: Buffer;
}

/** `position` is undefined after an append without events, `revision` NO_REVISION while the stream has none. */
export function encodeSuccess(
  answered: Answered,
  { revision, position }: Pick<Recorded, 'revision'> & { readonly position: number | undefined },
): Buffer {
  const revisionSize = revision === NO_REVISION ? 2 : 1 + varintSize(revision);
  const positionSize = position === undefined ? 0 : 2 * (1 + varintSize(position));
  const writer = answer(answered, 3, revisionSize + fieldSize(positionSize));
  if (revision === NO_REVISION)
    writer.open(2, 0); // no_stream
  else writer.varintField(1, revision); // current_revision
  writer.open(position === undefined ? 4 : 3, positionSize); // no_position, position
  if (position !== undefined) {
    writer.varintField(1, position); // commit_position
    writer.varintField(2, position); // prepare_position
  }
  return writer.buffer;
}

export function encodeFailure(answered: Answered, status: Status): Buffer {
  const bytes = status.serializeBinary();
  const writer = answer(answered, 2, bytes.length);
  writer.buffer.set(bytes, writer.position);
  return writer.buffer;
}

/** The answer up to its result, which comes last. */
function answer({ correlationId, streamIdentifier }: Answered, result: number, size: number): ProtobufWriter {
  const length = fieldSize(correlationId.length) + fieldSize(streamIdentifier.length) + fieldSize(size);
  const writer = new ProtobufWriter(Buffer.allocUnsafe(length), 0);
  writer.bytes(1, correlationId);
  writer.bytes(4, streamIdentifier);
  writer.open(result, size);
  return writer;
}

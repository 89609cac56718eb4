import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { StreamIdentifier, UUID } from '@eventstore/db-client/generated/shared_pb.js';
import { invalidArgument, missingMetadataProperty } from './errors.js';
import type { ExpectedRevision } from './append-rules.js';
import type { ProposedEvent } from './recorded-event.js';

/** What the messages of all methods share, between their wire form and ours. */

const UUID_FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const NIL_UUID = '00000000-0000-0000-0000-000000000000';

export const EMPTY = new shared.Empty();

/** Throws INVALID_ARGUMENT when there is none, or one that no stream can have. */
export function readStreamName(identifier: StreamIdentifier | undefined): string {
  return checkedStreamName(Buffer.from(identifier?.getStreamName_asU8() ?? []).toString());
}

/** Throws INVALID_ARGUMENT for what no stream can be called. */
export function checkedStreamName(name: string): string {
  if (name === '' || name === '$$') throw invalidArgument(`'${name}' is not a stream name`);
  return name;
}

export function writeStreamName(stream: string): StreamIdentifier {
  return new shared.StreamIdentifier().setStreamName(Buffer.from(stream));
}

/** In lower case. Throws INVALID_ARGUMENT when it is none. */
function checkedUuid(uuid: string): string {
  const text = uuid.toLowerCase();
  if (!UUID_FORM.test(text)) throw invalidArgument(`'${text}' is not a UUID`);
  return text;
}

/** Whatever text a UUID came as, or the one that its two halves make. */
export function uuidText(uuid: UUID): string {
  return uuid.hasStructured() ? fromStructured(uuid) : uuid.getString();
}

/** An int64 or uint64 as text, with its bits read as unsigned. */
export function readUint64(text: string): bigint {
  return BigInt.asUintN(64, BigInt(text));
}

interface ExpectedRevisionMessage {
  hasAny(): boolean;
  hasNoStream(): boolean;
  hasStreamExists(): boolean;
}

/** Throws INVALID_ARGUMENT when none is set. `revision` is read only when none of the names is. */
export function readExpectedRevision(
  message: ExpectedRevisionMessage,
  revision: () => string | undefined,
): ExpectedRevision {
  if (message.hasAny()) return 'any';
  if (message.hasNoStream()) return 'no_stream';
  if (message.hasStreamExists()) return 'stream_exists';
  const text = revision();
  if (text === undefined) throw invalidArgument('the expected revision is not set');
  return readUint64(text);
}

/** ProposedMessage of Append and of BatchAppend. */
interface ProposedMessage {
  getId(): UUID | undefined;
  getMetadataMap(): { get(key: string): string | undefined };
  getCustomMetadata_asU8(): Uint8Array;
  getData_asU8(): Uint8Array;
}

/** As `checkedEvent` throws. */
export function readProposedEvent(message: ProposedMessage): ProposedEvent {
  const [id, metadata] = [message.getId(), message.getMetadataMap()];
  return checkedEvent({
    id: id === undefined ? '' : uuidText(id),
    type: metadata.get('type'),
    contentType: metadata.get('content-type'),
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  });
}

interface UncheckedEvent extends Pick<ProposedEvent, 'data' | 'metadata'> {
  readonly id: string;
  readonly type: string | undefined;
  readonly contentType: string | undefined;
}

/** Throws INVALID_ARGUMENT when the id is no UUID or all zeros, the type empty, or type or content type missing. */
export function checkedEvent({ contentType, data, metadata, ...unchecked }: UncheckedEvent): ProposedEvent {
  const id = checkedUuid(unchecked.id);
  const type = required(unchecked.type, 'type');
  if (id === NIL_UUID || type === '') throw invalidArgument('an event needs an id and a type');
  return {
    id,
    type,
    isJson: required(contentType, 'content-type') === 'application/json',
    data,
    metadata,
  };
}

function required(value: string | undefined, property: string): string {
  if (value === undefined) throw missingMetadataProperty(property);
  return value;
}

function fromStructured(uuid: UUID): string {
  const structured = uuid.getStructured();
  const half = (bits = '0') => readUint64(bits).toString(16).padStart(16, '0');
  const hex = half(structured?.getMostSignificantBits()) + half(structured?.getLeastSignificantBits());
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

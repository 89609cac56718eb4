import streams from '@eventstore/db-client/generated/streams_pb.js';
import { responseBytes } from './recorded-event.js';

/**
 * What a stream's metadata (`$metadata` events in `$$stream`) says about which of its events a reader sees.
 * Unknown properties, access rules and cache hints are kept in the event and mean nothing here.
 */
export interface ReadLimits {
  /** Only the last so many events. */
  readonly maxCount: number;
  /** Events older than so many ms are hidden. */
  readonly maxAge: number;
  /** Events below this revision are hidden; SOFT_DELETED hides all. */
  readonly truncateBefore: number;
}

/** `$tb` of a deleted stream, the greatest signed 64-bit integer, as JSON.parse rounds it. */
export const SOFT_DELETED = 2 ** 63;
export const SOFT_DELETED_METADATA = '{"$tb":9223372036854775807}';
export const METADATA_EVENT_TYPE = '$metadata';

export const NO_LIMITS: ReadLimits = { maxCount: Infinity, maxAge: Infinity, truncateBefore: 0 };
/** Of a metadata stream only the last event counts. */
export const METASTREAM_LIMITS: ReadLimits = { ...NO_LIMITS, maxCount: 1 };

export function isMetastream(stream: string): boolean {
  return stream.startsWith('$$');
}

export function metastreamOf(stream: string): string {
  return `$$${stream}`;
}

/** The stream that a metadata stream is about. */
export function originalOf(metastream: string): string {
  return metastream.slice(2);
}

/** Limits from the last event of a metadata stream; what cannot be understood limits nothing. */
export function readLimits(record: Buffer): ReadLimits {
  const metadata = parseMetadata(record) ?? {};
  return {
    maxCount: positive(metadata['$maxCount']) ?? Infinity,
    maxAge: (positive(metadata['$maxAge']) ?? Infinity) * 1000,
    truncateBefore: positive(metadata['$tb']) ?? 0,
  };
}

/** The metadata as JSON with `$tb` set anew and all else kept; undefined when it is no JSON object. */
export function withTruncateBefore(record: Buffer, revision: number): string | undefined {
  const metadata = parseMetadata(record);
  return metadata && JSON.stringify({ ...metadata, $tb: revision });
}

function parseMetadata(record: Buffer): Record<string, unknown> | undefined {
  const event = streams.ReadResp.deserializeBinary(responseBytes(record)).getEvent()?.getEvent();
  try {
    const metadata: unknown = JSON.parse(Buffer.from(event?.getData_asU8() ?? []).toString());
    return typeof metadata === 'object' && metadata !== null ? { ...metadata } : undefined;
  } catch {
    return undefined;
  }
}

function positive(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 ? value : undefined;
}

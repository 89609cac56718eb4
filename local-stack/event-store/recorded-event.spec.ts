import { describe, expect, test } from '@jest/globals';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import {
  createdAt,
  encodeRecordedEvent,
  eventId,
  eventType,
  type Placement,
  type ProposedEvent,
  responseBytes,
  streamName,
  TOMBSTONE_REVISION,
} from './recorded-event.js';

const numbers = fc.nat({ max: Number.MAX_SAFE_INTEGER - 1 });
const names = fc.string({ unit: 'binary', minLength: 1, maxLength: 300 });
const bytes = fc.uint8Array({ maxLength: 500 });

const proposed: fc.Arbitrary<ProposedEvent> = fc.record({
  id: fc.uuid(),
  type: names,
  isJson: fc.boolean(),
  data: bytes,
  metadata: bytes,
});

const placements: fc.Arbitrary<Placement> = fc.record({
  stream: names,
  revision: numbers,
  position: numbers,
  created: fc.nat({ max: 4_000_000_000_000 }),
});

function decode(record: Buffer) {
  return streams.ReadResp.deserializeBinary(responseBytes(record)).getEvent()!;
}

describe('a recorded event', () => {
  test('decodes as the protocol defines it', () => {
    fc.assert(
      fc.property(proposed, placements, (event, place) => {
        const read = decode(encodeRecordedEvent(event, place));
        const recorded = read.getEvent()!;
        const position = String(place.position);
        expect(read.getCommitPosition()).toBe(position);
        expect(recorded.getCommitPosition()).toBe(position);
        expect(recorded.getPreparePosition()).toBe(position);
        expect(recorded.getId()!.getString()).toBe(event.id);
        expect(Buffer.from(recorded.getStreamIdentifier()!.getStreamName_asU8()).toString()).toBe(
          place.stream,
        );
        expect(recorded.getStreamRevision()).toBe(String(place.revision));
        expect(Object.fromEntries(recorded.getMetadataMap().toArray())).toEqual({
          type: event.type,
          'content-type': event.isJson ? 'application/json' : 'application/octet-stream',
          created: String(BigInt(place.created) * 10_000n),
        });
        expect(Buffer.from(recorded.getData_asU8())).toEqual(Buffer.from(event.data));
        expect(Buffer.from(recorded.getCustomMetadata_asU8())).toEqual(Buffer.from(event.metadata));
      }),
    );
  });

  test('tells id, stream, type and time without being decoded', () => {
    fc.assert(
      fc.property(proposed, placements, (event, place) => {
        const record = encodeRecordedEvent(event, place);
        expect(eventId(record)).toBe(event.id);
        expect(eventType(record)).toBe(event.type);
        expect(streamName(record)).toBe(place.stream);
        expect(createdAt(record)).toBe(place.created);
      }),
    );
  });

  test('of a tombstone has the greatest revision there is', () => {
    const event = {
      id: crypto.randomUUID(),
      type: 'T',
      isJson: false,
      data: Buffer.alloc(0),
      metadata: Buffer.alloc(0),
    };
    const record = encodeRecordedEvent(event, {
      stream: 's',
      revision: TOMBSTONE_REVISION,
      position: 1,
      created: 0,
    });
    expect(decode(record).getEvent()!.getStreamRevision()).toBe(String(2n ** 63n - 1n));
  });
});

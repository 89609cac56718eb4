import { describe, expect, test } from '@jest/globals';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import timestamp from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { badRequestStatus } from './batch-status.js';
import {
  decodeBatchAppend,
  encodeFailure,
  encodeSuccess,
  readBatchedEvent,
  readIdentifier,
} from './batch-append-wire.js';
import { NO_REVISION } from './event-log.js';

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const names = fc.string({ unit: 'binary', minLength: 1, maxLength: 300 });
const bytes = fc.uint8Array({ maxLength: 300 });
const events = fc.record({ id: fc.uuid(), type: names, isJson: fc.boolean(), data: bytes, metadata: bytes });
const expectations = fc.oneof(fc.constantFrom('any', 'no_stream', 'stream_exists'), uint64);
const times = fc.date({ min: new Date(-8e14), max: new Date(8e14), noInvalidDate: true });

const uuid = (text: string) => new shared.UUID().setString(text);
const identifier = (stream: string) => new shared.StreamIdentifier().setStreamName(Buffer.from(stream));

function proposedMessage({ id, type, isJson, data, metadata }: ReturnType<typeof readBatchedEvent>) {
  const message = new streams.BatchAppendReq.ProposedMessage()
    .setId(uuid(id))
    .setData(data)
    .setCustomMetadata(metadata);
  message
    .getMetadataMap()
    .set('content-type', isJson ? 'application/json' : 'application/octet-stream')
    .set('type', type);
  return message;
}

function optionsMessage(stream: string, expected: string | bigint, deadline: Date) {
  const options = new streams.BatchAppendReq.Options()
    .setStreamIdentifier(identifier(stream))
    .setDeadline(timestamp.Timestamp.fromDate(deadline));
  if (expected === 'any') return options.setAny(new shared.Empty());
  if (expected === 'no_stream') return options.setNoStream(new shared.Empty());
  if (expected === 'stream_exists') return options.setStreamExists(new shared.Empty());
  return options.setStreamPosition(expected.toString());
}

const encoded = (message: { serializeBinary(): Uint8Array }) => Buffer.from(message.serializeBinary());

describe('a request', () => {
  test('is decoded as the protocol defines it', () => {
    const requests = fc.tuple(fc.uuid(), names, expectations, times, fc.array(events), fc.boolean());
    fc.assert(
      fc.property(requests, ([id, stream, expected, deadline, proposed, isFinal]) => {
        const message = new streams.BatchAppendReq()
          .setCorrelationId(uuid(id))
          .setOptions(optionsMessage(stream, expected, deadline))
          .setProposedMessagesList(proposed.map(proposedMessage))
          .setIsFinal(isFinal);
        const request = decodeBatchAppend(encoded(message));
        expect(request.correlationId).toEqual(encoded(uuid(id)));
        expect(readIdentifier(request.options!.streamIdentifier)).toBe(stream);
        expect(request.options).toMatchObject({ expected, deadline: deadline.getTime() });
        expect(
          request.events.map(readBatchedEvent).map((event) => ({
            ...event,
            data: Uint8Array.from(event.data),
            metadata: Uint8Array.from(event.metadata),
          })),
        ).toEqual(proposed);
        expect(request.isFinal).toBe(isFinal);
      }),
    );
  });

  test('may name an event by a structured id', () => {
    const structured = new shared.UUID.Structured()
      .setMostSignificantBits('81985529216486895')
      .setLeastSignificantBits((-81985529216486896n).toString());
    const event = { id: '', type: 'T', isJson: true, data: Buffer.of(), metadata: Buffer.of() };
    const message = proposedMessage(event).setId(new shared.UUID().setStructured(structured));
    const request = new streams.BatchAppendReq().setProposedMessagesList([message]);
    const [batched] = decodeBatchAppend(encoded(request)).events;
    expect(readBatchedEvent(batched!).id).toBe('01234567-89ab-cdef-fedc-ba9876543210');
  });

  test('that is garbage is decoded or refused, and refused where it is cut short', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (garbage) => {
        try {
          decodeBatchAppend(Buffer.from(garbage));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
    const whole = encoded(new streams.BatchAppendReq().setCorrelationId(uuid(crypto.randomUUID())));
    expect(() => decodeBatchAppend(whole.subarray(0, -1))).toThrow(RangeError);
  });

  test('may have fields that are not known here', () => {
    const unknown = Buffer.of(0x78, 0xff, 0x01, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7a, 1, 0, 0x7d, 1, 2, 3, 4);
    const known = encoded(new streams.BatchAppendReq().setIsFinal(true));
    expect(decodeBatchAppend(Buffer.concat([unknown, known]))).toMatchObject({ isFinal: true });
  });
});

describe('an answer', () => {
  const correlationId = encoded(uuid(crypto.randomUUID()));
  const streamIdentifier = encoded(identifier('order-1'));
  const decode = (answer: Buffer) => streams.BatchAppendResp.deserializeBinary(answer);

  test('repeats which append it is for, and tells revision and position', () => {
    const place = {
      revision: fc.maxSafeNat(),
      position: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    };
    fc.assert(
      fc.property(fc.record(place), ({ revision, position }) => {
        const answer = decode(encodeSuccess({ correlationId, streamIdentifier }, { revision, position }));
        expect(encoded(answer.getCorrelationId()!)).toEqual(correlationId);
        expect(encoded(answer.getStreamIdentifier()!)).toEqual(streamIdentifier);
        const success = answer.getSuccess()!;
        expect(success.getCurrentRevision()).toBe(String(revision));
        const at = String(position);
        expect(success.getPosition()!.toObject()).toEqual({ commitPosition: at, preparePosition: at });
      }),
    );
  });

  test('to an append without events has no position, and no revision while the stream has none', () => {
    const nothing = { revision: NO_REVISION, position: undefined };
    const success = decode(encodeSuccess({ correlationId, streamIdentifier }, nothing)).getSuccess()!;
    expect([success.hasNoStream(), success.hasNoPosition(), success.hasPosition()]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('of a failure holds its status', () => {
    const answer = decode(encodeFailure({ correlationId, streamIdentifier }, badRequestStatus('no')));
    expect(answer.getError()!.getMessage()).toBe('no');
    expect(encoded(answer.getCorrelationId()!)).toEqual(correlationId);
  });
});

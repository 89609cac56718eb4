import { randomUUID } from 'node:crypto';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import timestamp from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { nextStream, proposedEvent } from './small-event.js';

/** Bytes of the two messages of an append of one small event, as the client's BatchAppend sends and gets them. */
export interface AppendMessages {
  readonly request: number;
  readonly answer: number;
}

export function appendMessages(): AppendMessages {
  const correlationId = new shared.UUID().setString(randomUUID());
  const stream = new shared.StreamIdentifier().setStreamName(Buffer.from(nextStream()));
  const options = new streams.BatchAppendReq.Options()
    .setStreamIdentifier(stream)
    .setDeadline(timestamp.Timestamp.fromDate(new Date()))
    .setAny(new shared.Empty());
  const request = new streams.BatchAppendReq()
    .setCorrelationId(correlationId)
    .setOptions(options)
    .setProposedMessagesList([proposedMessage()])
    .setIsFinal(true);
  const answer = new streams.BatchAppendResp()
    .setCorrelationId(correlationId)
    .setStreamIdentifier(stream)
    .setSuccess(success());
  return { request: request.serializeBinary().length, answer: answer.serializeBinary().length };
}

function proposedMessage() {
  const { id, type, data, metadata } = proposedEvent();
  const message = new streams.BatchAppendReq.ProposedMessage()
    .setId(new shared.UUID().setString(id))
    .setData(data)
    .setCustomMetadata(metadata);
  message.getMetadataMap().set('type', type).set('content-type', 'application/json');
  return message;
}

/** Revision and position as large as they get in this bench, or nearly so. */
function success() {
  const at = '1000000';
  const position = new shared.AllStreamPosition().setCommitPosition(at).setPreparePosition(at);
  return new streams.BatchAppendResp.Success().setCurrentRevision('1000').setPosition(position);
}

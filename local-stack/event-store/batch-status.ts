import anyMessage from 'google-protobuf/google/protobuf/any_pb.js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';
import codes from '@eventstore/db-client/generated/code_pb.js';
import rpc from '@eventstore/db-client/generated/status_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { Code as CodeValue } from '@eventstore/db-client/generated/code_pb.js';
import type { Status } from '@eventstore/db-client/generated/status_pb.js';
import type { ExpectedRevision } from './append-rules.js';
import { MAX_APPEND_SIZE } from './errors.js';
import { NO_REVISION } from './event-log.js';
import { writeStreamName } from './wire.js';

const { Code } = codes;

/** Errors within BatchAppend: a google.rpc.Status around a message that names the kind of error. */

export function wrongExpectedVersionStatus(expected: ExpectedRevision, current: number): Status {
  const details = new shared.WrongExpectedVersion();
  if (current === NO_REVISION) details.setCurrentNoStream(new empty.Empty());
  else details.setCurrentStreamRevision(current.toString());
  if (expected === 'any') details.setExpectedAny(new empty.Empty());
  else if (expected === 'no_stream') details.setExpectedNoStream(new empty.Empty());
  else if (expected === 'stream_exists') details.setExpectedStreamExists(new empty.Empty());
  else details.setExpectedStreamPosition(expected.toString());
  return pack(Code.ALREADY_EXISTS, 'WrongExpectedVersion', details);
}

export function streamDeletedStatus(stream: string): Status {
  const details = new shared.StreamDeleted().setStreamIdentifier(writeStreamName(stream));
  return pack(Code.NOT_FOUND, 'StreamDeleted', details);
}

export function timeoutStatus(): Status {
  return pack(Code.DEADLINE_EXCEEDED, 'Timeout', new shared.Timeout());
}

export function maximumAppendSizeStatus(): Status {
  const details = new shared.MaximumAppendSizeExceeded().setMaxappendsize(MAX_APPEND_SIZE);
  return pack(Code.INVALID_ARGUMENT, 'MaximumAppendSizeExceeded', details);
}

export function badRequestStatus(reason: string): Status {
  return pack(Code.INVALID_ARGUMENT, 'BadRequest', new shared.BadRequest().setMessage(reason), reason);
}

/** The disk refused: nothing was written. */
export function unknownStatus(reason: string): Status {
  return pack(Code.UNKNOWN, 'Unknown', new shared.Unknown(), reason);
}

function pack(
  code: CodeValue,
  type: string,
  details: { serializeBinary(): Uint8Array },
  message = type,
): Status {
  const any = new anyMessage.Any();
  any.pack(details.serializeBinary(), `event_store.client.${type}`);
  return new rpc.Status().setCode(code).setMessage(message).setDetails(any);
}

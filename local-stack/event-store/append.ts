import type { ServerReadableStream, sendUnaryData } from '@grpc/grpc-js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { AppendReq, AppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ExpectedRevision } from './append-rules.js';
import type { Appender, AppendOutcome } from './appender.js';
import {
  internalError,
  invalidArgument,
  MAX_APPEND_SIZE,
  maximumAppendSizeExceeded,
  streamDeleted,
} from './errors.js';
import { NO_REVISION } from './event-log.js';
import { appendSize, type ProposedEvent } from './recorded-event.js';
import { EMPTY, readExpectedRevision, readProposedEvent, readStreamName } from './wire.js';

/** Append: one append a call; the first message names the stream, each other one is an event. */
export function appendHandler(appender: Appender) {
  return (call: ServerReadableStream<AppendReq, AppendResp>, answer: sendUnaryData<AppendResp>): void => {
    receive(call)
      .then(async (append) =>
        answer(null, response(append, await appender.submit({ kind: 'append', ...append }))),
      )
      .catch((error: unknown) => answer(internalError(error)));
  };
}

interface Append {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly events: readonly ProposedEvent[];
}

async function receive(call: AsyncIterable<AppendReq>): Promise<Append> {
  let target: Omit<Append, 'events'> | undefined;
  const events: ProposedEvent[] = [];
  let size = 0;
  for await (const message of call) {
    const proposed = message.getProposedMessage();
    if (target === undefined) target = readTarget(message.getOptions());
    else if (proposed === undefined) throw invalidArgument('an event is expected after the options');
    else {
      const event = readProposedEvent(proposed);
      size += appendSize(event);
      if (size > MAX_APPEND_SIZE) throw maximumAppendSizeExceeded();
      events.push(event);
    }
  }
  if (target === undefined) throw invalidArgument('the options are missing');
  return { ...target, events };
}

function readTarget(options: AppendReq.Options | undefined): Omit<Append, 'events'> {
  if (options === undefined) throw invalidArgument('the options come first');
  const revision = () => (options.hasRevision() ? options.getRevision() : undefined);
  return {
    stream: readStreamName(options.getStreamIdentifier()),
    expected: readExpectedRevision(options, revision),
  };
}

/** A wrong revision is part of the response; a deleted stream is an error. */
function response({ stream, expected }: Append, outcome: AppendOutcome): AppendResp {
  switch (outcome.kind) {
    case 'done':
      return new streams.AppendResp().setSuccess(success(outcome.revision, outcome.position));
    case 'wrong-revision':
      return new streams.AppendResp().setWrongExpectedVersion(
        wrongExpectedVersion(expected, outcome.current),
      );
    case 'deleted':
      throw streamDeleted(stream);
  }
}

function success(revision: number, position: number | undefined): AppendResp.Success {
  const result = new streams.AppendResp.Success();
  if (revision === NO_REVISION) result.setNoStream(EMPTY);
  else result.setCurrentRevision(revision.toString());
  if (position === undefined) return result.setNoPosition(EMPTY);
  const at = position.toString();
  return result.setPosition(new streams.AppendResp.Position().setCommitPosition(at).setPreparePosition(at));
}

function wrongExpectedVersion(expected: ExpectedRevision, current: number): AppendResp.WrongExpectedVersion {
  const result = new streams.AppendResp.WrongExpectedVersion();
  if (current === NO_REVISION) result.setCurrentNoStream(EMPTY);
  else result.setCurrentRevision(current.toString());
  switch (expected) {
    case 'any':
      return result.setExpectedAny(EMPTY);
    case 'no_stream':
      return result.setExpectedNoStream(EMPTY);
    case 'stream_exists':
      return result.setExpectedStreamExists(EMPTY);
    default:
      return result.setExpectedRevision(expected.toString());
  }
}

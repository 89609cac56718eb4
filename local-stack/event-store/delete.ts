import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type {
  DeleteReq,
  DeleteResp,
  TombstoneReq,
  TombstoneResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import type { AppendRequest, Appender } from './appender.js';
import { internalError, invalidArgument, streamDeleted, wrongExpectedVersion } from './errors.js';
import { readExpectedRevision, readStreamName } from './wire.js';

/** Delete: the stream is hidden until it is appended to again. */
export function deleteHandler(appender: Appender) {
  return (call: ServerUnaryCall<DeleteReq, DeleteResp>, answer: sendUnaryData<DeleteResp>): void => {
    remove(appender, 'soft-delete', call.request.getOptions())
      .then((at) => {
        const position = new streams.DeleteResp.Position().setCommitPosition(at).setPreparePosition(at);
        answer(null, new streams.DeleteResp().setPosition(position));
      })
      .catch((error: unknown) => answer(internalError(error)));
  };
}

/** Tombstone: the stream is gone for ever. */
export function tombstoneHandler(appender: Appender) {
  return (call: ServerUnaryCall<TombstoneReq, TombstoneResp>, answer: sendUnaryData<TombstoneResp>): void => {
    remove(appender, 'tombstone', call.request.getOptions())
      .then((at) => {
        const position = new streams.TombstoneResp.Position().setCommitPosition(at).setPreparePosition(at);
        answer(null, new streams.TombstoneResp().setPosition(position));
      })
      .catch((error: unknown) => answer(internalError(error)));
  };
}

/** The position of the deletion in $all. A wrong revision is an error here, unlike in an append. */
async function remove(
  appender: Appender,
  kind: AppendRequest['kind'],
  options: DeleteReq.Options | TombstoneReq.Options | undefined,
): Promise<string> {
  if (options === undefined) throw invalidArgument('the options are missing');
  const stream = readStreamName(options.getStreamIdentifier());
  const revision = () => (options.hasRevision() ? options.getRevision() : undefined);
  const expected = readExpectedRevision(options, revision);
  const outcome = await appender.submit({ kind, stream, expected, events: [] });
  switch (outcome.kind) {
    case 'done':
      return String(outcome.position);
    case 'wrong-revision':
      throw wrongExpectedVersion(stream, expected, outcome.current);
    case 'deleted':
      throw streamDeleted(stream);
  }
}

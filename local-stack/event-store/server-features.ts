import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type { Empty } from '@eventstore/db-client/generated/shared_pb.js';
import type { SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js';

/** The version whose behaviour this node keeps. */
const SERVER_VERSION = '23.10.0.0';

const STREAMS_SERVICE = 'event_store.client.streams.Streams';
/** In lower case: clients compare that way. */
const METHODS = ['read', 'append', 'batchappend', 'delete', 'tombstone'];

/** GetSupportedMethods: clients ask it first, and use BatchAppend only when it is listed. */
export function supportedMethods(
  _call: ServerUnaryCall<Empty, SupportedMethods>,
  answer: sendUnaryData<SupportedMethods>,
): void {
  const supported = new features.SupportedMethods().setEventStoreServerVersion(SERVER_VERSION);
  for (const method of METHODS) {
    supported.addMethods(
      new features.SupportedMethod().setServiceName(STREAMS_SERVICE.toLowerCase()).setMethodName(method),
    );
  }
  answer(null, supported);
}

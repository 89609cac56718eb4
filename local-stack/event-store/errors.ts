import { Metadata, status } from '@grpc/grpc-js';
import type { ExpectedRevision } from './append-rules.js';

/** Data, metadata and types of one append, in bytes. */
export const MAX_APPEND_SIZE = 1024 * 1024;

/**
 * An error as EventStoreDB tells it: a gRPC status, and trailers that name the exception and its
 * properties, from which clients rebuild their own error types. Trailers are printable ASCII: any other
 * character of a stream's name is sent as a question mark.
 */
export class RpcError extends Error {
  readonly metadata = new Metadata();

  constructor(
    readonly code: status,
    readonly details: string,
    trailers: Readonly<Record<string, string>> = {},
  ) {
    super(details);
    for (const [key, value] of Object.entries(trailers)) this.metadata.set(key, trailerValue(value));
  }
}

export function streamDeleted(stream: string): RpcError {
  return new RpcError(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  });
}

/** Of a deletion only: appends answer it within their response. */
export function wrongExpectedVersion(stream: string, expected: ExpectedRevision, current: number): RpcError {
  const version = expectedVersion(expected).toString();
  return new RpcError(
    status.FAILED_PRECONDITION,
    `Delete failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${version}, Actual version: ${current}`,
    {
      exception: 'wrong-expected-version',
      'stream-name': stream,
      'expected-version': version,
      'actual-version': current.toString(),
    },
  );
}

export function maximumAppendSizeExceeded(): RpcError {
  return new RpcError(status.INVALID_ARGUMENT, `Maximum Append Size of ${MAX_APPEND_SIZE} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': MAX_APPEND_SIZE.toString(),
  });
}

export function missingMetadataProperty(property: string): RpcError {
  return new RpcError(status.INVALID_ARGUMENT, `Required Metadata Property '${property}' is missing`, {
    exception: 'missing-required-metadata-property',
    'required-metadata-properties': 'type,content-type',
  });
}

/** The call says nothing of who makes it. */
export function accessDenied(): RpcError {
  return new RpcError(status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' });
}

/** It says it, and it is not so. */
export function notAuthenticated(): RpcError {
  return new RpcError(status.UNAUTHENTICATED, 'Unauthenticated');
}

export function invalidArgument(details: string): RpcError {
  return new RpcError(status.INVALID_ARGUMENT, details);
}

/** The disk refused, or a bug: nothing was written, and the node goes on. */
export function internalError(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  return new RpcError(status.INTERNAL, error instanceof Error ? error.message : String(error));
}

/** Ends what is under way when the node stops; clients reconnect on it. */
export function shuttingDown(): RpcError {
  return new RpcError(status.CANCELLED, 'The server is shutting down.');
}

/** The numbers by which the server names the expectations that are not a revision. */
function expectedVersion(expected: ExpectedRevision): bigint {
  switch (expected) {
    case 'any':
      return -2n;
    case 'no_stream':
      return -1n;
    case 'stream_exists':
      return -4n;
    default:
      return expected;
  }
}

function trailerValue(value: string): string {
  return value.replace(/[^ -~]/g, '?');
}

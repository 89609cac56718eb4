import { once } from 'node:events';
import type { ServerWritableStream } from '@grpc/grpc-js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { writeStreamName } from './wire.js';

/** A Read call. Its responses are already encoded: events come from disk that way. */
export type ReadCall = ServerWritableStream<ReadReq, Buffer>;

/** Sends with backpressure: what the client does not take is not read from disk either. */
export class Responses {
  private readonly gone = new AbortController();

  constructor(private readonly call: ReadCall) {
    call.on('cancelled', () => this.gone.abort());
    call.on('error', () => this.gone.abort());
  }

  /** Aborted when nobody listens any more. */
  get closed(): AbortSignal {
    return this.gone.signal;
  }

  /** False when the client lags; then await `drained` before the next one. */
  send(response: Buffer): boolean {
    return this.gone.signal.aborted || this.call.write(response);
  }

  /** Resolves when the client has taken what was sent, or is gone. */
  async drained(): Promise<void> {
    await once(this.call, 'drain', { signal: this.gone.signal }).catch(() => undefined);
  }
}

export function streamNotFound(stream: string): Buffer {
  const notFound = new streams.ReadResp.StreamNotFound().setStreamIdentifier(writeStreamName(stream));
  return encode(new streams.ReadResp().setStreamNotFound(notFound));
}

export function confirmation(subscriptionId: string): Buffer {
  const confirmed = new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId(subscriptionId);
  return encode(new streams.ReadResp().setConfirmation(confirmed));
}

export function checkpoint(position: number): Buffer {
  const at = position.toString();
  const reached = new streams.ReadResp.Checkpoint().setCommitPosition(at).setPreparePosition(at);
  return encode(new streams.ReadResp().setCheckpoint(reached));
}

export function caughtUp(): Buffer {
  return encode(new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp()));
}

export function fellBehind(): Buffer {
  return encode(new streams.ReadResp().setFellBehind(new streams.ReadResp.FellBehind()));
}

function encode(response: ReadResp): Buffer {
  return Buffer.from(response.serializeBinary());
}

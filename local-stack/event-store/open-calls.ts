import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import type { RpcError } from './errors.js';

type StreamingCall = Pick<
  ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>,
  'emit' | 'once'
>;

/** The streams that are open, so that a stop can end them. */
export class OpenCalls {
  private readonly calls = new Set<StreamingCall>();

  /** A handler that does what `handle` does, for calls that `end` then reaches. */
  tracking<Call extends StreamingCall>(handle: (call: Call) => void): (call: Call) => void {
    return (call) => {
      this.calls.add(call);
      for (const over of ['close', 'finish', 'cancelled', 'error'])
        call.once(over, () => this.calls.delete(call));
      handle(call);
    };
  }

  end(error: RpcError): void {
    for (const call of this.calls) call.emit('error', error);
  }
}

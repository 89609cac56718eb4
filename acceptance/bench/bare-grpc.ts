import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';

const asIs = (message: Buffer): Buffer => message;
const AS_BYTES = {
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
};

/** What gRPC costs without anything in it: bytes come, bytes go. Each message is answered with one. */
export const ECHO = {
  unary: { path: '/bench.Echo/Unary', requestStream: false, responseStream: false, ...AS_BYTES },
  bidi: { path: '/bench.Echo/Bidi', requestStream: true, responseStream: true, ...AS_BYTES },
} as const;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Sends a message of so many bytes, and resolves once it is answered: by a call of its own, or over one long call. */
export class EchoClient {
  readonly #client: Client;
  readonly #message: Buffer;
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  readonly #waiting: Waiting[] = [];

  constructor(url: string, bytes: number) {
    this.#client = new Client(new URL(url).host, credentials.createInsecure());
    this.#message = Buffer.alloc(bytes, 'x');
    this.#call = this.#client
      .makeBidiStreamRequest(ECHO.bidi.path, asIs, asIs)
      .on('data', () => this.#waiting.shift()?.resolve()) // answers come in order
      .on('error', (error) => this.#waiting.splice(0).forEach(({ reject }) => reject(error)));
  }

  readonly unary = (): Promise<void> =>
    new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(ECHO.unary.path, asIs, asIs, this.#message, (error) =>
        error ? reject(error) : resolve(),
      );
    });

  readonly bidi = (): Promise<void> =>
    new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#call.write(this.#message);
    });

  close(): void {
    this.#call.end();
    this.#client.close();
  }
}

import { expect, it } from '@jest/globals';
import { ANY } from '@eventstore/db-client';
import featuresService from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { decodeBatchAppend, encodeSuccess } from '@orders/local-stack/event-store/batch-append-wire.js';
import { supportedMethods } from '@orders/local-stack/event-store/server-features.js';
import { nextStream, smallEvent } from './small-event.js';
import { asClient } from './subjects.js';
import { appendMessages } from './wire-size.js';

/** A deadline has up to so many bytes more, or less, from one append to the next. */
const DEADLINE_BYTES = 6;

const asIs = (bytes: Buffer): Buffer => bytes;

/** Listens as a node, and tells of each append how long its two messages are. */
async function listening(told: (lengths: { request: number; answer: number }) => void) {
  const { batchAppend } = streamsService.StreamsService;
  const server = new Server();
  server.addService(featuresService.ServerFeaturesService, { getSupportedMethods: supportedMethods });
  server.addService(
    { batchAppend: { ...batchAppend, requestDeserialize: asIs, responseSerialize: asIs } },
    {
      batchAppend: (call: ServerDuplexStream<Buffer, Buffer>) => {
        call
          .on('end', () => call.end())
          .on('data', (bytes: Buffer) => {
            const { correlationId, options } = decodeBatchAppend(bytes);
            const { streamIdentifier } = options!;
            const place = { revision: 1_000, position: 1_000_000 };
            const answer = encodeSuccess({ correlationId, streamIdentifier }, place);
            told({ request: bytes.length, answer: answer.length });
            call.write(answer);
          });
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    const bound = (error: Error | null, at: number) => (error ? reject(error) : resolve(at));
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), bound);
  });
  return { url: `esdb://127.0.0.1:${port}?tls=false`, stop: () => server.forceShutdown() };
}

it('the messages of an append are as long as those of the client', async () => {
  const seen: { request: number; answer: number }[] = [];
  const node = await listening((lengths) => seen.push(lengths));
  await asClient(node.url, (client) =>
    client.appendToStream(nextStream(), smallEvent(), { expectedRevision: ANY }),
  );
  node.stop();
  const { request, answer } = appendMessages();
  expect(seen).toHaveLength(1);
  expect(Math.abs(seen[0]!.request - request)).toBeLessThanOrEqual(DEADLINE_BYTES);
  expect(seen[0]!.answer).toBe(answer);
});

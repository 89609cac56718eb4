/**
 * The bare limits of the event store's node: grpc-js with nothing behind it, as a process of its own like the node.
 *
 * It echoes (each message is answered with ANSWER_BYTES bytes). To the client it is a node that does nothing: every
 * append has succeeded as soon as it comes, and every Read is answered as the node at EVENTSTORE_URL answers a read
 * of the first CANNED_EVENTS events of $all, with the very same bytes, from memory.
 */
import { once } from 'node:events';
import {
  Client,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  credentials,
  type sendUnaryData,
} from '@grpc/grpc-js';
import featuresService from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import {
  type BatchAppendRequest,
  decodeBatchAppend,
  encodeSuccess,
} from '@orders/local-stack/event-store/batch-append-wire.js';
import { supportedMethods } from '@orders/local-stack/event-store/server-features.js';
import { ECHO } from './bare-grpc.js';

const { EVENTSTORE_URL = '', CANNED_EVENTS = '', ANSWER_BYTES = '' } = process.env;
const { read, batchAppend } = streamsService.StreamsService;
const asIs = (encoded: Buffer): Buffer => encoded;
const answer = Buffer.alloc(Number(ANSWER_BYTES), 'x');
const canned = await responsesOf(EVENTSTORE_URL, CANNED_EVENTS);

const server = new Server();
server.addService(ECHO, {
  unary: (_call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) => reply(null, answer),
  bidi: (call: ServerDuplexStream<Buffer, Buffer>) => {
    call.on('data', () => call.write(answer)).on('end', () => call.end());
  },
});
server.addService(featuresService.ServerFeaturesService, { getSupportedMethods: supportedMethods });
server.addService(
  {
    read: { ...read, responseSerialize: asIs },
    batchAppend: { ...batchAppend, requestDeserialize: decodeBatchAppend, responseSerialize: asIs },
  },
  {
    read: (call: ServerWritableStream<unknown, Buffer>) => void send(call),
    batchAppend: (call: ServerDuplexStream<BatchAppendRequest, Buffer>) => {
      call
        .on('data', (request: BatchAppendRequest) => call.write(success(request)))
        .on('end', () => call.end());
    },
  },
);
process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  const listening = `esdb://127.0.0.1:${port}?tls=false`;
  process.stdout.write(`${JSON.stringify({ listening, pid: process.pid })}\n`);
});

function success({ correlationId, options }: BatchAppendRequest): Buffer {
  const streamIdentifier = options?.streamIdentifier ?? Buffer.alloc(0);
  return encodeSuccess({ correlationId, streamIdentifier }, { revision: 1_000, position: 1_000_000 });
}

/** As fast as the client takes them. */
async function send(call: ServerWritableStream<unknown, Buffer>): Promise<void> {
  for (const response of canned) {
    if (!call.write(response)) await once(call, 'drain');
  }
  call.end();
}

/** The messages with which a node answers a read of the first so many events of $all, as they are on the wire. */
async function responsesOf(url: string, count: string): Promise<Buffer[]> {
  const all = new streams.ReadReq.Options.AllOptions().setStart(new shared.Empty());
  const ids = new streams.ReadReq.Options.UUIDOption().setString(new shared.Empty());
  const options = new streams.ReadReq.Options()
    .setAll(all)
    .setCount(count)
    .setUuidOption(ids)
    .setNoFilter(new shared.Empty());
  const client = new Client(new URL(url).host, credentials.createInsecure());
  const responses: Buffer[] = [];
  const call = client.makeServerStreamRequest(
    read.path,
    read.requestSerialize,
    asIs,
    new streams.ReadReq().setOptions(options),
  );
  for await (const response of call as AsyncIterable<Buffer>) responses.push(Buffer.from(response));
  client.close();
  return responses;
}

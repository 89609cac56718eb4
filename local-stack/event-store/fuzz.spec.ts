import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type EventStoreDBClient, jsonEvent, START, streamNameFilter } from '@eventstore/db-client';
import featuresService from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import gossipService from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';
import {
  Client,
  type ClientReadableStream,
  type ClientWritableStream,
  credentials,
  status,
} from '@grpc/grpc-js';
import fc from 'fast-check';
import { BuiltNode } from './testing/built-node.js';
import {
  connect,
  eventsOf,
  failureOf,
  newStream,
  numbered,
  numbersOf,
  temporaryFolder,
  until,
} from './testing/node-under-test.js';

/** What nobody answered within this long is not answered. */
const ANSWER_MS = 60_000;
/** A fifth of it is in use with a thousand subscribers; the rest is what V8 has not collected yet. */
const MOST_ANONYMOUS_BYTES = 512 * 1024 * 1024;

let dir: string;
/** In a process of its own: a crash is seen as one, and its memory is its own. */
let node: BuiltNode;
let url: string;
let raw: Client;
let client: EventStoreDBClient;

beforeAll(async () => {
  dir = await temporaryFolder();
  ({ node, url } = await BuiltNode.started(dir));
  raw = new Client(new URL(url).host, credentials.createInsecure());
  client = connect(url);
});

afterAll(async () => {
  raw.close();
  await client.dispose();
  expect(await node.end()).toEqual([0, null]);
  expect(node.complaints).toBe('');
  await rm(dir, { recursive: true });
});

/** It still does what it is for, and has not grown. */
async function isWell(): Promise<void> {
  expect(node.child.exitCode ?? node.child.signalCode).toBeNull();
  const stream = newStream();
  await client.appendToStream(stream, numbered(2));
  expect(numbersOf(await eventsOf(client.readStream(stream)))).toEqual([0, 1]);
  if (process.platform === 'linux') expect(anonymousBytes()).toBeLessThan(MOST_ANONYMOUS_BYTES);
}

function anonymousBytes(): number {
  const [, kilobytes] =
    /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${node.child.pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

interface Method {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

const methods = [
  ...Object.values(streamsService.StreamsService),
  ...Object.values(featuresService.ServerFeaturesService),
  ...Object.values(gossipService.GossipService),
] as unknown as Method[];

const plain = (bytes: Buffer): Buffer => bytes;

/** Sends the messages in one call; how it ended, or 'open' for one that goes on, e.g. a subscription. */
function answerTo(
  { path, requestStream, responseStream }: Method,
  messages: readonly Buffer[],
): Promise<status | 'open'> {
  const [message = Buffer.alloc(0)] = messages;
  const options = { deadline: Date.now() + ANSWER_MS };
  return new Promise((resolve) => {
    const done = (error: { code?: status } | null) => resolve(error?.code ?? status.OK);
    const follow = (call: ClientReadableStream<Buffer>) => {
      call.on('error', () => undefined);
      call.on('status', ({ code }: { code: status }) => resolve(code));
      call.once('data', () => {
        resolve('open');
        call.cancel();
      });
    };
    const sendAll = (call: Pick<ClientWritableStream<Buffer>, 'write' | 'end'>) => {
      for (const each of messages) call.write(each);
      call.end();
    };
    if (requestStream && responseStream) {
      const call = raw.makeBidiStreamRequest(path, plain, plain, options);
      follow(call);
      sendAll(call);
    } else if (requestStream) sendAll(raw.makeClientStreamRequest(path, plain, plain, options, done));
    else if (responseStream) follow(raw.makeServerStreamRequest(path, plain, plain, message, options));
    else raw.makeUnaryRequest(path, plain, plain, message, options, done);
  });
}

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 0x80)) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 0x80) | 0x80);
  }
};

/** Fields with numbers as the protocol uses them, nested as deep as its messages are. */
const { message: protobuf } = fc.letrec<{ message: Buffer; field: Buffer }>((tie) => ({
  message: fc.array(tie('field'), { maxLength: 5 }).map((fields) => Buffer.concat(fields)),
  field: fc
    .tuple(
      fc.integer({ min: 1, max: 12 }),
      fc.oneof(
        { depthSize: 'medium', maxDepth: 5 },
        fc.nat({ max: Number.MAX_SAFE_INTEGER }).map((value) => ({ type: 0, bytes: varint(value) })),
        fc
          .constantFrom('order-1', '$all', '$$x', '\0', '{"$maxCount":-1}', '0@order-1', crypto.randomUUID())
          .map(lengthDelimited),
        fc.uint8Array({ maxLength: 40 }).map(lengthDelimited),
        tie('message').map(lengthDelimited),
      ),
    )
    .map(([number, { type, bytes }]) => Buffer.concat([varint(number * 8 + type), bytes])),
}));

function lengthDelimited(content: string | Uint8Array): { type: number; bytes: Buffer } {
  const bytes = Buffer.from(content as Uint8Array);
  return { type: 2, bytes: Buffer.concat([varint(bytes.length), bytes]) };
}

const CLEAN = [status.OK, status.INVALID_ARGUMENT, status.INTERNAL, status.FAILED_PRECONDITION, 'open'];

test('ten thousand streams and a thousand subscribers: each hears its own, and all end', async () => {
  const category = newStream('many');
  const name = (number: number): string => `${category}-${number}`;
  for (let first = 0; first < 10_000; first += 500)
    await Promise.all(
      Array.from({ length: 500 }, (_, index) =>
        client.appendToStream(name(first + index), numbered(1, first + index)),
      ),
    );
  const heard: unknown[][] = Array.from({ length: 1_000 }, () => []);
  const subscriptions = heard.map((events, number) =>
    (number % 10 === 0
      ? client.subscribeToAll({
          fromPosition: START,
          filter: streamNameFilter({ prefixes: [`${name(number)}-`] }),
        })
      : client.subscribeToStream(name(number), { fromRevision: START })
    )
      .on('error', (error: Error) => events.push(error))
      .on('data', ({ event }: { event?: { data: unknown } }) => events.push(event?.data)),
  );
  await until(() => heard.every((events, number) => number % 10 === 0 || events.length === 1), 60_000);
  await Promise.all(
    heard.map((_, number) =>
      client.appendToStream(number % 10 === 0 ? `${name(number)}-late` : name(number), numbered(1, -1)),
    ),
  );
  await until(() => heard.every((events, number) => events.length === (number % 10 === 0 ? 1 : 2)), 60_000);
  expect(heard.map((events) => events.at(-1))).toEqual(heard.map(() => ({ number: -1 })));
  await isWell();
  await Promise.all(subscriptions.map((subscription) => subscription.unsubscribe()));
  await isWell();
}, 180_000);

describe.each(methods.map((method) => [method.path, method] as const))('%s', (_path, method) => {
  const holds = (message: fc.Arbitrary<Buffer>, numRuns: number) =>
    fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 4 }), async (messages) => {
        expect(CLEAN).toContain(await answerTo(method, messages));
      }),
      { numRuns },
    );

  test('answers random bytes with a clean error', async () => {
    await holds(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      150,
    );
    await isWell();
  });

  test('answers what looks like a message with an answer or a clean error', async () => {
    await holds(protobuf, 400);
    await isWell();
  });
});

test('names of a megabyte are refused or kept, and read back', async () => {
  const name = `long-${'n'.repeat(1_000_000)}`;
  await client.appendToStream(name, numbered(1));
  expect(numbersOf(await eventsOf(client.readStream(name)))).toEqual([0]);
  const type = 't'.repeat(300_000);
  await client.appendToStream(newStream(), jsonEvent({ type, data: {} }));
  const tooLong = client.appendToStream(newStream(), jsonEvent({ type: 't'.repeat(600_000), data: {} }));
  expect(await failureOf(tooLong)).toMatchObject({ type: 'maximum-append-size-exceeded' });
  await isWell();
});

test('appends that a client begins and never ends are bounded', async () => {
  const stub = new streamsService.StreamsClient(new URL(url).host, credentials.createInsecure());
  const call = stub.batchAppend();
  const refused: string[] = [];
  call.on('error', () => undefined);
  call.on('data', (answer: streams.BatchAppendResp) =>
    refused.push(answer.getError()?.getMessage() ?? 'success'),
  );
  for (let number = 0; number < 300; number++) {
    const options = new streams.BatchAppendReq.Options()
      .setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(newStream())))
      .setAny(new empty.Empty());
    const event = new streams.BatchAppendReq.ProposedMessage()
      .setId(new shared.UUID().setString(crypto.randomUUID()))
      .setData(Buffer.alloc(1_000_000));
    event.getMetadataMap().set('type', 'T').set('content-type', 'application/octet-stream');
    const request = new streams.BatchAppendReq()
      .setCorrelationId(new shared.UUID().setString(crypto.randomUUID()))
      .setOptions(options)
      .setProposedMessagesList([event]);
    if (!call.write(request)) await once(call, 'drain');
  }
  await until(() => refused.length >= 200);
  expect(new Set(refused)).toEqual(new Set(['too much is unfinished']));
  await isWell();
  call.cancel();
  stub.close();
});

test('a client that sends far more than the disk takes is slowed down, and all of it is written', async () => {
  const stream = newStream();
  const appends = Array.from({ length: 100 }, (_, number) =>
    client.appendToStream(
      `${stream}-${number % 10}`,
      jsonEvent({ type: 'T', data: { text: 'x'.repeat(500_000) } }),
      {
        deadline: 60_000,
      },
    ),
  );
  const results = await Promise.all(appends);
  expect(results.every(({ success }) => success)).toBe(true);
  await isWell();
}, 90_000);

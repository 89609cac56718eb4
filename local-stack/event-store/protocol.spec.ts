import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Client, type ClientDuplexStream, credentials, type ServiceError, status } from '@grpc/grpc-js';
import timestamp from 'google-protobuf/google/protobuf/timestamp_pb.js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';
import { binaryEvent, StreamNotFoundError } from '@eventstore/db-client';
import type { EventStoreDBClient } from '@eventstore/db-client';
import featuresService from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type {
  AppendReq,
  BatchAppendReq,
  BatchAppendResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import {
  connect,
  eventsOf,
  newStream,
  nodesUnderTest,
  type NodeUnderTest,
  numbered,
  until,
} from './testing/node-under-test.js';

/** The client's own stubs, for what its public methods never send. */
describe.each(nodesUnderTest())('the protocol of %s', (_node, start) => {
  let node: NodeUnderTest;
  let client: EventStoreDBClient;
  let stub: StreamsClient;

  beforeAll(async () => {
    node = await start();
    client = connect(node.url);
    stub = new streamsService.StreamsClient(new URL(node.url).host, credentials.createInsecure());
  });

  afterAll(async () => {
    stub.close();
    await client.dispose();
    await node.stop();
  });

  async function isAbsent(stream: string): Promise<void> {
    await expect(eventsOf(client.readStream(stream))).rejects.toThrow(StreamNotFoundError);
  }

  function uuid(id: string = crypto.randomUUID()) {
    return new shared.UUID().setString(id);
  }

  function identifier(stream: string) {
    return new shared.StreamIdentifier().setStreamName(Buffer.from(stream));
  }

  function proposed(size = 1): BatchAppendReq.ProposedMessage {
    const message = new streams.BatchAppendReq.ProposedMessage().setId(uuid()).setData(Buffer.alloc(size, 1));
    message.getMetadataMap().set('type', 'T').set('content-type', 'application/octet-stream');
    return message;
  }

  describe('BatchAppend', () => {
    let call: ClientDuplexStream<BatchAppendReq, BatchAppendResp>;
    let answers: BatchAppendResp[];
    let ended: boolean;

    afterEach(async () => {
      call.end();
      await until(() => ended);
    });

    beforeEach(() => {
      answers = [];
      ended = false;
      call = stub.batchAppend();
      call.on('data', (answer: BatchAppendResp) => answers.push(answer));
      call.on('status', () => (ended = true));
      call.on('error', () => undefined);
    });

    function options(stream: string, deadline = Date.now() + 10_000): BatchAppendReq.Options {
      return new streams.BatchAppendReq.Options()
        .setStreamIdentifier(identifier(stream))
        .setAny(new empty.Empty())
        .setDeadline(timestamp.Timestamp.fromDate(new Date(deadline)));
    }

    function request(
      id: string,
      isFinal: boolean,
      ...messages: BatchAppendReq.ProposedMessage[]
    ): BatchAppendReq {
      return new streams.BatchAppendReq()
        .setCorrelationId(uuid(id))
        .setIsFinal(isFinal)
        .setProposedMessagesList(messages);
    }

    /** Once it is answered, no answer to anything before it is still to come. */
    async function answersSoFar(): Promise<BatchAppendResp[]> {
      const id = crypto.randomUUID();
      call.write(request(id, true, proposed()).setOptions(options(newStream())));
      await until(() => answers.some((answer) => answer.getCorrelationId()?.getString() === id));
      return answers.filter((answer) => answer.getCorrelationId()?.getString() !== id);
    }

    const kindOf = (answer: BatchAppendResp | undefined) => answer?.getError()?.getDetails()?.getTypeName();

    test('an append may come in parts, which may mingle with those of others; each is answered once', async () => {
      const [a, b] = [crypto.randomUUID(), crypto.randomUUID()];
      const [first, second] = [newStream(), newStream()];
      call.write(request(a, false, proposed()).setOptions(options(first)));
      call.write(request(b, false).setOptions(options(second)));
      call.write(request(a, false, proposed(), proposed()));
      call.write(request(b, true, proposed()));
      call.write(request(a, true));
      const received = await answersSoFar();
      expect(received.map((answer) => answer.getCorrelationId()?.getString()).sort()).toEqual([a, b].sort());
      expect(received.every((answer) => answer.hasSuccess())).toBe(true);
      expect(await eventsOf(client.readStream(first))).toHaveLength(3);
      expect(await eventsOf(client.readStream(second))).toHaveLength(1);
    });

    test('the answer names the stream, the revision and the position', async () => {
      const stream = newStream();
      call.write(request(crypto.randomUUID(), true, proposed(), proposed()).setOptions(options(stream)));
      const [answer] = await answersSoFar();
      const [, last] = await eventsOf(client.readStream(stream));
      expect(Buffer.from(answer!.getStreamIdentifier()!.getStreamName_asU8()).toString()).toBe(stream);
      expect(answer!.getSuccess()!.getCurrentRevision()).toBe('1');
      expect(answer!.getSuccess()!.getPosition()!.toObject()).toEqual({
        commitPosition: String(last!.position.commit),
        preparePosition: String(last!.position.prepare),
      });
    });

    test('a deadline that has passed is a timeout, and nothing is written', async () => {
      const stream = newStream();
      call.write(request(crypto.randomUUID(), true, proposed()).setOptions(options(stream, Date.now() - 1)));
      const received = await answersSoFar();
      expect(received.map(kindOf)).toEqual(['event_store.client.Timeout']);
      expect(received[0]!.getError()!.getCode()).toBe(status.DEADLINE_EXCEEDED);
      await isAbsent(stream);
    });

    test('an append whose end does not come before its deadline times out; its end is too late then', async () => {
      const stream = newStream();
      const id = crypto.randomUUID();
      call.write(request(id, false, proposed()).setOptions(options(stream, Date.now() + 50)));
      await until(() => answers.length === 1);
      call.write(request(id, true, proposed()));
      expect((await answersSoFar()).map(kindOf)).toEqual(['event_store.client.Timeout']);
      await isAbsent(stream);
    });

    test('appends whose deadline comes while they are written are answered once, in time or too late', async () => {
      const ids = Array.from({ length: 300 }, () => crypto.randomUUID());
      for (const [number, id] of ids.entries()) {
        call.write(
          request(id, true, proposed(10_000)).setOptions(
            options(newStream(), Date.now() + 3 + (number % 10)),
          ),
        );
      }
      const received = await answersSoFar();
      expect(received.map((answer) => answer.getCorrelationId()!.getString()).sort()).toEqual(ids.sort());
      for (const answer of received)
        expect([undefined, 'event_store.client.Timeout']).toContain(kindOf(answer));
    });

    test('a deadline in a year is far away', async () => {
      const year = Date.now() + 365 * 24 * 3600 * 1000;
      call.write(request(crypto.randomUUID(), true, proposed()).setOptions(options(newStream(), year)));
      expect((await answersSoFar())[0]!.hasSuccess()).toBe(true);
    });

    test('an append that grows too large in parts is refused once', async () => {
      const stream = newStream();
      const id = crypto.randomUUID();
      call.write(request(id, false, proposed(700_000)).setOptions(options(stream)));
      call.write(request(id, false, proposed(700_000)));
      call.write(request(id, false, proposed(700_000)));
      call.write(request(id, true));
      const received = await answersSoFar();
      expect(received.map(kindOf)).toEqual(['event_store.client.MaximumAppendSizeExceeded']);
      expect(received[0]!.getError()!.getCode()).toBe(status.INVALID_ARGUMENT);
      await isAbsent(stream);
    });

    test.each<[string, (options: BatchAppendReq.Options, event: BatchAppendReq.ProposedMessage) => void]>([
      ['an event without a type', (_options, event) => event.clearMetadataMap()],
      ['an id that is no UUID', (_options, event) => event.setId(uuid('7'))],
      ['no stream', (options) => options.clearStreamIdentifier()],
      ['a stream without a name', (options) => options.setStreamIdentifier(identifier(''))],
      ['no expected revision', (options) => options.clearAny()],
    ])('%s is a bad request, answered once, and the next append is served', async (_case, spoil) => {
      const id = crypto.randomUUID();
      const [target, event] = [options(newStream()), proposed()];
      spoil(target, event);
      call.write(request(id, true, event).setOptions(target));
      const received = await answersSoFar();
      expect(received.map((answer) => [answer.getCorrelationId()?.getString(), kindOf(answer)])).toEqual([
        [id, 'event_store.client.BadRequest'],
      ]);
    });

    test('parts of an append that never began are not answered', async () => {
      call.write(request(crypto.randomUUID(), true, proposed()));
      expect(await answersSoFar()).toEqual([]);
    });

    test('when the client has sent its last, it is answered, and then the call ends', async () => {
      for (let number = 0; number < 50; number++) {
        call.write(request(crypto.randomUUID(), true, proposed()).setOptions(options(newStream())));
      }
      call.end();
      await until(() => ended);
      expect(answers.filter((answer) => answer.hasSuccess())).toHaveLength(50);
    });

    test('a client that goes away in mid-append harms nobody', async () => {
      const stream = newStream();
      call.write(request(crypto.randomUUID(), false, proposed()).setOptions(options(stream)));
      call.cancel();
      await client.appendToStream(newStream(), numbered(1));
      await isAbsent(stream);
    });
  });

  describe('Append', () => {
    function append(...messages: AppendReq[]): Promise<ServiceError | null> {
      return new Promise((resolve) => {
        const call = stub.append((error) => resolve(error));
        for (const message of messages) call.write(message);
        call.end();
      });
    }

    function header(stream: string): AppendReq {
      const options = new streams.AppendReq.Options()
        .setStreamIdentifier(identifier(stream))
        .setAny(new shared.Empty());
      return new streams.AppendReq().setOptions(options);
    }

    function event(metadata: Record<string, string>): AppendReq {
      const message = new streams.AppendReq.ProposedMessage().setId(uuid());
      for (const [key, value] of Object.entries(metadata)) message.getMetadataMap().set(key, value);
      return new streams.AppendReq().setProposedMessage(message);
    }

    test.each([
      ['type', { 'content-type': 'application/json' }],
      ['content-type', { type: 'T' }],
    ])('an event without its %s is refused, and so is all that came with it', async (property, metadata) => {
      const stream = newStream();
      const whole = event({ type: 'T', 'content-type': 'application/json' });
      const error = await append(header(stream), whole, event(metadata));
      expect(error).toMatchObject({
        code: status.INVALID_ARGUMENT,
        details: expect.stringContaining(`'${property}'`),
      });
      expect(error!.metadata.getMap()).toMatchObject({ exception: 'missing-required-metadata-property' });
      await isAbsent(stream);
    });

    test('without options it is refused', async () => {
      expect(await append(event({ type: 'T', 'content-type': 'application/json' }))).toMatchObject({
        code: status.INVALID_ARGUMENT,
      });
      expect(await append()).toMatchObject({ code: status.INVALID_ARGUMENT });
    });
  });

  test('an empty message on any method is an invalid argument or an empty answer, and the node goes on', async () => {
    const raw = new Client(new URL(node.url).host, credentials.createInsecure());
    const plain = (bytes: Buffer) => bytes;
    const methods = [
      ...Object.values(streamsService.StreamsService),
      ...Object.values(featuresService.ServerFeaturesService),
    ];
    for (const { path, responseStream } of methods as { path: string; responseStream: boolean }[]) {
      for (const bytes of [
        Buffer.alloc(0),
        Buffer.from('garbage'),
        Buffer.alloc(100, 0xff),
        Buffer.from([0x0a, 0x00]),
      ]) {
        const code = await new Promise<status>((resolve) => {
          if (!responseStream)
            raw.makeUnaryRequest(path, plain, plain, bytes, (error) => resolve(error?.code ?? status.OK));
          else
            raw
              .makeServerStreamRequest(path, plain, plain, bytes)
              .on('error', () => undefined)
              .on('status', ({ code }) => resolve(code))
              .resume();
        });
        expect([status.OK, status.INVALID_ARGUMENT, status.INTERNAL]).toContain(code);
      }
    }
    raw.close();
    await expect(
      client.appendToStream(newStream(), binaryEvent({ type: 'T', data: Buffer.of(1) })),
    ).resolves.toMatchObject({ success: true });
  });
});

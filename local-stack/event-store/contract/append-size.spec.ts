import { describe, expect, test } from '@jest/globals';
import {
  ANY,
  binaryEvent,
  MaxAppendSizeExceededError,
  NO_STREAM,
  StreamNotFoundError,
} from '@eventstore/db-client';
import type { EventData } from '@eventstore/db-client';
import { APPEND_METHODS, contract } from '../testing/contract.js';
import { eventsOf, failureOf, newStream, numbered } from '../testing/node-under-test.js';

const LIMIT = 1024 * 1024;
/** The type counts two bytes a character. */
const TYPE = 'Sized';
const TYPE_SIZE = 2 * TYPE.length;

const sized = (size: number): EventData =>
  binaryEvent({ type: TYPE, data: new Uint8Array(size - TYPE_SIZE).fill(7) });
const withMetadata = (size: number): EventData => {
  const half = (size - TYPE_SIZE) / 2;
  return binaryEvent({ type: TYPE, data: new Uint8Array(half), metadata: new Uint8Array(half).fill(1) });
};
const withType = (size: number): EventData =>
  binaryEvent({ type: 'ä'.repeat(size / 2), data: new Uint8Array(0) });

contract('the size of an append to', (node) => {
  describe.each(APPEND_METHODS)('through %s', (_method, options) => {
    test.each<[string, EventData[]]>([
      ['one event', [sized(LIMIT)]],
      ['one event with metadata', [withMetadata(LIMIT)]],
      ['two events', [sized(LIMIT / 2), sized(LIMIT / 2)]],
      ['a thousand events', Array.from({ length: 1024 }, () => sized(1024))],
    ])('may be 1 MiB: %s', async (_case, events) => {
      const stream = newStream();
      await node.client.appendToStream(stream, events, { expectedRevision: NO_STREAM, ...options });
      const read = await eventsOf(node.client.readStream(stream));
      expect(read.map(({ data }) => (data as Uint8Array).length)).toEqual(
        events.map(({ data }) => (data as Uint8Array).length),
      );
    });

    test.each<[string, EventData[]]>([
      ['one event', [sized(LIMIT + 1)]],
      ['its metadata', [withMetadata(LIMIT + 2)]],
      ['its type', [withType(LIMIT + 2)]],
      ['the second of two events', [sized(LIMIT / 2), sized(LIMIT / 2 + 1)]],
      ['the last of many events', [...Array.from({ length: 1024 }, () => sized(1024)), sized(11)]],
      ['an event larger than most messages may be', [sized(6 * LIMIT)]],
    ])(
      'is refused when %s exceeds it; the stream is untouched, and the next append works',
      async (_case, events) => {
        const stream = newStream();
        const error = await failureOf(
          node.client.appendToStream(stream, events, { expectedRevision: ANY, ...options }),
        );
        expect(error).toBeInstanceOf(MaxAppendSizeExceededError);
        expect(error).toMatchObject({ type: 'maximum-append-size-exceeded', maxAppendSize: LIMIT });
        await expect(eventsOf(node.client.readStream(stream))).rejects.toThrow(StreamNotFoundError);
        await node.client.appendToStream(stream, numbered(1), { expectedRevision: NO_STREAM, ...options });
        expect(await node.numbersIn(stream)).toEqual([0]);
      },
    );

    test('is refused before anything else about it is', async () => {
      const stream = await node.streamOf(1);
      await node.client.tombstoneStream(stream);
      await expect(
        node.client.appendToStream(stream, sized(LIMIT + 1), { expectedRevision: 7n, ...options }),
      ).rejects.toThrow(MaxAppendSizeExceededError);
    });
  });
});

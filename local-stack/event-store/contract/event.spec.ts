import { describe, expect, test } from '@jest/globals';
import { binaryEvent, jsonEvent, NO_STREAM } from '@eventstore/db-client';
import type { EventData, JSONType } from '@eventstore/db-client';
import { APPEND_METHODS, contract } from '../testing/contract.js';
import { eventsOf, newStream, numbered, type PositionedEvent } from '../testing/node-under-test.js';

const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);

contract('an event that was appended to', (node) => {
  describe.each(APPEND_METHODS)('through %s', (_method, options) => {
    async function readBack(event: EventData, stream = newStream()): Promise<PositionedEvent> {
      await node.client.appendToStream(stream, event, { expectedRevision: NO_STREAM, ...options });
      const [read] = await eventsOf(node.client.readStream(stream));
      return read!;
    }

    test('keeps its id, type, data and metadata', async () => {
      const event = jsonEvent({
        id: '5ce7a6f5-7a1f-4b3c-9a39-f5a1a0f8c3d1',
        type: 'SizeChanged',
        data: { text: 'long', nested: { list: [1, 2.5, null, true] } },
        metadata: { $correlationId: 'c-1', $causationId: 'c-0', more: { of: ['it'] } },
      });
      const { id, type, data, metadata } = event;
      expect(await readBack(event)).toMatchObject({ id, type, data, metadata, isJson: true });
    });

    test.each<[string, unknown]>([
      ['an object', { a: { b: [] } }],
      ['a list', [1, [2, [3]]]],
      ['a string', 'ä€😀\u0000"\\'],
      ['a number', -12.5e-7],
      ['false', false],
      ['an empty object', {}],
    ])('may be %s in JSON', async (_case, data) => {
      const read = await readBack(jsonEvent({ type: 'Json', data: data as JSONType }));
      expect(read.data).toEqual(data);
      expect(read.isJson).toBe(true);
      expect(read.metadata).toBeUndefined();
    });

    test.each([
      ['none', new Uint8Array(0)],
      ['every byte', everyByte],
      ['what would be JSON', Buffer.from('{"a":1}')],
    ])('may be bytes: %s', async (_case, data) => {
      const read = await readBack(binaryEvent({ type: 'Bytes', data }));
      expect(Buffer.from(read.data as Uint8Array)).toEqual(Buffer.from(data));
      expect(read.isJson).toBe(false);
    });

    test('may have bytes as metadata, whatever its data is', async () => {
      const metadata = Uint8Array.of(255, 0, 1);
      for (const event of [
        binaryEvent({ type: 'Bytes', data: everyByte, metadata }),
        jsonEvent({ type: 'Json', data: {}, metadata }),
      ]) {
        expect(Buffer.from((await readBack(event)).metadata as Uint8Array)).toEqual(Buffer.from(metadata));
      }
    });

    test('may have JSON as metadata of bytes', async () => {
      const metadata = { text: '😀' };
      expect(await readBack(binaryEvent({ type: 'Bytes', data: everyByte, metadata }))).toMatchObject({
        metadata,
        isJson: false,
      });
    });

    test.each([
      ['one letter', 'T'],
      ['signs and letters of many languages', 'Größe geändert ♞ 尺寸 حجم 😀 "\'\\/%'],
      ['ten thousand letters', 'Long'.repeat(2500)],
    ])('may have a type of %s', async (_case, type) => {
      expect(await readBack(jsonEvent({ type, data: {} }))).toMatchObject({ type });
    });

    test.each([
      ['signs and letters of many languages', 'ströme ♞ 流 نهر 😀 "\'\\/%?#'],
      ['a line break and a zero byte', 'a\nb\0c'],
      ['three thousand letters', 'x'.repeat(3000)],
      ['the looks of a projection', '$test-by-category'],
    ])('may be in a stream whose name holds %s', async (_case, name) => {
      const stream = newStream(name);
      expect(await readBack(jsonEvent({ type: 'Named', data: {} }), stream)).toMatchObject({
        streamId: stream,
      });
      await node.client.setStreamMetadata(stream, { owner: 'ä' }, options);
      await expect(node.client.getStreamMetadata(stream)).resolves.toMatchObject({
        metadata: { owner: 'ä' },
      });
    });

    test('tells when it was recorded', async () => {
      const before = Date.now();
      const { created } = await readBack(jsonEvent({ type: 'Timed', data: {} }));
      // The node's clock may be another machine's.
      expect(Math.abs(created.getTime() - before)).toBeLessThan(60_000);
    });

    test('tells a time that does not go back within a stream', async () => {
      const stream = newStream();
      for (let number = 0; number < 10; number++)
        await node.client.appendToStream(stream, numbered(2, number * 2), options);
      const times = (await eventsOf(node.client.readStream(stream))).map(({ created }) => created.getTime());
      expect(times).toEqual([...times].sort((a, b) => a - b));
    });
  });

  test('is in its own stream, however alike the names of streams are', async () => {
    const short = newStream();
    const names = [
      short,
      short.toUpperCase(),
      `${short} `,
      `${short}\0\0\0\0\0\0\0\0`,
      `${short}0`,
      `${short}${'x'.repeat(3000)}`,
      `${short}${'x'.repeat(3001)}`,
      `${short}é`,
      `${short}e\u0301`,
    ];
    for (const [index, name] of names.entries())
      await node.client.appendToStream(name, numbered(2, index * 10));
    for (const [index, name] of names.entries()) {
      expect(await node.numbersIn(name)).toEqual([index * 10, index * 10 + 1]);
    }
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ConsumeMessage, connect } from 'amqplib';
import { embeddedBroker } from '../testing/servers.js';
import { attemptOf, headersOf, keptProperties, routingKeyOf } from './delivery.js';
import { HEADER, headersAfter } from './failures.js';
import { Publisher } from './publisher.js';
import type { WorkQueue } from './topology.js';

const AT = '2026-01-31T12:00:00.000Z';
const work: WorkQueue = { name: 'work', exchange: 'work', pattern: '#', retryDelaysMs: [1, 2] };

/** Of any length that fits a frame, and read from bytes that may be no UTF-8. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\ufffd'.repeat(255), 'x'.repeat(100_000), `2026-01-01T00:00:00.${'1'.repeat(100_000)}Z`),
);
const value = fc.oneof(text, fc.double(), fc.integer(), fc.constant(null), fc.array(text));
const headers = fc.dictionary(fc.constantFrom(...Object.values(HEADER)), value);
const property = fc.option(text, { nil: undefined });
const message = fc.record({
  content: fc.constant(Buffer.from('{}')),
  fields: fc.record({ routingKey: fc.constantFrom('a', '\ufffd'.repeat(255)) }),
  properties: fc.record({
    ...{ headers, messageId: property, type: property, contentType: property, contentEncoding: property },
  }),
});

describe('what a message tells of its failures', () => {
  it('can be sent with it, whatever a stranger wrote into it before, and however often it fails', async () => {
    const server = await embeddedBroker();
    const connection = await connect(server.url);
    const publisher = new Publisher();
    publisher.use(await connection.createConfirmChannel());
    const sent = fc.asyncProperty(message, text, async (given, reason) => {
      let received = given as unknown as ConsumeMessage;
      for (const _failure of [1, 2]) {
        const headers = headersAfter(headersOf(received), {
          ...{ queue: work.name, reason, at: AT },
          attempt: attemptOf(received, work) + 1,
          routingKey: routingKeyOf(received),
        });
        const kept = keptProperties(received);
        await publisher.publish('amq.topic', 'nobody.listens', received.content, { ...kept, headers });
        received = { ...received, properties: { ...received.properties, ...kept, headers } };
      }
    });
    try {
      await fc.assert(sent);
    } finally {
      await connection.close();
      await server.stop();
    }
  });

  it('keeps the properties that can be written again', () => {
    const properties = {
      messageId: 'x'.repeat(255),
      type: '\ufffd'.repeat(86),
      contentType: 'x'.repeat(256),
    };
    const kept = keptProperties({ properties } as unknown as ConsumeMessage);
    expect(kept).toEqual({ messageId: properties.messageId });
  });
});

import {
  CLOUD_EVENTS_JSON,
  INTEGRATION_VERSION,
  type RoutingKey,
  cloudEventType,
  integrationEvents,
  messageOf,
} from '@orders/shared-events/contracts/integration-events.js';
import { INTEGRATION_EVENTS } from '@orders/shared-events/transport/topology.js';
import { z } from 'zod';
import type { Told } from './examples.js';
import { routingKeys } from './schemas.js';

const AMQP = '0.3.0';

const DESCRIPTION = `What the outside may hear of orders, payments and stock: CloudEvents 1.0 in structured JSON, on a topic exchange of RabbitMQ.

**To listen**, declare a durable queue of your own and bind it to the exchange by the routing keys that you want (\`order.*\`, \`payment.refunded\`). What is published while no queue is bound is not kept.

**Delivery is at least once.** \`id\` tells a repeat: it is the same in every delivery of the same event. Acknowledge a message once its effect is stored. (Through the embedded broker of \`npm start\` delivery is best effort.)

**Order.** Events are published in the order in which they stand in the log, but a repeat or a redelivery can come behind what is newer. \`sequence\` is the position in the log, in twenty digits, so that text compares as the numbers do: of what is told of one order (\`subject\`), the greater one is the newer one. Positions have gaps.

**Versions.** \`type\` ends in the version. Within it, fields and routing keys may be added: pass over what you do not know. Nothing that a reader may rely on is taken away, and no value becomes possible that was not; what would do so raises the version.`;

const described = (key: RoutingKey): string => integrationEvents[key].description ?? '';

/** The AsyncAPI 3 document of what is published for others to hear, with what was told as examples. */
export const asyncApi = (told: readonly Told[]): object => ({
  asyncapi: '3.0.0',
  info: {
    title: 'Order system: integration events',
    version: String(INTEGRATION_VERSION),
    description: DESCRIPTION,
  },
  defaultContentType: CLOUD_EVENTS_JSON,
  servers: { broker },
  channels: Object.fromEntries(routingKeys.map((key) => [key, channel(key, told)])),
  operations: Object.fromEntries(routingKeys.map((key) => [key, operation(key)])),
});

const broker = {
  host: '{host}',
  protocol: 'amqp',
  protocolVersion: '0.9.1',
  description: 'RabbitMQ, where `RABBITMQ_URL` of the process managers points.',
  variables: { host: { default: '127.0.0.1:5672' } },
};

const channel = (key: RoutingKey, told: readonly Told[]) => ({
  address: key,
  description: described(key),
  messages: { [key]: message(key, told) },
  bindings: {
    amqp: {
      is: 'routingKey',
      exchange: { name: INTEGRATION_EVENTS, type: 'topic', durable: true, autoDelete: false },
      bindingVersion: AMQP,
    },
  },
});

const message = (key: RoutingKey, told: readonly Told[]) => ({
  name: cloudEventType(key),
  title: key,
  summary: described(key),
  contentType: CLOUD_EVENTS_JSON,
  correlationId: { location: '$message.payload#/correlationid' },
  payload: payload(key),
  bindings: {
    amqp: { contentEncoding: 'utf-8', messageType: cloudEventType(key), bindingVersion: AMQP },
  },
  examples: told
    .filter(({ routingKey }) => routingKey === key)
    .map(({ of, body }) => ({ name: of, summary: `Told of ${of}`, payload: body })),
});

/** In draft 7, which AsyncAPI's own schemas are made of: every tool takes it. */
function payload(key: RoutingKey): object {
  const { $schema: _, ...schema } = z.toJSONSchema(messageOf(key), { io: 'input', target: 'draft-7' });
  return schema;
}

const operation = (key: RoutingKey) => ({
  action: 'send',
  channel: { $ref: `#/channels/${key}` },
  messages: [{ $ref: `#/channels/${key}/messages/${key}` }],
  bindings: {
    amqp: { deliveryMode: 2, mandatory: false, timestamp: true, bindingVersion: AMQP },
  },
});

import type { ConsumeMessage, Options } from 'amqplib';
import type { Message } from './broker.js';

/** What happens to a message is named by what it says and its id. */
export const nameOf = ({ routingKey, properties: { messageId } }: Message): string =>
  `${routingKey} ${messageId ?? ''}`;

/** As the driver hands it over. */
export function received(message: Message, deliveryTag: number): ConsumeMessage {
  const { exchange, routingKey, content, properties, redelivered } = message;
  return {
    content,
    fields: { deliveryTag, exchange, routingKey, redelivered, consumerTag: '' },
    properties: { ...noProperties, ...properties, headers: headersOf(properties) },
  };
}

const noProperties = {
  contentType: undefined,
  contentEncoding: undefined,
  deliveryMode: undefined,
  priority: undefined,
  correlationId: undefined,
  replyTo: undefined,
  expiration: undefined,
  messageId: undefined,
  timestamp: undefined,
  type: undefined,
  userId: undefined,
  appId: undefined,
  clusterId: undefined,
};

const headersOf = ({ headers }: Options.Publish): Record<string, unknown> => ({
  ...(headers as Record<string, unknown> | undefined),
});

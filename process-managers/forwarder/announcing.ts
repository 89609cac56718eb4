import { CLOUD_EVENTS_JSON } from '@orders/shared-events/contracts/integration-events.js';
import { INTEGRATION_EVENTS } from '@orders/shared-events/transport/topology.js';
import type { MessageBus } from '@orders/shared-events/transport/message-bus.js';
import type { Announcement } from './translation.js';

/** Where an announcement goes, and how it is labelled for who looks at no body. */
export const envelopeOf = ({ routingKey, body }: Announcement) => ({
  exchange: INTEGRATION_EVENTS,
  routingKey,
  options: { messageId: body.id, type: body.type, contentType: CLOUD_EVENTS_JSON },
});

/** As a replay tells it: the same event, which bears the replay's id. */
export const replayed = ({ routingKey, body }: Announcement, replayid: string): Announcement => ({
  routingKey,
  body: { ...body, replayid },
});

/** Resolves once the broker has it. That nobody listens is normal. */
export async function announce(
  bus: Pick<MessageBus, 'publish'>,
  announcement: Announcement,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { exchange, routingKey, options } = envelopeOf(announcement);
  await bus.publish(exchange, routingKey, announcement.body, { ...options, headers });
}

import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { CLOUD_EVENTS_JSON } from '@orders/shared-events/contracts/integration-events.js';
import type { MessageBus } from '@orders/shared-events/transport/message-bus.js';
import { INTEGRATION_EVENTS } from '@orders/shared-events/transport/topology.js';
import type { Checkpoints } from '../checkpoints.js';
import { type FollowingOptions, SoleFollower } from '../following.js';
import { Slots } from '@orders/shared-events/transport/slots.js';
import { translate } from './translation.js';

export const FORWARDER = 'forwarder';

const TOLD_STREAMS = ['order-', 'payment-', 'stock-'];
const STORE_EVERY_MS = 500;
const IN_FLIGHT = 64;

type Bus = Pick<MessageBus, 'publish'>;

/**
 * Tells the outside what happened: integration events in log order, at least once. The checkpoint follows the
 * broker's confirms; the log is the buffer for what could not be published yet.
 */
export const forwarder = (
  options: Pick<FollowingOptions, 'log' | 'logger'> & { readonly checkpoints: Checkpoints },
  bus: Bus,
): SoleFollower =>
  new SoleFollower(
    { ...options, name: FORWARDER, prefixes: TOLD_STREAMS, storeEveryMs: STORE_EVERY_MS },
    () => ({
      take: (events) => announceAll(bus, events),
      store: async (move) => (await options.checkpoints.move([move])).size === 1,
    }),
  );

/** In order, a bounded number at a time: commands go over the same channel, and must not wait for a backlog. */
async function announceAll(bus: Bus, events: readonly RecordedEvent[]): Promise<void> {
  const slots = new Slots(IN_FLIGHT);
  const announced: Promise<void>[] = [];
  for (const event of events) {
    await slots.take();
    const one = announce(bus, event).finally(() => slots.give());
    // Rejections are told below, in one place.
    one.catch(() => undefined);
    announced.push(one);
  }
  await Promise.all(announced);
}

/** Resolves once the broker has it. That nobody listens is normal. */
async function announce(bus: Bus, event: RecordedEvent): Promise<void> {
  const announcement = translate(event);
  if (!announcement) return;
  const { routingKey, body } = announcement;
  await bus.publish(INTEGRATION_EVENTS, routingKey, body, {
    messageId: body.id,
    type: body.type,
    contentType: CLOUD_EVENTS_JSON,
  });
}

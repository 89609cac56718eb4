import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { UnknownVersion } from '@orders/shared-events/contracts/versions.js';
import type { MessageBus } from '@orders/shared-events/transport/message-bus.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { oneLine } from '@orders/shared-events/transport/one-line.js';
import type { Checkpoints } from '../checkpoints.js';
import type { DeadLetters } from '../dead-letters/dead-letters.table.js';
import { type FollowingOptions, NotYet, SoleFollower } from '../following.js';
import { announce } from './announcing.js';
import { publishInOrder } from './publish-in-order.js';
import { type Announcement, translate } from './translation.js';

export const FORWARDER = 'forwarder';

export const TOLD_STREAMS = ['order-', 'payment-', 'stock-'];
const STORE_EVERY_MS = 500;
const IN_FLIGHT = 64;

type Bus = Pick<MessageBus, 'publish'>;

/**
 * Tells the outside what happened: integration events in log order, at least once. The checkpoint follows the
 * broker's confirms; the log is the buffer for what could not be published yet.
 *
 * An event that cannot be read becomes a dead letter, and the ones behind it are told. Before one that a newer build
 * wrote it waits, for a newer build.
 */
export const forwarder = (
  options: Pick<FollowingOptions, 'log' | 'logger'> & { readonly checkpoints: Checkpoints },
  bus: Bus,
  deadLetters: Pick<DeadLetters, 'keepUntold'>,
): SoleFollower =>
  new SoleFollower(
    { ...options, name: FORWARDER, prefixes: TOLD_STREAMS, storeEveryMs: STORE_EVERY_MS },
    () => ({
      take: (events, signal) => announceAll({ bus, deadLetters, logger: options.logger }, events, signal),
      store: async (move) => (await options.checkpoints.move([move])).size === 1,
    }),
  );

interface Telling {
  readonly bus: Bus;
  readonly deadLetters: Pick<DeadLetters, 'keepUntold'>;
  readonly logger: LogSink;
}

/** A bounded number at a time: commands go over the same channel, and must not wait for a backlog. */
const announceAll = (
  telling: Telling,
  events: readonly RecordedEvent[],
  signal: AbortSignal,
): Promise<void> =>
  publishInOrder(announcementsOf(telling, events), (one) => announce(telling.bus, one), IN_FLIGHT, signal);

/** Throws NotYet before an event of a newer build. */
async function* announcementsOf(
  telling: Telling,
  events: readonly RecordedEvent[],
): AsyncGenerator<Announcement> {
  for (const [index, event] of events.entries()) {
    const announcement = await announcementOf(telling, event);
    if (announcement instanceof UnknownVersion) {
      const message = `${event.type} at ${event.position} is for a newer build`;
      throw new NotYet(events[index - 1]?.position, message, { cause: announcement });
    }
    if (announcement) yield announcement;
  }
}

async function announcementOf(
  { deadLetters, logger }: Telling,
  event: RecordedEvent,
): Promise<Announcement | UnknownVersion | undefined> {
  try {
    return translate(event);
  } catch (error) {
    if (error instanceof UnknownVersion) return error;
    const about = { position: String(event.position), type: event.type, err: error };
    logger.error(about, 'dead-lettered: the outside cannot be told of it');
    await deadLetters.keepUntold(event, oneLine(error));
    return undefined;
  }
}

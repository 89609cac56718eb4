import type { Decoded } from '@orders/shared-events/contracts/catalogue.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { MessageBus } from '@orders/shared-events/transport/message-bus.js';
import type { SoleFollower } from '../following.js';
import { type RequestFollowerOptions, requestFollower } from '../request-follower.js';
import { announce, replayed } from './announcing.js';
import { publishInOrder } from './publish-in-order.js';
import type { ReplaysTable } from './replays.table.js';
import { toldIn } from './stretch.js';
import type { Announcement } from './translation.js';

/** Commands and what happens now go over the same channel. */
const IN_FLIGHT = 16;

export interface ReplayerOptions extends RequestFollowerOptions {
  readonly log: Pick<EventStore, 'subscribe' | 'eventAt'>;
  readonly bus: Pick<MessageBus, 'publish'>;
  readonly replays: ReplaysTable;
}

/**
 * Tells the outside once more what operators have asked for, one replay after the other, at least once: how far each has
 * come is stored after the broker's confirms. Each message bears the replay's id.
 */
export const replayer = (options: ReplayerOptions): SoleFollower =>
  requestFollower(options, 'forwarder-replays', 'forwarderReplay', (event, signal) =>
    carryOut(options, event, signal),
  );

async function carryOut(options: ReplayerOptions, event: Decoded, signal: AbortSignal): Promise<void> {
  if (event.type === 'ForwarderReplayStopped') await options.replays.end(event.data.replayId, 'stopped');
  if (event.type !== 'ForwarderReplayRequested') return;
  const { replayId } = event.data;
  const { reason = '', occurredAt } = event.metadata;
  await options.replays.begin(event.data, reason, occurredAt);
  const row = await options.replays.one(replayId);
  if (row?.state !== 'running') return;
  const after = row.position === null ? undefined : BigInt(row.position);
  const stopped = new AbortController();
  const told = toldIn(options.log, event.data, after, AbortSignal.any([signal, stopped.signal]));
  try {
    for await (const { announcements, position } of told) {
      const tell = (one: Announcement) =>
        announce(options.bus, replayed(one, replayId), { 'x-replay-id': replayId });
      await publishInOrder(announcements, tell, IN_FLIGHT, signal);
      if (signal.aborted) return;
      if (!(await options.replays.advance(replayId, position, announcements.length))) {
        // Nothing new is no end; that somebody has stopped it is.
        if ((await options.replays.one(replayId))?.state !== 'running') return;
      }
    }
  } finally {
    stopped.abort();
  }
  if (!signal.aborted) await options.replays.end(replayId, 'done');
}

import { z } from 'zod';
import { Instant } from './envelope.js';
import { LogPosition } from './ids.js';
import { integrationEvents } from './integration-events.js';
import { type EventsOf, versions } from './versions.js';

export const RoutingKeyName = z.enum(Object.keys(integrationEvents) as [keyof typeof integrationEvents]);

/** Also of what is not told any more: what was once written stays readable. */
const WrittenKey = z.string().regex(/^[a-z]+\.[a-z_]+$/);

/** Both inclusive. A moment is by the log's clock. */
export const ReplayStretch = z.object({
  from: z.union([z.object({ position: LogPosition }), z.object({ time: Instant })]),
  upTo: LogPosition,
});

/** The outside is told once more what it was told before. */
export const forwarderReplayEvents = {
  ForwarderReplayRequested: versions(
    ReplayStretch.extend({ replayId: z.uuid(), routingKeys: z.array(WrittenKey).min(1) }),
  ),
  ForwarderReplayStopped: versions(z.object({ replayId: z.uuid() })),
};
export type ForwarderReplayEvent = EventsOf<typeof forwarderReplayEvents>;

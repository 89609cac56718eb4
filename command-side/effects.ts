import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import { sleep } from '@orders/shared-events/transport/waiting.js';
import type { Effects } from './decider.js';

/** The real world: the event store, the clock and chance. */
export const effectsOf = (store: EventStore): Effects => ({
  read: (stream, fromRevision) => store.readStream(stream, fromRevision),
  append: (stream, expected, events) => store.append(stream, expected, events),
  now: () => new Date(),
  random: Math.random,
  sleep,
});

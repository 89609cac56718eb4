import type { EventStore } from '@orders/shared-events/transport/event-store.js';

/** The log, from which all that is there comes in one batch. */
export const together = (log: EventStore): Pick<EventStore, 'subscribe' | 'eventAt'> => ({
  eventAt: (position) => log.eventAt(position),
  subscribe: async function* (options) {
    const events = [];
    for await (const batch of log.subscribe(options)) {
      events.push(...batch.events);
      if (batch.caughtUp) yield { ...batch, events: events.splice(0) };
    }
  },
});

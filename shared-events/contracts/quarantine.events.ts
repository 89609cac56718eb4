import { z } from 'zod';
import { LogPosition, OrderId } from './ids.js';
import { type EventsOf, versions } from './versions.js';

/** An order that met what could not be dealt with waits alone, from that position of the log on. */
export const quarantineEvents = {
  /** An operator lets it go on: the log is read again from there, up to this event, and what comes behind follows. */
  QuarantineReleaseRequested: versions(z.object({ orderId: OrderId, from: LogPosition })),
};
export type QuarantineEvent = EventsOf<typeof quarantineEvents>;

import { z } from 'zod';
import { Instant } from './envelope.js';
import { LogPosition, OrderId } from './ids.js';
import { type EventsOf, versions } from './versions.js';

/** The stages of the order process; each has a deadline of its own. */
export const ProcessStage = z.enum([
  'payment',
  'customerAction',
  'providerRetry',
  'reservation',
  'capture',
  'confirmation',
  'shipment',
  'completion',
  'refund',
  'compensation',
]);
export type ProcessStage = z.infer<typeof ProcessStage>;

export const orderProcessEvents = {
  /** The definition version stays with the process for its whole life. */
  OrderProcessStarted: versions(z.object({ orderId: OrderId, definition: z.int().positive() })),
  /**
   * What the process heard, as it stands in the log. A position at or below the last heard one is a repeat.
   * The copy makes the process's own stream enough to fold its state.
   */
  OrderProcessHeard: versions(
    z.object({
      orderId: OrderId,
      position: LogPosition,
      eventId: z.uuid(),
      type: z.string().min(1).max(64),
      schemaVersion: z.int().positive(),
      occurredAt: Instant,
      data: z.record(z.string(), z.unknown()),
    }),
  ),
  OrderProcessDeadlinePassed: versions(
    z.object({ orderId: OrderId, stage: ProcessStage, generation: z.int().nonnegative() }),
  ),
};
export type OrderProcessEvent = EventsOf<typeof orderProcessEvents>;

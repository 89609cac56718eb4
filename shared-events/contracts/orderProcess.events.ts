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

/** Why an operator is asked for. Commands are sent on all the same, where there are any. */
export const Intervention = z.enum([
  'STAGE_OVERDUE',
  'VOID_FAILED',
  'REFUND_FAILED',
  /** The goods left while the process was undoing the order: it stops, for a refund may now be wrong. */
  'SHIPPED_WHILE_UNDOING',
]);
export type Intervention = z.infer<typeof Intervention>;

const ofOrder = z.object({ orderId: OrderId });

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
  /** What an operator did; who and why stands in the metadata. Until it is resumed the process hears, and does nothing. */
  OrderProcessPaused: versions(ofOrder),
  OrderProcessResumed: versions(ofOrder),
  /** What is outstanding was asked anew, with as many attempts as in the beginning, and all of the stage's time. */
  OrderProcessRetried: versions(ofOrder),
  /** Money and stock are to be given back, whatever the order has come to. */
  OrderProcessCompensationForced: versions(ofOrder),
  /** What the operator was asked for has been seen to outside of the system. */
  OrderProcessInterventionResolved: versions(z.object({ orderId: OrderId, intervention: Intervention })),
  /** The order is out of quarantine, where it had been from that position of the log on. */
  OrderProcessReleased: versions(z.object({ orderId: OrderId, from: LogPosition })),
};
export type OrderProcessEvent = EventsOf<typeof orderProcessEvents>;

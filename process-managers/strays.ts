import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { type OrderId, orderStream } from '@orders/shared-events/contracts/ids.js';
import type { EventType } from '@orders/shared-events/contracts/catalogue.js';

/** The provider told of a payment that nobody has asked for. */
const UNMATCHED = 'ProviderNotificationUnmatched' satisfies EventType;
const PLACED = 'OrderPlaced' satisfies EventType;
const REQUESTED = 'PaymentRequested' satisfies EventType;

/** What a stray waits for: an event of that type in that stream. */
export interface Awaited {
  readonly awaits: string;
  readonly awaitsType: typeof PLACED | typeof REQUESTED;
}

/** Whether an event is a stray whatever is known of its order: no process listens to it. */
export const isUnmatched = ({ type }: RecordedEvent): boolean => type === UNMATCHED;

/**
 * An event that belongs to nothing known: to a payment that nobody has asked for, or to an order that was never placed.
 * A process begins with the placement and hears everything in the order of the log, so what comes before belongs to
 * nobody's order; no command of ours leads there.
 */
export const isStray = (event: RecordedEvent, hasProcess: boolean): boolean =>
  isUnmatched(event) || (!hasProcess && event.type !== PLACED);

export const awaitedBy = (orderId: OrderId, event: RecordedEvent): Awaited =>
  isUnmatched(event)
    ? { awaits: event.streamId, awaitsType: REQUESTED }
    : { awaits: orderStream(orderId), awaitsType: PLACED };

/** What strays may be waiting for. */
export const mayBeAwaited = ({ type }: RecordedEvent): boolean => type === PLACED || type === REQUESTED;

import { type DeadLettersEvent, deadLettersEvents } from './deadLetters.events.js';
import { EventMetadata, type RecordedEvent } from './envelope.js';
import { type ForwarderReplayEvent, forwarderReplayEvents } from './forwarderReplay.events.js';
import { type OrderEvent, orderEvents } from './order.events.js';
import { type OrderProcessEvent, orderProcessEvents } from './orderProcess.events.js';
import { type PaymentEvent, paymentEvents } from './payment.events.js';
import { type ProductEvent, productEvents } from './product.events.js';
import { type QuarantineEvent, quarantineEvents } from './quarantine.events.js';
import { type StockEvent, stockEvents } from './stock.events.js';
import type { Versioned } from './versions.js';

/** Every event type of the system with all its versions. */
export const catalogue = {
  ...orderEvents,
  ...paymentEvents,
  ...productEvents,
  ...stockEvents,
  ...orderProcessEvents,
  ...quarantineEvents,
  ...deadLettersEvents,
  ...forwarderReplayEvents,
} as const;

export type DomainEvent =
  | OrderEvent
  | PaymentEvent
  | ProductEvent
  | StockEvent
  | OrderProcessEvent
  | QuarantineEvent
  | DeadLettersEvent
  | ForwarderReplayEvent;
export type EventType = DomainEvent['type'];

export class UnknownEventType extends Error {
  override readonly name = 'UnknownEventType';
}

export const isEventType = (type: string): type is EventType => Object.hasOwn(catalogue, type);

/** The version that is written today. */
export const currentVersion = (type: EventType): number => catalogue[type].version;

/**
 * Reads stored data of any version as the current shape. Throws UnknownEventType, UnknownVersion or ZodError:
 * each means that the log was written by something newer, or is damaged.
 */
export function readEvent(type: string, schemaVersion: number, data: unknown): DomainEvent {
  if (!isEventType(type)) throw new UnknownEventType(`unknown event type ${JSON.stringify(type)}`);
  const shapes: Versioned<unknown> = catalogue[type];
  return { type, data: shapes.read(schemaVersion, data) } as DomainEvent;
}

/** A recorded event, decoded: what happened and the metadata it was written with. */
export type Decoded = DomainEvent & { readonly metadata: EventMetadata; readonly occurredAt: string };

export function decode(recorded: RecordedEvent): Decoded {
  const metadata = EventMetadata.parse(recorded.metadata);
  const event = readEvent(recorded.type, metadata.schemaVersion, recorded.data);
  return { ...event, metadata, occurredAt: metadata.occurredAt };
}

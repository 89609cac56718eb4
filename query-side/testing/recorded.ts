import { type DomainEvent, currentVersion } from '@orders/shared-events/contracts/catalogue.js';
import type { EventMetadata, NewEvent, RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import {
  type StreamName,
  eventIdOf,
  orderProcessStream,
  orderStream,
  paymentStream,
  processCommandId,
  productStream,
  quarantineStream,
  requestStream,
  stockStream,
} from '@orders/shared-events/contracts/ids.js';
import { origin } from '@orders/shared-events/testing/examples.js';
import { NOW } from '@orders/shared-events/testing/given.js';

/** An event with what a spec says of its metadata. */
export type Told = DomainEvent & { readonly metadata?: Partial<EventMetadata> };

/** To be appended; ids follow from `key`, so that the same key makes the same event. */
export function newEvent(event: Told, key: string): NewEvent {
  const { type, data, metadata } = event;
  const commandId = processCommandId(streamOf(event), `${type} ${key}`, streamOf(event), 1);
  return {
    id: eventIdOf(commandId, 0),
    type,
    data,
    metadata: {
      $correlationId: origin.correlationId,
      $causationId: origin.causationId,
      commandId,
      actor: origin.actor,
      occurredAt: NOW,
      schemaVersion: currentVersion(type),
      ...metadata,
    },
  };
}

/** As if the events had been appended one after another, and nothing else: positions 1, 2, ... */
export function recorded(...events: readonly Told[]): readonly RecordedEvent[] {
  const revisions = new Map<string, bigint>();
  return events.map((event, index) => {
    const streamId = streamOf(event);
    const revision = (revisions.get(streamId) ?? -1n) + 1n;
    revisions.set(streamId, revision);
    return {
      ...newEvent(event, `event ${index}`),
      streamId,
      revision,
      position: BigInt(index + 1),
      recordedAt: new Date(NOW),
    };
  });
}

/** The stream that an event belongs to, by its ids. */
export function streamOf({ type, data }: DomainEvent): StreamName {
  if ('requestId' in data) return requestStream('deadLetters', data.requestId);
  if ('replayId' in data) return requestStream('forwarderReplay', data.replayId);
  if (type === 'QuarantineReleaseRequested') return quarantineStream(data.orderId);
  if ('paymentId' in data) return paymentStream(data.paymentId);
  if (type.startsWith('OrderProcess') && 'orderId' in data) return orderProcessStream(data.orderId);
  if (type.startsWith('Product') && 'sku' in data) return productStream(data.sku);
  if ('sku' in data) return stockStream(data.sku);
  return orderStream(data.orderId);
}

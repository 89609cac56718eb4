import { EventMetadata } from '@orders/shared-events/contracts/envelope.js';
import type { StreamName } from '@orders/shared-events/contracts/ids.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';

/**
 * The correlation id of a payment's last event, which is that of its order's placement: what comes of an order is found
 * under it, whoever tells. Undefined where there is no such payment.
 */
export async function correlationOf(
  store: Pick<EventStore, 'readStreamBackwards'>,
  stream: StreamName,
): Promise<EventMetadata['$correlationId'] | undefined> {
  for await (const { metadata } of store.readStreamBackwards(stream, 1))
    return EventMetadata.safeParse(metadata).data?.$correlationId;
  return undefined;
}

import { randomUUID } from 'node:crypto';
import { type EventData, jsonEvent } from '@eventstore/db-client';
import type { ProposedEvent } from '@orders/local-stack/event-store/recorded-event.js';

/** A stock reservation, about as small as events of orders get; only its id differs from one to the next. */
const TYPE = 'StockReserved';
const DATA = {
  reservationId: 'b3d0f0f6-5d0c-5c2f-8a53-5d2a9d6f1c11',
  orderId: '7f4d1f52-0f1e-5b0a-9d2e-0c8c54b7a9aa',
  sku: 'BENCH-01',
  quantity: 1,
};
const METADATA = { $correlationId: '0e9f6d0e-9d41-4a56-8f4d-6c8b6f2f3a10', schemaVersion: 1 };

const data = Buffer.from(JSON.stringify(DATA));
const metadata = Buffer.from(JSON.stringify(METADATA));

/** Data and metadata, in bytes. */
export const PAYLOAD_BYTES = data.length + metadata.length;

/** For the client. */
export const smallEvent = (): EventData =>
  jsonEvent({ id: randomUUID(), type: TYPE, data: DATA, metadata: METADATA });

/** The same for the store's own append. */
export const proposedEvent = (): ProposedEvent => ({
  id: randomUUID(),
  type: TYPE,
  isJson: true,
  data,
  metadata,
});

/** One of so many streams to append to; more of them than an append group holds, so that groups are as usual. */
const STREAMS = 1_000;
let last = 0;
export const nextStream = (): string => `stock-BENCH-${String(last++ % STREAMS).padStart(4, '0')}`;

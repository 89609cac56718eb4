import { randomUUID } from 'node:crypto';
import type { NewEvent } from '../contracts/envelope.js';
import { CommandId, EventId, Sku } from '../contracts/ids.js';
import { EventStore } from '../transport/event-store.js';
import { NOW } from './given.js';
import { silent } from './logger.js';
import type { Server } from './servers.js';

/** A server and a client of it. */
export interface ConnectedStore {
  readonly store: EventStore;
  readonly url: string;
  /** Stops both. */
  stop(): Promise<void>;
}

/** E.g. `connectedTo(eventStoreOf(real))`. */
export async function connectedTo(starting: Promise<Server>): Promise<ConnectedStore> {
  const server = await starting;
  const store = new EventStore(server.url, silent);
  return {
    store,
    url: server.url,
    stop: async () => {
      await store.close();
      await server.stop();
    },
  };
}

/** A SKU that no other spec uses: suites may share their servers. */
export const freshSku = (): Sku => Sku.parse(`SPEC-${randomUUID().toUpperCase()}`);

/** An event that projections can read: they may follow the same log. */
export const aReceipt = (n = 0): NewEvent => ({
  id: EventId.parse(randomUUID()),
  type: 'StockReceived',
  data: { sku: 'SPEC', receiptId: `receipt-${n}`, quantity: 1, n },
  metadata: {
    $correlationId: 'c1',
    $causationId: 'x',
    commandId: CommandId.parse(randomUUID()),
    actor: { kind: 'system', subject: 'spec' },
    occurredAt: NOW,
    schemaVersion: 1,
  },
});

export async function collected<Event>(events: AsyncIterable<Event>): Promise<Event[]> {
  const all: Event[] = [];
  for await (const event of events) all.push(event);
  return all;
}

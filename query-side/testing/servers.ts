import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import { connectedTo } from '@orders/shared-events/testing/event-stores.js';
import {
  type Real,
  type Server,
  eventStoreOf,
  newDatabase,
  postgresOf,
} from '@orders/shared-events/testing/servers.js';

/** An event store and a Postgres for one spec, both stopped with it. */
export interface BackEnds {
  readonly eventStore: EventStore;
  readonly eventStoreUrl: string;
  /** An empty database of its own; its URL. */
  database(): Promise<string>;
  stop(): Promise<void>;
}

/** On the real servers given, embedded ones for the others. */
export async function backEnds(real: Real): Promise<BackEnds> {
  const [eventStore, postgres] = await Promise.all([connectedTo(eventStoreOf(real)), postgresOf(real)]);
  const databases: Server[] = [];
  return {
    eventStore: eventStore.store,
    eventStoreUrl: eventStore.url,
    async database() {
      const database = await newDatabase(postgres.url);
      databases.push(database);
      return database.url;
    },
    async stop() {
      await eventStore.stop();
      await Promise.all(databases.map((database) => database.stop()));
      await postgres.stop();
    },
  };
}

import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import {
  type Real,
  type Server,
  embeddedEventStore,
  eventStoreOf,
  newDatabase,
  postgresOf,
} from '@orders/shared-events/testing/servers.js';

interface Stoppable {
  stop(): Promise<void>;
}

/** An event store and a Postgres for one spec, both stopped with it. */
export interface BackEnds extends Stoppable {
  readonly eventStore: EventStore;
  readonly eventStoreUrl: string;
  /** An empty database of its own; its URL. */
  database(): Promise<string>;
}

/** On the real servers given, embedded ones for the others. */
export async function backEnds(real: Real): Promise<BackEnds> {
  const [store, postgres] = await Promise.all([eventStoreOf(real), postgresOf(real)]);
  const eventStore = new EventStore(store.url, silent);
  const databases: Server[] = [];
  return {
    eventStore,
    eventStoreUrl: store.url,
    async database() {
      const database = await newDatabase(postgres.url);
      databases.push(database);
      return database.url;
    },
    async stop() {
      await eventStore.close();
      await Promise.all(databases.map((database) => database.stop()));
      await Promise.all([store.stop(), postgres.stop()]);
    },
  };
}

/** An embedded event store in any case: for specs that write what other specs could not read. */
export async function ownEventStore(): Promise<{ readonly eventStore: EventStore } & Stoppable> {
  const store = await embeddedEventStore({ port: 0 });
  const eventStore = new EventStore(store.url, silent);
  return {
    eventStore,
    async stop() {
      await eventStore.close();
      await store.stop();
    },
  };
}

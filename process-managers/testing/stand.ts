import {
  type Real,
  databaseOf,
  embeddedBroker,
  embeddedEventStore,
} from '@orders/shared-events/testing/servers.js';
import { ACCESS } from '@orders/shared-events/testing/access.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { MessageBus } from '@orders/shared-events/transport/message-bus.js';
import { commandTopology, integrationTopology } from '@orders/shared-events/transport/topology.js';
import { Pool } from 'pg';
import { configurationSchema } from '../configuration.js';
import { migrate } from '../postgres.js';
import { ProcessManagers, type ProcessManagersOptions } from '../process-managers.js';

/** Event store, broker and Postgres, with nothing of another test in them. */
export interface Stand {
  readonly urls: {
    readonly EVENTSTORE_URL: string;
    readonly RABBITMQ_URL: string;
    readonly DATABASE_URL: string;
  };
  readonly store: EventStore;
  readonly bus: MessageBus;
  readonly pool: Pool;
  /** An instance of the process managers that was not started. The stand stops it in the end, if nobody did. */
  instance(
    settings?: Readonly<Record<string, string>>,
    parts?: Partial<ProcessManagersOptions>,
  ): ProcessManagers;
  stop(): Promise<void>;
}

/**
 * On a real Postgres where one is given. Event store and broker are its own in any case: the process managers hear
 * the whole log and would take up the orders of others, and their queues have fixed names.
 */
export async function stand(real: Pick<Real, 'DATABASE_URL'>): Promise<Stand> {
  const servers = await Promise.all([
    embeddedEventStore({ port: 0 }),
    embeddedBroker({ port: 0 }),
    databaseOf(real),
  ]);
  const [eventStore, broker, postgres] = servers;
  const urls = { EVENTSTORE_URL: eventStore.url, RABBITMQ_URL: broker.url, DATABASE_URL: postgres.url };
  const store = new EventStore(urls.EVENTSTORE_URL, silent);
  const topologies = [commandTopology, integrationTopology];
  const bus = await MessageBus.connect({ url: urls.RABBITMQ_URL, name: 'spec', topologies, logger: silent });
  const pool = new Pool({ connectionString: urls.DATABASE_URL });
  pool.on('error', () => undefined);
  const instances: ProcessManagers[] = [];
  return {
    urls,
    store,
    bus,
    pool,
    instance: (settings = {}, parts = {}) => {
      const made = new ProcessManagers({
        eventStore: store,
        messageBus: bus,
        pool,
        migrate: () => migrate(urls.DATABASE_URL, silent),
        settings: configurationSchema.parse({ ...ACCESS, ...urls, ...settings }),
        logger: silent,
        ...parts,
      });
      instances.push(made);
      return made;
    },
    stop: async () => {
      await Promise.all(instances.map((made) => made.stop()));
      await Promise.all([bus.close(), store.close(), pool.end()]);
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

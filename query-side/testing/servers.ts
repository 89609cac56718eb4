import { randomBytes } from 'node:crypto';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { embeddedEventStore, embeddedPostgres } from '@orders/shared-events/testing/servers.js';
import { createPool } from '../database/database.js';

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

/** The embedded servers, or those that EVENTSTORE_URL and DATABASE_URL name. */
export async function backEnds(): Promise<BackEnds> {
  const [store, postgres] = await Promise.all([
    named(process.env['EVENTSTORE_URL'], () => embeddedEventStore({ port: 0 })),
    named(process.env['DATABASE_URL'], embeddedPostgres),
  ]);
  const eventStore = new EventStore(store.url, silent);
  const admin = createPool({
    url: postgres.url,
    name: 'spec',
    logger: silent,
    statementTimeoutMs: 0,
    max: 1,
  });
  const databases: string[] = [];
  return {
    eventStore,
    eventStoreUrl: store.url,
    async database() {
      const name = `query_side_${randomBytes(6).toString('hex')}`;
      await admin.query(`CREATE DATABASE ${name}`);
      databases.push(name);
      const url = new URL(postgres.url);
      url.pathname = `/${name}`;
      return url.href;
    },
    async stop() {
      await eventStore.close();
      for (const name of databases) await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await admin.end();
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

async function named(url: string | undefined, start: () => Promise<Stoppable & { readonly url: string }>) {
  return url ? { url, stop: () => Promise.resolve() } : start();
}

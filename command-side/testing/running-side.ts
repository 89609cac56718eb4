import { NestFactory } from '@nestjs/core';
import { randomUUID } from 'node:crypto';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { MessageBus } from '@orders/shared-events/transport/message-bus.js';
import { correlation } from '@orders/shared-events/transport/observability.js';
import { commandTopology } from '@orders/shared-events/transport/topology.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import {
  embeddedBroker,
  embeddedEventStore,
  embeddedPostgres,
} from '@orders/shared-events/testing/servers.js';
import { AppModule } from '../app.module.js';

export interface GraphqlAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly data?: Readonly<Record<string, Readonly<Record<string, unknown>> | null>> | null;
    readonly errors?: readonly {
      readonly message: string;
      readonly extensions: Readonly<Record<string, unknown>>;
    }[];
  };
}

/** The command side as it runs alone, on embedded servers or on those that the environment names. */
export interface RunningSide {
  readonly url: string;
  readonly eventStore: EventStore;
  readonly messageBus: MessageBus;
  readonly databaseUrl: string;
  graphql(query: string, variables?: object, headers?: Record<string, string>): Promise<GraphqlAnswer>;
  stop(): Promise<void>;
}

/** @param given servers that the spec has started itself */
export async function startSide(given: { eventStoreUrl?: string } = {}): Promise<RunningSide> {
  const { DATABASE_URL } = process.env;
  const EVENTSTORE_URL = given.eventStoreUrl ?? process.env.EVENTSTORE_URL;
  const [eventStoreServer, broker, postgres] = await Promise.all([
    EVENTSTORE_URL === undefined ? embeddedEventStore({ port: 0 }) : undefined,
    // The queues have fixed names: on a broker that others use too, suites would take each other's messages.
    embeddedBroker(),
    DATABASE_URL === undefined ? embeddedPostgres() : undefined,
  ]);
  const eventStore = new EventStore(EVENTSTORE_URL ?? eventStoreServer?.url ?? '', silent);
  const messageBus = await MessageBus.connect({
    url: broker.url,
    name: 'command-side spec',
    topologies: [commandTopology],
    logger: silent,
  });
  const databaseUrl = DATABASE_URL ?? postgres?.url ?? '';
  const app = await NestFactory.create(
    AppModule.register({
      eventStore,
      messageBus,
      databaseUrl,
      logger: silent,
    }),
    { logger: false, abortOnError: false },
  );
  app.use(correlation);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    url,
    eventStore,
    messageBus,
    databaseUrl,
    graphql: (query, variables = {}, headers = {}) =>
      post(url, JSON.stringify({ query, variables }), headers),
    stop: async () => {
      await app.close();
      await Promise.all([messageBus.close(), eventStore.close()]);
      await Promise.all([eventStoreServer?.stop(), broker.stop(), postgres?.stop()]);
    },
  };
}

export async function post(
  url: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<GraphqlAnswer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as GraphqlAnswer['body'],
  };
}

/** A SKU that no other spec uses: suites may share their servers. */
export const freshSku = (): string => `SPEC-${randomUUID().toUpperCase()}`;

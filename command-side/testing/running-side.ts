import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { parseConfiguration } from '@orders/shared-events/transport/configuration.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { MessageBus } from '@orders/shared-events/transport/message-bus.js';
import { requestLogging } from '@orders/shared-events/transport/observability.js';
import { commandTopology } from '@orders/shared-events/transport/topology.js';
import { ADMIN } from '@orders/shared-events/testing/access.js';
import { callersOfSpecs } from '@orders/shared-events/testing/callers.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import {
  type Real,
  databaseOf,
  embeddedBroker,
  eventStoreOf,
} from '@orders/shared-events/testing/servers.js';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { AppModule } from '../app.module.js';
import { type PaymentSettings, paymentSettings } from '../configuration.js';

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

/** What webhooks to a running side are signed with. */
export const WEBHOOK_SECRET = 'whsec_of_the_specs_0123456789abcdef';

/** The command side as it runs alone. */
export interface RunningSide {
  readonly url: string;
  readonly app: INestApplication;
  readonly eventStore: EventStore;
  readonly messageBus: MessageBus;
  readonly databaseUrl: string;
  graphql(query: string, variables?: object, headers?: Record<string, string>): Promise<GraphqlAnswer>;
  stop(): Promise<void>;
}

/** On the real servers given, embedded ones for the others. */
export async function startSide(
  real: Omit<Real, 'RABBITMQ_URL'>,
  settings: Partial<PaymentSettings> = {},
): Promise<RunningSide> {
  const servers = await Promise.all([
    eventStoreOf(real),
    // The queues have fixed names: on a broker that others use too, suites would take each other's messages.
    embeddedBroker(),
    databaseOf(real),
  ]);
  const [eventStoreServer, broker, database] = servers;
  const eventStore = new EventStore(eventStoreServer.url, silent);
  const messageBus = await MessageBus.connect({
    url: broker.url,
    name: 'command-side spec',
    topologies: [commandTopology],
    logger: silent,
  });
  const databaseUrl = database.url;
  const app = await NestFactory.create(
    AppModule.register({
      eventStore,
      messageBus,
      databaseUrl,
      settings: {
        ...parseConfiguration(z.object(paymentSettings), { PAYMENT_WEBHOOK_SECRET: WEBHOOK_SECRET }),
        // An event store that others use, too, holds payments that are in no books of this side.
        RECONCILIATION_GRACE: 86_400_000,
        ...settings,
      },
      callers: callersOfSpecs(),
      isSchemaHidden: false,
      logger: silent,
      metrics: new Registry(),
    }),
    { logger: false, abortOnError: false, rawBody: true },
  );
  app.use(requestLogging(silent));
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    url,
    app,
    eventStore,
    messageBus,
    databaseUrl,
    graphql: (query, variables = {}, headers = {}) =>
      post(url, JSON.stringify({ query, variables }), headers),
    stop: async () => {
      await app.close();
      await Promise.all([messageBus.close(), eventStore.close()]);
      await Promise.all(servers.map((server) => server.stop()));
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
    headers: { 'content-type': 'application/json', ...ADMIN, ...headers },
    body,
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as GraphqlAnswer['body'],
  };
}

import 'reflect-metadata';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type Server,
  embeddedBroker,
  embeddedEventStore,
  embeddedPostgres,
} from '@orders/shared-events/testing/servers.js';
import { ACCESS, ADMIN } from '@orders/shared-events/testing/access.js';
import { callersOfSpecs } from '@orders/shared-events/testing/callers.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { until } from '@orders/shared-events/testing/until.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { MessageBus } from '@orders/shared-events/transport/message-bus.js';
import { commandTopology, integrationTopology } from '@orders/shared-events/transport/topology.js';
import { Registry } from 'prom-client';
import { configurationSchema } from '../configuration.js';
import { ProcessManagersLifetime, ProcessManagersModule } from '../process-managers.module.js';

let servers: readonly [eventStore: Server, broker: Server, postgres: Server];
let eventStore: EventStore;
let messageBus: MessageBus;
let app: INestApplicationContext;
let url: string;

beforeAll(async () => {
  servers = await Promise.all([
    embeddedEventStore({ port: 0 }),
    embeddedBroker({ port: 0 }),
    embeddedPostgres({ port: 0 }),
  ]);
  const [log, broker, postgres] = servers;
  const urls = { EVENTSTORE_URL: log.url, RABBITMQ_URL: broker.url, DATABASE_URL: postgres.url };
  eventStore = new EventStore(urls.EVENTSTORE_URL, silent);
  messageBus = await MessageBus.connect({
    url: urls.RABBITMQ_URL,
    name: 'spec',
    topologies: [commandTopology, integrationTopology],
    logger: silent,
  });
  const module = ProcessManagersModule.register({
    eventStore,
    messageBus,
    databaseUrl: urls.DATABASE_URL,
    settings: configurationSchema.parse({ ...ACCESS, ...urls }),
    admin: { port: 0, host: '127.0.0.1' },
    callers: callersOfSpecs(),
    logger: silent,
    metrics: new Registry(),
  });
  app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  url = app.get(ProcessManagersLifetime).adminUrl;
});

afterAll(async () => {
  await app.close();
  await Promise.all([messageBus.close(), eventStore.close()]);
  await Promise.all(servers.map((server) => server.stop()));
});

async function get(path: string) {
  const response = await fetch(url + path, { headers: ADMIN });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

it('the admin API names what is away, and says "not now" where that is needed, never "internal error"', async () => {
  await until(async () => (await get('/health/ready')).status === 200);
  const [log, broker, postgres] = servers;

  await broker.kill();
  await until(async () => (await get('/health/ready')).status === 503);
  expect((await get('/health/ready')).body['error']).toMatchObject({ rabbitMq: { status: 'down' } });
  expect((await get('/health/live')).status).toBe(200);

  await log.kill();
  const id = crypto.randomUUID();
  expect(await get('/subscriptions')).toMatchObject({ status: 503, body: { type: '/problems/unavailable' } });

  await postgres.kill();
  for (const path of ['/processes', `/processes/${id}`, '/dead-letters']) {
    expect(await get(path)).toMatchObject({ status: 503, body: { type: '/problems/unavailable' } });
  }
  expect((await get('/health/ready')).body['error']).toMatchObject({
    eventStore: { status: 'down' },
    rabbitMq: { status: 'down' },
    postgres: { status: 'down' },
  });
});

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshSku } from '@orders/shared-events/testing/event-stores.js';
import { type Server, embeddedEventStore } from '@orders/shared-events/testing/servers.js';
import { until } from '@orders/shared-events/testing/until.js';
import { type RunningSide, startSide } from './testing/running-side.js';

let dir: string;
let eventStore: Server;
let side: RunningSide;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'orders-outage-'));
  eventStore = await embeddedEventStore({ dir, port: 0 });
  side = await startSide({ EVENTSTORE_URL: eventStore.url });
}, 60_000);
afterAll(async () => {
  await side.stop();
  await eventStore.stop();
  await rm(dir, { recursive: true, force: true });
});

const REGISTER = `mutation ($input: RegisterProductInput!) { registerProduct(input: $input) { __typename } }`;
const register = () =>
  side.graphql(REGISTER, {
    input: { sku: freshSku(), name: 'Spec', price: { amount: 1, currency: 'EUR' }, requiresShipping: false },
  });
const health = async () => {
  const response = await fetch(`${side.url}/health/ready`);
  return { status: response.status, body: await response.json() };
};

it('an event store that is away is named by the health check, told to callers, and gone when it is back', async () => {
  expect((await health()).status).toBe(200);
  const port = Number(/:(\d+)/.exec(eventStore.url)?.[1]);
  await eventStore.stop();

  const [sick, { body }] = await Promise.all([health(), register()]);
  expect(sick).toMatchObject({ status: 503, body: { error: { eventStore: { status: 'down' } } } });
  expect(sick.body).toMatchObject({
    info: { rabbitMq: { status: 'up' }, paymentProvider: { status: 'up' } },
  });
  expect((await fetch(`${side.url}/health/live`)).status).toBe(200);
  expect(body.errors?.[0]).toMatchObject({
    message: expect.stringContaining('may be sent again'),
    extensions: { code: 'SERVICE_UNAVAILABLE', correlationId: expect.any(String) },
  });

  eventStore = await embeddedEventStore({ dir, port });
  await until(async () => (await health()).status === 200);
  expect((await register()).body.data?.['registerProduct']).toEqual({ __typename: 'ProductAccepted' });
}, 60_000);

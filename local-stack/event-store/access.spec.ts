import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccessDeniedError, EventStoreDBClient } from '@eventstore/db-client';
import { type EventStoreOptions, type RunningEventStore, startEventStore } from './event-store.js';
import { loopbackCertificate } from './testing/certificate.js';
import { eventsOf, failureOf, newStream, numbered, numbersOf } from './testing/node-under-test.js';

let tls: { cert: Buffer; key: Buffer };
let stores: RunningEventStore[] = [];
let clients: EventStoreDBClient[] = [];
let dir: string;

beforeAll(async () => {
  const { cert, key } = await loopbackCertificate();
  tls = { cert: Buffer.from(cert), key: Buffer.from(key) };
  dir = await mkdtemp(join(tmpdir(), 'access-'));
  await writeFile(join(dir, 'ca.pem'), cert);
});

afterAll(() => rm(dir, { recursive: true }));

afterEach(async () => {
  for (const client of clients) await client.dispose();
  for (const store of stores) await store.stop();
  [clients, stores] = [[], []];
});

async function started(options: EventStoreOptions): Promise<RunningEventStore> {
  const store = await startEventStore(options);
  stores.push(store);
  return store;
}

function connected(url: string): EventStoreDBClient {
  const client = EventStoreDBClient.connectionString(url);
  clients.push(client);
  return client;
}

/** A client's URL for a node with TLS, with a user's name and password before the host. */
const trusting = ({ url }: RunningEventStore, user = ''): string =>
  `${url.replace('://', `://${user}`)}&tlsCAFile=${join(dir, 'ca.pem')}`;

/** An append, and a read of it. */
async function writeAndRead(client: EventStoreDBClient): Promise<unknown[]> {
  const stream = newStream();
  await client.appendToStream(stream, numbered(2));
  return numbersOf(await eventsOf(client.readStream(stream)));
}

describe('a client that is given esdb+discover://, or several hosts', () => {
  test.each([
    ['one to discover', (port: number) => `esdb+discover://127.0.0.1:${port}?tls=false`],
    ['several', (port: number) => `esdb://127.0.0.1:${port},127.0.0.1:1?tls=false`],
    [
      'one, whose follower it prefers',
      (port: number) => `esdb+discover://127.0.0.1:${port}?tls=false&nodePreference=follower`,
    ],
  ])('finds the node: %s', async (_what, urlOf) => {
    const { port } = await started({});
    expect(await writeAndRead(connected(urlOf(port)))).toEqual([0, 1]);
  });
});

describe('a node with a certificate', () => {
  test('speaks to clients that trust it', async () => {
    expect(await writeAndRead(connected(trusting(await started({ tls }))))).toEqual([0, 1]);
  });

  test('is not spoken to by those who do not, nor in clear', async () => {
    const { url } = await started({ tls });
    for (const distrusting of [url, url.replace('tls=true', 'tls=false')]) {
      const client = connected(`${distrusting}&defaultDeadline=2000`);
      await expect(client.appendToStream(newStream(), numbered(1))).rejects.toThrow();
    }
  });
});

describe('a node with users', () => {
  const users = { alice: 'pass:word', bob: 'hidden' };
  const withUsers = () => started({ tls, users });

  test('serves them, whether they come with the connection or with the call', async () => {
    const store = await withUsers();
    expect(await writeAndRead(connected(trusting(store, 'alice:pass%3Aword@')))).toEqual([0, 1]);
    const credentials = { username: 'bob', password: 'hidden' };
    const anonymous = connected(trusting(store));
    const stream = newStream();
    await anonymous.appendToStream(stream, numbered(1), { credentials });
    expect(await eventsOf(anonymous.readStream(stream, { credentials }))).toHaveLength(1);
  });

  test.each([
    ['a wrong password', 'alice:wrong@'],
    ['an unknown name', 'mallory:hidden@'],
    ['a name that every object has', 'constructor:x@'],
    ['no name', ''],
  ])('refuses %s for appends, reads and subscriptions', async (_what, user) => {
    const client = connected(trusting(await withUsers(), user));
    const append = client.appendToStream(newStream(), numbered(1));
    expect(await failureOf(append)).toBeInstanceOf(AccessDeniedError);
    expect(await failureOf(eventsOf(client.readAll()))).toBeInstanceOf(AccessDeniedError);
    const subscription = client.subscribeToAll();
    const error = new Promise((resolve) => subscription.once('error', resolve).resume());
    expect(await error).toBeInstanceOf(AccessDeniedError);
  });

  test('does not start without a certificate: clients would send no password', async () => {
    await expect(startEventStore({ users })).rejects.toThrow('users need TLS');
  });
});

test('a node without a folder leaves none behind', async () => {
  const store = await started({});
  expect(await writeAndRead(connected(store.url))).toEqual([0, 1]);
  await Promise.all(clients.splice(0).map((client) => client.dispose()));
  await store.stop();
  stores = [];
  const again = await started({});
  expect(await eventsOf(connected(again.url).readAll())).toEqual([]);
});

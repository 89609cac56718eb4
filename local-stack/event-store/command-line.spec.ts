import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { AccessDeniedError, type EventStoreDBClient, streamNameFilter } from '@eventstore/db-client';
import { BuiltNode } from './testing/built-node.js';
import { loopbackCertificate } from './testing/certificate.js';
import { Listener } from './testing/listener.js';
import {
  connect,
  eventsOf,
  failureOf,
  newStream,
  numbered,
  numbersOf,
  temporaryFolder,
  until,
} from './testing/node-under-test.js';

let dir: string;
const nodes: BuiltNode[] = [];
const clients: EventStoreDBClient[] = [];

beforeEach(async () => {
  dir = await temporaryFolder();
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.dispose()));
  for (const node of nodes.splice(0)) await node.end();
  await rm(dir, { recursive: true });
});

async function started(...args: string[]): Promise<{ readonly node: BuiltNode; readonly url: string }> {
  const { node, url } = await BuiltNode.started(join(dir, 'events'), ...args);
  nodes.push(node);
  return { node, url };
}

function connected(url: string): EventStoreDBClient {
  const client = connect(url);
  clients.push(client);
  return client;
}

const pathOf = (name: string): string => join(dir, name);

async function writeCertificate(): Promise<string[]> {
  const { cert, key } = await loopbackCertificate();
  await writeFile(pathOf('cert.pem'), cert);
  await writeFile(pathOf('key.pem'), key);
  return ['--tls-cert', pathOf('cert.pem'), '--tls-key', pathOf('key.pem')];
}

async function writeUsers(content: string): Promise<string[]> {
  await writeFile(pathOf('users.json'), content);
  return ['--users', pathOf('users.json')];
}

describe('the command line', () => {
  test('gives the node a certificate and users', async () => {
    const { url } = await started(
      ...(await writeCertificate()),
      ...(await writeUsers('{"alice": "secret"}')),
    );
    const trusting = (user: string) =>
      connected(`${url.replace('://', `://${user}`)}&tlsCAFile=${pathOf('cert.pem')}`);
    const stream = newStream();
    const alice = trusting('alice:secret@');
    await alice.appendToStream(stream, numbered(2));
    expect(numbersOf(await eventsOf(alice.readStream(stream)))).toEqual([0, 1]);
    for (const stranger of [trusting('alice:guess@'), trusting('')])
      expect(await failureOf(stranger.appendToStream(stream, numbered(1)))).toBeInstanceOf(AccessDeniedError);
  });

  test('keeps events in memory for as long as the node lives, where it asks for that', async () => {
    const node = new BuiltNode('--mem', '--port', '0');
    nodes.push(node);
    const client = connected(await node.listening());
    const stream = newStream();
    await client.appendToStream(stream, numbered(3));
    expect(await eventsOf(client.readStream(stream))).toHaveLength(3);
  });

  test.each<[what: string, args: () => string[] | Promise<string[]>, complaint: RegExp]>([
    ['no folder', () => [], /^event store: either --dir, .+ or --mem is needed$/],
    [
      'a folder and none',
      () => ['--mem', '--dir', dir],
      /^event store: either --dir, .+ or --mem is needed$/,
    ],
    [
      'a port that is none',
      () => ['--mem', '--port', '70000'],
      /^event store: --port: '70000' is not a port$/,
    ],
    [
      'a certificate without a key',
      async () => ['--mem', ...(await writeCertificate()).slice(0, 2)],
      /^event store: --tls-cert and --tls-key go together$/,
    ],
    [
      'a certificate that is none',
      () => ['--mem', '--port', '0', '--tls-cert', '/dev/null', '--tls-key', '/dev/null'],
      /^event store: --tls-cert and --tls-key: /,
    ],
    [
      'users without a certificate',
      async () => ['--mem', ...(await writeUsers('{}'))],
      /^event store: users need TLS/,
    ],
    [
      'users that are no passwords by name',
      async () => ['--mem', ...(await writeUsers('{"alice": 1}'))],
      /^event store: --users: .+ is no JSON object of passwords by name$/,
    ],
    [
      'users that are no JSON',
      async () => ['--mem', ...(await writeUsers('alice'))],
      /^event store: --users: .+ is no JSON object of passwords by name$/,
    ],
    ['a word that it does not know', () => ['--memory'], /^event store: Unknown option '--memory'/],
  ])('with %s is refused in one line', async (_what, args, complaint) => {
    const node = new BuiltNode(...(await args()));
    nodes.push(node);
    const { code, lines } = await node.refusal();
    expect(lines).toEqual([expect.stringMatching(complaint)]);
    expect(code).toBe(1);
  });
});

test('a regular expression that backtracks without end holds nobody up', async () => {
  const { url } = await started();
  const client = connected(url);
  const listener = new Listener(client.subscribeToAll({ filter: streamNameFilter({ regex: '^(a+)+$' }) }));
  await listener.confirmed();
  const long = 'a'.repeat(60);
  await client.appendToStream(`${long}b`, numbered(1));
  await client.appendToStream(long, numbered(1));
  await listener.received(1);
  expect(listener.events.map(({ streamId }) => streamId)).toEqual([long]);
  await listener.subscription.unsubscribe();
});

test('a client that is gone without a word is let go', async () => {
  const { url } = await started();
  const upstreams: Socket[] = [];
  let isSilent = false;
  const link = createServer((client) => {
    const upstream = connectTcp(Number(new URL(url).port), '127.0.0.1');
    upstreams.push(upstream);
    client.on('data', (bytes) => isSilent || upstream.write(bytes)).on('error', () => undefined);
    upstream.on('data', (bytes) => isSilent || client.write(bytes)).on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(link, 'listening');
  const address = link.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const client = connected(url.replace(/:\d+\?/, `:${port}?`));
  const listener = new Listener(client.subscribeToAll());
  await listener.caughtUp();
  expect(upstreams).not.toHaveLength(0);
  isSilent = true;
  await until(() => upstreams.every(({ readableEnded, destroyed }) => readableEnded || destroyed), 40_000);
  await client.dispose().catch(() => undefined);
  clients.splice(0);
  link.close();
}, 60_000);

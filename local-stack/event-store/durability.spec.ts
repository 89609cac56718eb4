import { once } from 'node:events';
import { copyFile, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CancelledError, jsonEvent, NO_STREAM } from '@eventstore/db-client';
import type { EventStoreDBClient, Position } from '@eventstore/db-client';
import { startEventStore } from './event-store.js';
import { BuiltNode } from './testing/built-node.js';
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
  for (const node of nodes.splice(0)) await node.end('SIGKILL');
  await rm(dir, { recursive: true });
});

interface Started {
  readonly node: BuiltNode;
  readonly client: EventStoreDBClient;
}

async function started(...args: string[]): Promise<Started> {
  const { node, url } = await BuiltNode.started(dir, ...args);
  nodes.push(node);
  const client = connect(url);
  clients.push(client);
  return { node, client };
}

/** What a start on the folder that fails says on standard error, and how it exits. */
function refusal(...args: string[]): ReturnType<BuiltNode['refusal']> {
  const node = new BuiltNode('--dir', dir, ...args);
  nodes.push(node);
  return node.refusal();
}

describe('a log that is opened again', () => {
  test('goes on with revisions and positions, and remembers deletions', async () => {
    const [kept, deleted, tombstoned] = [newStream(), newStream(), newStream()];
    const first = await startEventStore({ port: 0, dir });
    const before = connect(first.url);
    const { position } = await before.appendToStream(kept, numbered(3));
    for (const stream of [deleted, tombstoned]) await before.appendToStream(stream, numbered(1));
    await before.deleteStream(deleted);
    const end = await before.tombstoneStream(tombstoned);
    await before.dispose();
    await first.stop();

    const second = await startEventStore({ port: 0, dir });
    const after = connect(second.url);
    const next = await after.appendToStream(kept, numbered(1, 3), { expectedRevision: 2n });
    expect(next.position!.commit).toBe(end.position!.commit + 1n);
    expect(numbersOf(await eventsOf(after.readStream(kept)))).toEqual([0, 1, 2, 3]);
    expect((await eventsOf(after.readStream(kept)))[2]!.position).toEqual(position);
    expect(await failureOf(eventsOf(after.readStream(deleted)))).toMatchObject({ type: 'stream-not-found' });
    expect(await failureOf(eventsOf(after.readStream(tombstoned)))).toMatchObject({ type: 'stream-deleted' });
    await after.dispose();
    await second.stop();
  });

  test('answers an append that comes again at its expected revision as before', async () => {
    const stream = newStream();
    const events = numbered(3);
    const first = await startEventStore({ port: 0, dir });
    const before = connect(first.url);
    const result = await before.appendToStream(stream, events, { expectedRevision: NO_STREAM });
    await before.dispose();
    await first.stop();

    const second = await startEventStore({ port: 0, dir });
    const after = connect(second.url);
    await expect(after.appendToStream(stream, events, { expectedRevision: NO_STREAM })).resolves.toEqual(
      result,
    );
    await after.dispose();
    await second.stop();
  });
});

describe('a node that is killed under load', () => {
  interface Acknowledged {
    readonly stream: string;
    readonly revision: bigint;
    readonly position: Position;
    readonly ids: string[];
  }

  /** Each writer fills streams of its own with appends of three events, until the node is gone. */
  async function write(client: EventStoreDBClient, acknowledged: Acknowledged[]): Promise<void> {
    const writer = async (): Promise<void> => {
      for (;;) {
        const stream = newStream('killed');
        for (let number = 0; number < 30; number += 3) {
          const events = numbered(3, number).map(({ type }) =>
            jsonEvent({ type, data: { number, text: 'x'.repeat(500) } }),
          );
          const expectedRevision = number === 0 ? NO_STREAM : BigInt(number - 1);
          const result = await client.appendToStream(stream, events, { expectedRevision });
          const ids = events.map(({ id }) => id);
          acknowledged.push({
            stream,
            revision: result.nextExpectedRevision,
            position: result.position!,
            ids,
          });
        }
      }
    };
    await Promise.allSettled(Array.from({ length: 16 }, writer));
  }

  test('has lost nothing that it acknowledged, keeps order and positions, and has torn no append', async () => {
    const acknowledged: Acknowledged[] = [];
    for (let round = 0; round < 20; round++) {
      const { node, client } = await started();
      const enough = acknowledged.length + 100;
      const writing = write(client, acknowledged);
      await until(() => acknowledged.length >= enough);
      await node.end('SIGKILL');
      await writing;
    }
    const { client } = await started();
    const all = await eventsOf(client.readAll());
    const byId = new Map(all.map((event) => [event.id, event]));
    for (const { stream, revision, position, ids } of acknowledged) {
      const last = byId.get(ids[2]!);
      expect(last).toMatchObject({ streamId: stream, revision, position });
      expect(ids.map((id) => byId.get(id)?.revision)).toEqual([revision - 2n, revision - 1n, revision]);
    }
    const positions = all.map((event) => event.position.commit);
    expect(positions).toEqual(
      Array.from({ length: all.length }, (_, index) => positions[0]! + BigInt(index)),
    );
    expect(all.length % 3).toBe(0);
    for (const stream of new Set(all.map(({ streamId }) => streamId))) {
      const revisions = all.filter(({ streamId }) => streamId === stream).map((event) => event.revision);
      expect(revisions).toEqual(Array.from({ length: revisions.length }, (_, revision) => BigInt(revision)));
    }
  }, 120_000);
});

describe('the folder of a log', () => {
  test('belongs to one process at a time', async () => {
    const { node } = await started();
    expect(await refusal('--port', '0')).toEqual({
      code: 1,
      lines: [`event store: ${dir} is in use by process ${node.child.pid}`],
    });
    await expect(startEventStore({ port: 0, dir })).rejects.toThrow(
      `${dir} is in use by process ${node.child.pid}`,
    );
  }, 60_000);

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'goes on to the next one when its owner ends by %s',
    async (signal) => {
      const { node, client } = await started();
      const stream = newStream();
      await client.appendToStream(stream, numbered(3));
      const next = startEventStore({ port: 0, dir }); // has looked, and found the owner
      await node.end(signal);
      const store = await next;
      const after = connect(store.url);
      expect(numbersOf(await eventsOf(after.readStream(stream)))).toEqual([0, 1, 2]);
      await after.dispose();
      await store.stop();
      expect((await readdir(dir)).filter((file) => file.startsWith('lock-'))).toEqual([]);
    },
  );

  test('is not opened twice by one process either', async () => {
    const store = await startEventStore({ port: 0, dir });
    await expect(startEventStore({ port: 0, dir })).rejects.toThrow('is in use by this process');
    await store.stop();
    await (await startEventStore({ port: 0, dir })).stop();
  });

  test('is free again after a kill, even when another process has the same id', async () => {
    const { node } = await started();
    await node.end('SIGKILL');
    await writeFile(join(dir, `lock-${process.pid}-1`), '');
    const { client } = await started();
    await client.appendToStream(newStream(), numbered(1));
    expect((await readdir(dir)).filter((file) => file.startsWith('lock-'))).toHaveLength(1);
  });

  test('holds no claim after a start that failed', async () => {
    await writeFile(join(dir, 'events.lmdb'), 'these are no events');
    expect(await refusal('--port', '0')).toEqual({
      code: 1,
      lines: [`event store: ${join(dir, 'events.lmdb')} is damaged: it is not a log of this format`],
    });
    expect(await readdir(dir)).toEqual(['events.lmdb']);
  });

  test('with a log that ends too early is refused, and works again with the whole one', async () => {
    const { node, client } = await started();
    const stream = newStream();
    for (let number = 0; number < 20; number++)
      await client.appendToStream(stream, numbered(100, number * 100));
    await node.end('SIGTERM');
    const path = join(dir, 'events.lmdb');
    await copyFile(path, `${path}.whole`);
    await truncate(path, 3 * 4096);
    expect(await refusal('--port', '0')).toEqual({
      code: 1,
      lines: [`event store: ${path} is damaged: it ends too early`],
    });
    await copyFile(`${path}.whole`, path);
    expect(await eventsOf((await started()).client.readStream(stream))).toHaveLength(2000);
  });

  test('is not touched when the port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await refusal('--port', String(port))).toEqual({
      code: 1,
      lines: [`event store: port ${port} is taken`],
    });
    server.close();
  });
});

describe('a stop', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s ends streams with CANCELLED, exits with 0 and leaves no claim',
    async (signal) => {
      const { node, client } = await started();
      const subscription = client.subscribeToAll();
      const failure = new Promise<Error>((resolve) => subscription.once('error', resolve));
      await once(subscription, 'caughtUp');
      await client.appendToStream(newStream(), numbered(1));
      expect(await node.end(signal)).toEqual([0, null]);
      expect(await failure).toBeInstanceOf(CancelledError);
      expect((await failure).message).toContain('shutting down');
      expect((await readdir(dir)).filter((file) => file.startsWith('lock-'))).toEqual([]);
    },
  );

  test('follows the end of whoever started it, when asked to', async () => {
    const { node } = await started('--with-parent');
    const exit = once(node.child, 'exit');
    node.child.stdin!.end();
    await exit;
    expect(node.child.exitCode).toBe(0);
  });

  test('without being asked to, the end of its standard input means nothing', async () => {
    const { node, client } = await started();
    node.child.stdin!.end();
    await client.appendToStream(newStream(), numbered(1));
    expect(node.child.exitCode).toBeNull();
  });

  test('loses no append that was acknowledged while it stopped', async () => {
    const { node, client } = await started();
    const stream = newStream();
    const answers = Promise.allSettled(
      Array.from({ length: 200 }, (_, number) =>
        client.appendToStream(`${stream}-${number}`, numbered(1, number)),
      ),
    );
    await client.appendToStream(stream, numbered(1));
    await node.end('SIGTERM');
    const acknowledged = (await answers).flatMap(({ status }, number) =>
      status === 'fulfilled' ? [number] : [],
    );
    const again = (await started()).client;
    const numbers = numbersOf(await eventsOf(again.readAll()));
    expect(numbers).toEqual(expect.arrayContaining(acknowledged));
  });
});

test('it listens on loopback only', async () => {
  const { node } = await started();
  const listening = await listeningAddresses(node.child.pid!);
  expect(listening).toEqual(['0100007F']);
});

/** Local addresses of listening IPv4 sockets of a process, as Linux shows them; loopback where it does not. */
async function listeningAddresses(pid: number): Promise<string[]> {
  if (process.platform !== 'linux') return ['0100007F'];
  const { readlink } = await import('node:fs/promises');
  const descriptors = await readdir(`/proc/${pid}/fd`);
  const links = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  const inodes = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]));
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((table) => readFile(`/proc/${pid}/net/${table}`, 'utf8')),
  );
  const rows = tables.flatMap((table) => table.split('\n').map((row) => row.trim().split(/\s+/)));
  return rows
    .filter(([, , , state, , , , , , inode]) => state === '0A' && inodes.has(inode))
    .map(([, local]) => local!.split(':')[0]!);
}

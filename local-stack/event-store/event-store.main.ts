import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { boundHeap } from '@orders/shared-events/transport/process-lifetime.js';
import type { Users } from './access.js';
import { checkEventStore, type EventStoreOptions, startEventStore } from './event-store.js';

/**
 * The event store as a process; `USAGE` says how.
 *
 * Prints {"listening": url} on a line of its own when clients can connect. SIGTERM and SIGINT stop it
 * gracefully. With --with-parent it stops as well when whoever started it is gone: its end of the IPC
 * channel, or else of standard input, closes then, even after a kill -9. What it cannot do it tells in
 * one line on standard error, and exits with 1.
 */
async function main(): Promise<void> {
  setLogVerbosity(logVerbosity.NONE); // what gRPC would log is thrown as well
  setFlagsFromString(LINEAR_REGULAR_EXPRESSIONS);
  const { withParent, isCheck, ...options } = readArguments();
  if (isCheck) return check(options.dir);
  const store = await startEventStore({ ...options, onFault: tell });
  const stop = (): void => {
    store.stop().then(() => process.exit(0), fail);
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  if (withParent) onParentGone(stop);
  await boundHeap();
  process.stdout.write(`${JSON.stringify({ listening: store.url })}\n`);
}

/** A client's filter that backtracks without end would hold everybody up: V8 changes to its linear engine then. */
const LINEAR_REGULAR_EXPRESSIONS = '--enable-experimental-regexp-engine-on-excessive-backtracks';

const USAGE = `event-store (--dir <folder> | --mem) [--port <n>] [--tls-cert <file> --tls-key <file> [--users <file>]]

  --dir       keeps the events here, each on disk before it is acknowledged
  --mem       keeps them in a temporary folder, syncs nothing, and forgets them at the end
  --port      2113 unless told otherwise; 0 for a free one
  --tls-cert  certificate as PEM, and its key: connections are encrypted then
  --users     a JSON file {"name": "password"}: whoever is not in it is refused
  --check     reads every event of --dir, says what is damaged, and ends: with 1 where something is
  --with-parent  ends when whoever started it does
`;

function readArguments(): EventStoreOptions & { withParent: boolean; isCheck: boolean } {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string' },
      mem: { type: 'boolean', default: false },
      port: { type: 'string', default: '2113' },
      'tls-cert': { type: 'string' },
      'tls-key': { type: 'string' },
      users: { type: 'string' },
      check: { type: 'boolean', default: false },
      'with-parent': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port: '${values.port}' is not a port`);
  if (values.mem === (values.dir !== undefined && values.dir !== ''))
    throw new Error('either --dir, the folder of the events, or --mem is needed');
  return {
    dir: values.mem ? undefined : values.dir,
    port,
    tls: readTls(values['tls-cert'], values['tls-key']),
    users: values.users === undefined ? undefined : readUsers(values.users),
    withParent: values['with-parent'],
    isCheck: values.check,
  };
}

async function check(dir: string | undefined): Promise<void> {
  if (dir === undefined) throw new Error('--check: --dir is missing');
  const { events, damages } = await checkEventStore(dir);
  for (const damage of damages) console.log(damage);
  console.log(`${events} events, ${damages.length === 0 ? 'none damaged' : 'damage found'}`);
  process.exit(damages.length === 0 ? 0 : 1);
}

function readTls(cert: string | undefined, key: string | undefined): EventStoreOptions['tls'] {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) throw new Error('--tls-cert and --tls-key go together');
  const pair = { cert: readFileSync(cert), key: readFileSync(key) };
  try {
    createSecureContext(pair);
  } catch (error) {
    throw new Error(`--tls-cert and --tls-key: ${String(error)}`, { cause: error });
  }
  return pair;
}

function readUsers(file: string): Users {
  const users = parsed(readFileSync(file, 'utf8'));
  if (isUsers(users)) return users;
  throw new Error(`--users: ${file} is no JSON object of passwords by name`);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const isUsers = (value: unknown): value is Users =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((password) => typeof password === 'string');

function onParentGone(stop: () => void): void {
  if (process.connected) process.once('disconnect', stop);
  else process.stdin.once('end', stop).once('error', stop).resume();
}

function tell(error: unknown): void {
  process.stderr.write(`event store: ${error instanceof Error ? error.message : String(error)}\n`);
}

function fail(error: unknown): void {
  tell(error);
  process.exit(1);
}

main().catch(fail);

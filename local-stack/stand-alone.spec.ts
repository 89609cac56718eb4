import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { hasExited } from './postgres/postmaster.js';

const DEADLINE_MS = 10_000;
const POLL_MS = 1;

let dir: string;
let processes: ChildProcess[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'stand-alone-'));
  processes = [];
});

afterEach(async () => {
  for (const child of processes)
    if (child.exitCode === null && child.signalCode === null) await end(child, 'SIGTERM');
  await rm(dir, { recursive: true, force: true });
});

function run(main: string, ...args: string[]) {
  const path = fileURLToPath(new URL(`./dist/${main}.main.js`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: 'pipe' });
  processes.push(child);
  return child;
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${DEADLINE_MS} ms: ${condition.toString()}`);
    await delay(POLL_MS);
  }
}

async function ready(child: ReturnType<typeof run>): Promise<{ listening: string; pid: number }> {
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  return JSON.parse(line) as { listening: string; pid: number };
}

/** @returns the exit code, or null when the signal itself ended it */
async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<unknown> {
  const exit = once(child, 'exit');
  child.kill(signal);
  return (await exit)[0];
}

test('a server says where it listens, and a signal stops it', async () => {
  const child = run('broker/broker');
  const { listening, pid } = await ready(child);
  expect(pid).toBe(child.pid);
  const client = connect(Number(new URL(listening).port), '127.0.0.1');
  await once(client, 'connect');
  client.destroy();
  expect(await end(child, 'SIGTERM')).toBe(0);
});

test('a server that runs with its parent stops when the parent is gone', async () => {
  const child = run('broker/broker', '--with-parent');
  await ready(child);
  const exit = once(child, 'exit');
  child.stdin.destroy();
  expect((await exit)[0]).toBe(0);
});

test('a launcher that is told to stop in mid-start leaves no server behind', async () => {
  const child = run('postgres/postgres', '--dir', dir);
  await until(() => existsSync(join(dir, 'password')));
  expect(await end(child, 'SIGINT')).toBe(0);
  expect(existsSync(join(dir, 'data', 'PG_VERSION'))).toBe(true);
  expect(existsSync(join(dir, 'data', 'postmaster.pid'))).toBe(false);
});

test('a launcher whose server is killed ends, too', async () => {
  const child = run('postgres/postgres', '--dir', dir);
  const complaint = text(child.stderr);
  const { pid } = await ready(child);
  const exit = once(child, 'exit');
  process.kill(pid, 'SIGKILL');
  expect((await exit)[0]).toBe(1);
  expect(await complaint).toBe('the server has ended\n');
});

test('a server outlives its killed launcher, and the next one takes it over', async () => {
  const first = run('postgres/postgres', '--dir', dir);
  const left = await ready(first);
  expect(await end(first, 'SIGKILL')).toBeNull();
  const client = new Client({ connectionString: left.listening });
  await client.connect();
  await client.end();

  const second = run('postgres/postgres', '--dir', dir);
  expect(await ready(second)).toEqual(left);
  expect(await end(second, 'SIGTERM')).toBe(0);
  expect(await hasExited(left.pid)).toBe(true);
});

test('what keeps a server from starting is one line and a failure', async () => {
  const child = run('postgres/postgres');
  const complaint = text(child.stderr);
  expect((await once(child, 'exit'))[0]).toBe(1);
  expect(await complaint).toBe('--dir: the folder of the data is missing\n');
});

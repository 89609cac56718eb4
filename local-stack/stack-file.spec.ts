import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Stack, removeStack, runningStack, writeStack } from './stack-file.js';

let dir: string;
let file: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'stack-file-'));
  file = join(dir, 'stack.json');
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await rm(dir, { recursive: true });
});

/** A program that runs until it is killed. */
async function running(program: string, ...args: string[]): Promise<number> {
  child = spawn(program, args);
  await once(child, 'spawn');
  return child.pid ?? 0;
}

/** As `npm start` runs it: only its name and what runs it matter here. */
async function runningStart(): Promise<number> {
  const start = join(dir, 'start.js');
  await writeFile(start, 'setInterval(() => undefined, 1_000)');
  return running(process.execPath, start);
}

const stackOf = (pid: number): Stack => ({
  pid,
  urls: { eventStore: 'e', rabbitMq: 'r', database: 'd', graphql: 'g', admin: 'a' },
  token: 't',
});

test('a running stack is told to whoever owns it, and to nobody else', async () => {
  await writeFile(file, 'left by a killed one, readable by all', { mode: 0o644 });
  const stack = stackOf(await runningStart());
  await writeStack(dir, stack);
  expect(await runningStack(dir)).toEqual(stack);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('there is none where none was started, or where it has stopped', async () => {
  expect(await runningStack(dir)).toBeUndefined();
  await writeStack(dir, stackOf(await runningStart()));
  await removeStack(dir);
  expect(await runningStack(dir)).toBeUndefined();
});

test('there is none where a killed one left its file', async () => {
  await writeStack(dir, stackOf(await runningStart()));
  child?.kill('SIGKILL');
  if (child) await once(child, 'exit');
  expect(await runningStack(dir)).toBeUndefined();
});

test('there is none where the number of a killed one was given to another program', async () => {
  await writeStack(dir, stackOf(await running('sleep', '60')));
  expect(await runningStack(dir)).toBeUndefined();
  child?.kill('SIGKILL');
  await writeStack(
    dir,
    stackOf(await running(process.execPath, '-e', 'setInterval(() => undefined, 1_000)')),
  );
  expect(await runningStack(dir)).toBeUndefined();
});

test('there is none where the number of a killed one is now the own, as in a container that starts again', async () => {
  await writeStack(dir, stackOf(process.pid));
  expect(await runningStack(dir)).toBeUndefined();
});

test('there is none where one was killed while it wrote its file', async () => {
  await writeFile(file, '{ "pid":');
  expect(await runningStack(dir)).toBeUndefined();
});

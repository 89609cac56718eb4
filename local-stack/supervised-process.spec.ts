import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '@orders/shared-events/testing/until.js';
import { NODE_FLAGS } from './node-flags.js';
import { hasExited } from './postgres/postmaster.js';
import { type ProcessPlan, SupervisedProcess } from './supervised-process.js';

let dir: string;
let reports: string[];
let supervised: SupervisedProcess;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'supervised-'));
  reports = [];
});
afterEach(async () => {
  await supervised.stop();
  await rm(dir, { recursive: true });
});

/** Says that it is ready, and with what it was started, then runs until it is told to stop. */
const READY = `
  const { argv, execArgv, env, pid } = process;
  const listening = [execArgv[0], ...argv.slice(2), env.SPEC].join(' ');
  console.log(JSON.stringify({ listening, pid }));
  process.stdin.resume();
`;

async function supervise(program: string, more: Partial<ProcessPlan> = {}): Promise<SupervisedProcess> {
  const file = join(dir, 'program.js');
  await writeFile(file, program);
  supervised = new SupervisedProcess(
    { name: 'spec', command: [file, '--own'], logFile: join(dir, 'spec.log'), ...more },
    (line) => reports.push(line),
  );
  return supervised;
}

/** The program's process ids, of all its starts: each start leaves a line. */
const started = `require('node:fs').appendFileSync(__dirname + '/starts', process.pid + '\\n');`;
const starts = async (): Promise<number[]> =>
  (await readFile(join(dir, 'starts'), 'utf8')).trim().split('\n').map(Number);

test('a process says what it is started with, and all else that it says is in its log', async () => {
  const talk = `console.log('one line'); console.error('another');`;
  const { listening, pid } = await (await supervise(talk + READY, { environment: { SPEC: 'set' } })).start();
  expect(listening).toBe(`${NODE_FLAGS[0] ?? ''} --own --with-parent set`);
  expect(await hasExited(pid)).toBe(false);
  await supervised.stop();
  expect(await hasExited(pid)).toBe(true);
  const log = (await readFile(join(dir, 'spec.log'), 'utf8')).split('\n');
  expect(log.filter(Boolean).sort()).toEqual(['another', 'one line']);
});

test('a Ctrl-C in the terminal does not reach it: its group is its own', async () => {
  const { pid } = await (await supervise(READY)).start();
  const { stdout } = await promisify(execFile)('ps', ['-o', 'pgid=', '-p', String(pid)]);
  expect(Number(stdout)).toBe(pid);
});

test.each([
  ['its last words', `console.error('no route'); process.exitCode = 3;`, () => 'no route'],
  ['its log where it said nothing', 'process.exitCode = 3;', () => `see ${join(dir, 'spec.log')}`],
])('a process that ends before it is ready is an error with %s', async (_what, program, words) => {
  const start = (await supervise(program)).start();
  await expect(start).rejects.toThrow(`spec ended (3): ${words()}`);
  expect(reports).toEqual([]);
});

test('a process that ends unasked is started again, as often as it takes', async () => {
  const secondTimeNot = `
    const starts = require('node:fs').readFileSync(__dirname + '/starts', 'utf8').split('\\n').length - 1;
    if (starts === 2) process.exit(4);
  `;
  const { pid } = await (await supervise(started + secondTimeNot + READY)).start();
  process.kill(pid, 'SIGKILL');
  await until(() => reports.includes('spec runs again'));
  expect(reports).toEqual([
    'spec ended (SIGKILL); starting it again',
    expect.stringMatching(/^spec ended \(spec ended \(4\): see .*; starting it again$/),
    'spec runs again',
  ]);
  const [first, second, third] = await starts();
  expect([first, await hasExited(second ?? 0), await hasExited(third ?? 0)]).toEqual([pid, true, false]);
  process.kill(third ?? 0, 'SIGKILL');
  await until(() => reports.length === 5);
  expect(reports.at(-1)).toBe('spec runs again');
});

test('a process that was told to stop is not started again', async () => {
  await (await supervise(started + READY)).start();
  await supervised.stop();
  expect(reports).toEqual([]);
  expect(await starts()).toHaveLength(1);
});

test('a process that does not stop is killed after nine seconds', async () => {
  const { pid } = await (await supervise(`process.on('SIGTERM', () => undefined);${READY}`)).start();
  await supervised.stop();
  expect(await hasExited(pid)).toBe(true);
});

import { afterEach, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INSPECTABLE, liveBytesOf } from './live-memory.js';

const MIB = 2 ** 20;
/** Keeps so much, and leaves as much lying about, in strings and in buffers. */
const KEEPER = `
  let kept = [];
  process.stdin.on('data', (data) => {
    for (const one of data.toString().trim().split('\\n')) {
      const bytes = Number(one) * 2 ** 20 / 2;
      const made = () => [Buffer.alloc(bytes, 1), Array.from({ length: bytes / 8 }, (_, n) => n + 0.5)];
      kept.push(made());
      made();
    }
    process.stdout.write('done\\n');
  });
  process.stdout.write('ready\\n');`;

let child: ChildProcess;
let dir: string;
afterEach(async () => {
  child.kill('SIGKILL');
  await rm(dir, { recursive: true, force: true });
});

it('is what a process keeps, and not what it has left lying about', async () => {
  dir = await mkdtemp(join(tmpdir(), 'live-memory-'));
  const logFile = join(dir, 'log');
  const log = await open(logFile, 'w');
  child = spawn(process.execPath, ['-e', KEEPER], {
    stdio: ['pipe', 'pipe', log.fd],
    env: { ...process.env, NODE_OPTIONS: INSPECTABLE },
  });
  const living = () => liveBytesOf({ pid: child.pid ?? 0 }, logFile);
  await once(child.stdout!, 'data');
  const before = await living();
  for (const mib of [16, 32]) {
    const done = once(child.stdout!, 'data');
    child.stdin!.write(`${mib}\n`);
    await done;
  }
  const kept = ((await living()) - before) / MIB;
  expect(kept).toBeGreaterThan(47);
  expect(kept).toBeLessThan(50);
  await log.close();
}, 60_000);

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
}

type Environment = Readonly<Record<string, string>>;

/** Starts one of the side's programs as it is built, with these variables and no others of ours. */
export function run(
  program: 'main' | 'replay.main',
  environment: Environment,
  { args = [], cwd = import.meta.dirname }: { args?: readonly string[]; cwd?: string } = {},
): Running {
  const file = fileURLToPath(new URL(`../dist/${program}.js`, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { child, finished: finish(child) };
}

async function finish(child: ChildProcess): Promise<Finished> {
  if (!child.stdout || !child.stderr) throw new Error('the process has no output');
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    child.exitCode ?? once(child, 'exit'),
  ]);
  return { code: child.exitCode, stdout, stderr };
}

// npm run reset: removes the data of the local stack.
import { existsSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure, main, root } from './child-process.mjs';

const data = join(root, '.data');
const STOP_DEADLINE_MS = 10_000;

await main(async () => {
  const stack = pidIn(join(data, 'stack.json'), (text) => JSON.parse(text).pid);
  if (stack !== undefined && commandLine(stack).includes('start.js')) {
    throw new Failure(
      `the stack is running (process ${stack}): stop it first, with Ctrl-C where it runs or kill ${stack}`,
    );
  }
  await stopLeftPostgres(join(data, 'postgres', 'data'));
  const existed = existsSync(data);
  rmSync(data, { recursive: true, force: true });
  console.log(
    existed
      ? '.data removed: the next start begins with an empty log'
      : 'nothing to remove: there is no .data',
  );
});

/** After kill -9 of the stack its Postgres runs on, to be adopted by the next start; without data it must not. */
async function stopLeftPostgres(folder) {
  const pid = pidIn(join(folder, 'postmaster.pid'), (text) => Number(text.split('\n')[0]));
  if (pid === undefined || !commandLine(pid).includes('postgres')) return;
  if (process.platform === 'linux' && readlinkSync(`/proc/${pid}/cwd`) !== realpathSync(folder)) return; // another one's
  process.kill(pid, 'SIGINT');
  const deadline = Date.now() + STOP_DEADLINE_MS;
  while (commandLine(pid) !== '') {
    if (Date.now() > deadline)
      throw new Failure(`Postgres (process ${pid}) does not stop: end it, then run this again`);
    await delay(50);
  }
}

/** The process id in a file, or undefined when there is no such file or it holds none. */
function pidIn(path, parse) {
  try {
    const pid = parse(readFileSync(path, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** What a process was started with; empty when there is none. */
function commandLine(pid) {
  try {
    if (process.platform === 'linux')
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return execFileSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

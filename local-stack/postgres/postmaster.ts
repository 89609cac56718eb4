import { execFile } from 'node:child_process';
import { readFile, readlink, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

/** What a server says of itself in `postmaster.pid`; the state is `starting`, `ready`, `standby` or `stopping`. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly state: string;
}

/** Reads `postmaster.pid`; a file that the server has only begun to write says port 0 and no state. */
export async function readPostmaster(dataDir: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const [pid, , , port, , , , state] = text.split('\n');
  return { pid: Number(pid), port: Number(port ?? 0), state: state?.trim() ?? '' };
}

/** Whether the process is a Postgres of this very folder: after a crash another process may have got its id. */
export async function isPostmasterOf(dataDir: string, pid: number): Promise<boolean> {
  if (await hasExited(pid)) return false;
  if (process.platform === 'linux') return isPostgresIn(dataDir, pid);
  const { stdout } = await promisify(execFile)('ps', ['-p', String(pid), '-o', 'comm=']).catch(() => ({
    stdout: '',
  }));
  return basename(stdout.trim()).startsWith('postgres');
}

async function isPostgresIn(dataDir: string, pid: number): Promise<boolean> {
  const read = (name: string) => readlink(`/proc/${pid}/${name}`).catch(() => '');
  const [program, folder, own] = [await read('exe'), await read('cwd'), await realpath(dataDir)];
  return basename(program).startsWith('postgres') && folder === own;
}

/** True once the process has let go of its files and ports, even where its parent has yet to take note of it. */
export async function hasExited(pid: number): Promise<boolean> {
  if (process.platform !== 'linux') return !takesSignals(pid);
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // pid (name) state ...: the name may hold parentheses itself.
  return stat === undefined || 'ZX'.includes(stat.slice(stat.lastIndexOf(')') + 2).charAt(0));
}

function takesSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

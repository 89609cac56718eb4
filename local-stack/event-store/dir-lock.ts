import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * One process a directory. Each that wants it first puts down a claim, an empty file that bears its
 * process id and start time, and only then looks for others: of two that come at once at least one
 * sees the other, and goes. Claims of processes that no longer live are removed, so that a killed
 * node locks nobody out; the start time tells a process from a later one with its id.
 */
const CLAIM = /^lock-(\d+)-(\d+)$/;

/** Returns how to unlock. Throws when a living process, this one included, has it. */
export function lockDirectory(dir: string): () => void {
  mkdirSync(dir, { recursive: true });
  const claim = `lock-${process.pid}-${startTime(process.pid)}`;
  const path = join(dir, claim);
  try {
    closeSync(openSync(path, 'wx'));
  } catch (error) {
    throw new Error(`${dir} is in use by this process`, { cause: error });
  }
  const unlock = () => rmSync(path, { force: true });
  const holder = otherHolder(dir, claim);
  if (holder === undefined) return unlock;
  unlock();
  throw new Error(`${dir} is in use by process ${holder}`);
}

function otherHolder(dir: string, ownClaim: string): number | undefined {
  for (const file of readdirSync(dir)) {
    const [, pid, started] = CLAIM.exec(file) ?? [];
    if (pid === undefined || file === ownClaim) continue;
    if (isAlive(Number(pid)) && startTime(Number(pid)) === started) return Number(pid);
    rmSync(join(dir, file), { force: true });
  }
  return undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EPERM';
  }
}

/** In ticks since boot where the system tells it (field 22 of Linux' stat, after the name in brackets), else 0. */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
  } catch {
    return '0';
  }
}

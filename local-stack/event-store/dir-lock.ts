import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * One process a directory. Each that wants it first puts down a claim, an empty file that bears its
 * process id and start time, and only then looks for others: of two that come at once at least one
 * sees the other, and goes. Claims of processes that no longer live are removed, so that a killed
 * node locks nobody out; the start time tells a process from a later one with its id.
 */
const CLAIM = /^lock-(\d+)-(\d+)$/;

/** Two that wait draw their pauses, from one to two times this, so that they do not meet for ever. */
const PAUSE_MS = 50;

/**
 * Waits up to `patienceMs` for another process to leave: one whose parent was killed ends by itself, a moment later.
 * Whoever waits has no claim meanwhile.
 *
 * @returns how to unlock
 * @throws when another process still has it then, and at once when this one has
 */
export async function lockDirectory(dir: string, patienceMs = 0): Promise<() => void> {
  mkdirSync(dir, { recursive: true });
  const claim = `lock-${process.pid}-${startTime(process.pid)}`;
  const path = join(dir, claim);
  const unlock = () => rmSync(path, { force: true });
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      closeSync(openSync(path, 'wx'));
    } catch (error) {
      throw new Error(`${dir} is in use by this process`, { cause: error });
    }
    const holder = otherHolder(dir, claim);
    if (holder === undefined) return unlock;
    unlock();
    if (performance.now() >= deadline) throw new Error(`${dir} is in use by process ${holder}`);
    await delay(PAUSE_MS * (1 + Math.random()));
  }
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

import { readFile, readdir } from 'node:fs/promises';

/** Linux tells times in hundredths of a second (USER_HZ), on every architecture that Node runs on. */
const MS_PER_TICK = 10;
const BYTES_PER_KB = 1024;

/** A process as `/proc/<pid>/stat` describes it. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** User and system time of the process itself and of its children that have ended, in milliseconds. */
  readonly cpuMs: number;
}

/** proc_pid_stat(5). The name in parentheses may itself hold blanks and parentheses. Throws where it is no stat. */
export function parseStat(text: string): ProcessStat {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  // The first field behind the name is the third of all.
  const field = (number: number) => Number(fields[number - 3]);
  const ticks = [14, 15, 16, 17].reduce((sum, number) => sum + field(number), 0);
  const stat = { pid: Number(text.slice(0, open)), parent: field(4), cpuMs: ticks * MS_PER_TICK };
  if (open < 0 || Object.values(stat).some((value) => !Number.isInteger(value))) {
    throw new Error(`not what /proc/<pid>/stat says: ${text.slice(0, 100)}`);
  }
  return stat;
}

/** Anonymous resident memory in bytes, from `/proc/<pid>/status`; 0 for a process that has just ended. */
export function parseAnonymousBytes(status: string): number {
  const found = /^RssAnon:\s+(\d+) kB$/m.exec(status);
  return found ? Number(found[1]) * BYTES_PER_KB : 0;
}

/** The process and its descendants, whoever of them are alive. */
export function treeOf(root: number, all: readonly ProcessStat[]): readonly ProcessStat[] {
  const own = all.filter(({ pid }) => pid === root);
  const children = all.filter(({ parent }) => parent === root);
  return [...own, ...children.flatMap(({ pid }) => treeOf(pid, all))];
}

/** What a process and its descendants have used. */
export interface Usage {
  readonly cpuMs: number;
  readonly anonymousBytes: number;
}

export type Roots = Readonly<Record<string, number>>;

/** By name: what each process with all its descendants has used until now. */
export async function usageOf(roots: Roots): Promise<Record<string, Usage>> {
  const all = await processes();
  const usages = Object.entries(roots).map(async ([name, root]) => {
    const tree = treeOf(root, all);
    const bytes = await Promise.all(tree.map(({ pid }) => read(`/proc/${pid}/status`)));
    const usage = {
      cpuMs: tree.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
      anonymousBytes: bytes.reduce((sum, status) => sum + parseAnonymousBytes(status), 0),
    };
    return [name, usage] as const;
  });
  return Object.fromEntries(await Promise.all(usages));
}

/** CPU time that a process has used until now without its living descendants, in milliseconds. */
export const cpuAloneOf = async (pid: number): Promise<number> =>
  parseStat(await read(`/proc/${pid}/stat`)).cpuMs;

/** By name: CPU time between two readings, in milliseconds. */
export const cpuBetween = (
  before: Readonly<Record<string, Usage>>,
  after: Readonly<Record<string, Usage>>,
): Record<string, number> =>
  Object.fromEntries(
    Object.entries(after).map(([name, { cpuMs }]) => [name, cpuMs - (before[name]?.cpuMs ?? 0)]),
  );

/** What the whole machine did, summed over its cores, in milliseconds. */
export interface MachineUsage {
  /** Not idle and not waiting for a disk; with what the host took away for others. */
  readonly busyMs: number;
  readonly totalMs: number;
}

/** The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal; guests are in user. */
export function parseMachine(text: string): MachineUsage {
  const found = /^cpu +(.*)$/m.exec(text);
  const ticks = (found?.[1] ?? '').split(' ').slice(0, 8).map(Number);
  const total = ticks.reduce((sum, each) => sum + each, 0);
  const idle = (ticks[3] ?? NaN) + (ticks[4] ?? NaN);
  if (!Number.isInteger(total - idle)) throw new Error(`not what /proc/stat says: ${text.slice(0, 100)}`);
  return { busyMs: (total - idle) * MS_PER_TICK, totalMs: total * MS_PER_TICK };
}

/**
 * Which share of the machine, from 0 to 1, is used by processes that are neither this one nor its descendants, from
 * now until the function that this resolves to is called.
 */
export async function othersShare(): Promise<() => Promise<number>> {
  const now = async () => ({
    machine: parseMachine(await readFile('/proc/stat', 'utf8')),
    own: (await usageOf({ own: process.pid }))['own']?.cpuMs ?? 0,
  });
  const before = await now();
  return async () => {
    const after = await now();
    const busy = after.machine.busyMs - before.machine.busyMs;
    return Math.max(0, busy - (after.own - before.own)) / (after.machine.totalMs - before.machine.totalMs);
  };
}

async function processes(): Promise<ProcessStat[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => read(`/proc/${pid}/stat`)));
  return stats.filter((text) => text !== '').map(parseStat);
}

/** Empty for a process that is gone by now. */
const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');

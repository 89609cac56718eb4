import { mkdir, open, readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** What `.data/stack.json` tells the other commands (demo, replay, bench, reset) about the running stack. */
export interface Stack {
  readonly pid: number;
  readonly urls: {
    readonly eventStore: string;
    readonly rabbitMq: string;
    readonly database: string;
    /** GraphQL over HTTP; the same path over ws:// carries subscriptions. */
    readonly graphql: string;
    readonly admin: string;
  };
}

const fileIn = (dir: string): string => join(dir, 'stack.json');

/**
 * The stack that runs on this data folder; undefined when none does, also where a killed one left its file:
 * the process is gone, or its number was given to another program.
 */
export async function runningStack(dir: string): Promise<Stack | undefined> {
  const text = await readFile(fileIn(dir), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const stack = JSON.parse(text) as Stack;
  return (await isNode(stack.pid)) ? stack : undefined;
}

/** Readable by its owner only: the URLs hold a password. */
export async function writeStack(dir: string, stack: Stack): Promise<void> {
  await mkdir(dir, { recursive: true });
  await removeStack(dir);
  const file = await open(fileIn(dir), 'wx', 0o600);
  await file.writeFile(`${JSON.stringify(stack, null, 2)}\n`);
  await file.close();
}

export const removeStack = (dir: string): Promise<void> => rm(fileIn(dir), { force: true });

async function isNode(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const program = await readlink(`/proc/${pid}/exe`).catch(() => 'node');
  return /node/.test(program);
}

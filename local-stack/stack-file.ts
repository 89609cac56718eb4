import { mkdir, open, readFile, rm } from 'node:fs/promises';
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
  /** Of an admin; null where somebody else issues tokens. */
  readonly token: string | null;
}

/** Where the stack keeps everything: DATA_DIR, else `.data` at the workspace's root. */
export const dataFolder = ({ DATA_DIR }: Readonly<Record<string, string | undefined>>): string =>
  DATA_DIR || join(import.meta.dirname, '..', '..', '.data');

const fileIn = (dir: string): string => join(dir, 'stack.json');

/**
 * The stack that runs on this data folder; undefined when none does, also where a killed one left its file: it was
 * killed while it wrote it, the process is gone, or its number was given to another program.
 */
export async function runningStack(dir: string): Promise<Stack | undefined> {
  const text = await readFile(fileIn(dir), 'utf8').catch(() => '');
  const stack = parse(text);
  return stack && (await isStart(stack.pid)) ? stack : undefined;
}

function parse(text: string): Stack | undefined {
  try {
    return JSON.parse(text) as Stack;
  } catch {
    return undefined;
  }
}

/** Readable by its owner only: the URLs hold a password, and the token does everything. */
export async function writeStack(dir: string, stack: Stack): Promise<void> {
  await mkdir(dir, { recursive: true });
  await removeStack(dir);
  const file = await open(fileIn(dir), 'wx', 0o600);
  await file.writeFile(`${JSON.stringify(stack, null, 2)}\n`);
  await file.close();
}

export const removeStack = (dir: string): Promise<void> => rm(fileIn(dir), { force: true });

/** In a container that starts again the number of the killed one is often the own. */
async function isStart(pid: number): Promise<boolean> {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => 'start.js');
  return commandLine.includes('start.js');
}

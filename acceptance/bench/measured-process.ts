import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { NODE_FLAGS } from '@orders/local-stack/node-flags.js';
import { sleep } from '@orders/shared-events/transport/waiting.js';

export interface Plan {
  readonly name: string;
  /** The script and its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly environment?: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Answers 200 once the process is ready; without it the process says so itself, in a line of JSON. */
  readonly readyAt?: string;
}

const READY_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 10_000;
const POLL_MS = 25;
const LAST_WORDS = 1_000;

/** Whatever ends the bench, ends what it started. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach(end));

/** A process under measurement. It writes its log to a file itself, so that reading it costs the bench nothing. */
export class MeasuredProcess {
  private constructor(
    readonly name: string,
    /** Of the server itself, where the child is only its launcher. */
    readonly pid: number,
    /** What the process says that it listens on; of one with a health check, that. */
    readonly url: string,
    private readonly child: ChildProcess,
  ) {}

  /** Resolves once it is ready. Throws with the end of its log where it does not get there within a minute. */
  static async start(plan: Plan): Promise<MeasuredProcess> {
    const { name, command, environment, logFile } = plan;
    const log = await open(logFile, 'a');
    const child = spawn(process.execPath, [...NODE_FLAGS, ...command, '--with-parent'], {
      stdio: ['pipe', log.fd, log.fd, 'ipc'],
      env: { ...process.env, ...environment },
    });
    await log.close();
    running.add(child);
    child.once('exit', () => running.delete(child));
    try {
      const { listening, pid = child.pid } = await ready(plan, child);
      return new MeasuredProcess(name, pid ?? 0, listening, child);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  /** Sends a message and resolves with the next one that comes back. Throws where the process ends instead. */
  async ask(message: object): Promise<unknown> {
    const waiting = new AbortController();
    try {
      const answer = once(this.child, 'message', { signal: waiting.signal });
      const end = once(this.child, 'exit', { signal: waiting.signal }).then(() => {
        throw new Error(`${this.name} ended instead of answering`);
      });
      this.child.send(message);
      const [value] = (await Promise.race([answer, end])) as unknown[];
      return value;
    } finally {
      waiting.abort();
    }
  }

  /** SIGKILL, in the middle of whatever it does. Resolves once it is gone. */
  async kill(): Promise<void> {
    const exit = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exit;
  }

  /** SIGSTOP: it stays where it is, with everything in hand and every connection open, until it is woken. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  wake(): void {
    this.child.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    if (hasEnded(this.child)) return;
    const exit = once(this.child, 'exit');
    end(this.child);
    const force = setTimeout(() => this.child.kill('SIGKILL'), STOP_DEADLINE_MS);
    await exit;
    clearTimeout(force);
  }
}

/** One that is frozen hears nothing before it is woken. */
function end(child: ChildProcess): void {
  child.kill('SIGTERM');
  child.kill('SIGCONT');
}

interface Ready {
  readonly listening: string;
  readonly pid?: number;
}

async function ready({ name, logFile, readyAt }: Plan, child: ChildProcess): Promise<Ready> {
  const deadline = performance.now() + READY_DEADLINE_MS;
  while (performance.now() < deadline && !hasEnded(child)) {
    const found = readyAt === undefined ? await readyLine(logFile) : await answers(readyAt);
    if (found) return found;
    await sleep(POLL_MS);
  }
  const lastWords = (await readFile(logFile, 'utf8')).slice(-LAST_WORDS);
  throw new Error(`${name} ${hasEnded(child) ? 'ended' : 'is not ready'}:\n${lastWords}`);
}

async function readyLine(logFile: string): Promise<Ready | undefined> {
  const lines = (await readFile(logFile, 'utf8')).split('\n').slice(0, -1);
  const line = lines.find((candidate) => candidate.startsWith('{"listening"'));
  return line === undefined ? undefined : (JSON.parse(line) as Ready);
}

async function answers(url: string): Promise<Ready | undefined> {
  const response = await fetch(url).catch(() => undefined);
  await response?.body?.cancel();
  return response?.ok ? { listening: url } : undefined;
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { NODE_FLAGS } from './node-flags.js';

export interface ProcessPlan {
  readonly name: string;
  /** JavaScript file, with its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly environment?: Readonly<Record<string, string>>;
  /** Takes what the process prints, apart from the line that says it is ready. */
  readonly logFile: string;
}

export interface Ready {
  readonly listening: string;
  readonly pid: number;
}

const READY_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 9_000;
const RESTART_PAUSES_MS = [100, 500, 1_000, 2_000, 5_000];
/** A process that has run this long has earned a quick restart again. */
const STEADY_MS = 60_000;
/** Characters of what a process said before it ended. */
const LAST_WORDS = 2_000;

/**
 * A child that is started again when it ends unasked. It runs in a process group of its own, so that a Ctrl-C
 * in the terminal reaches only the supervisor, and it ends by itself when its standard input closes, which is
 * what a killed supervisor leaves behind.
 */
export class SupervisedProcess {
  #child: ChildProcess | undefined;
  #stopping = false;

  constructor(
    private readonly plan: ProcessPlan,
    private readonly report: (line: string) => void,
  ) {}

  /** Resolves when the process says that it is ready. Throws its own last words when it ends before, or takes a minute. */
  async start(): Promise<Ready> {
    const { command, environment, logFile } = this.plan;
    const child = spawn(process.execPath, [...NODE_FLAGS, ...command, '--with-parent'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, ...environment },
    });
    this.#child = child;
    const log = createWriteStream(logFile, { flags: 'a' });
    child.stderr.pipe(log, { end: false });
    child.once('close', () => log.end());
    const startedAt = Date.now();
    const ready = await readyLine(child, log, this.plan);
    child.once('exit', (code, signal) => void this.#restart(startedAt, signal ?? code));
    return ready;
  }

  /** SIGTERM, then SIGKILL for what has not ended after nine seconds. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
    await exit;
    clearTimeout(force);
  }

  async #restart(startedAt: number, how: string | number | null): Promise<void> {
    for (let tries = Date.now() - startedAt > STEADY_MS ? 0 : 1; !this.#stopping; tries++) {
      const pause = RESTART_PAUSES_MS[Math.min(tries, RESTART_PAUSES_MS.length - 1)] ?? 0;
      this.report(`${this.plan.name} ended (${how}); starting it again`);
      await delay(pause);
      if (this.#stopping) return;
      try {
        await this.start();
        return this.report(`${this.plan.name} runs again`);
      } catch (error) {
        how = error instanceof Error ? error.message : String(error);
      }
    }
  }
}

/** The first line of JSON with `listening`; every other line goes to the log. */
async function readyLine(
  child: ChildProcess,
  log: NodeJS.WritableStream,
  { name, logFile }: ProcessPlan,
): Promise<Ready> {
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error(`${name} has no output`);
  let timer: NodeJS.Timeout | undefined;
  let said = '';
  const listen = (part: Buffer) => (said = (said + part.toString()).slice(-LAST_WORDS));
  stderr.on('data', listen);
  const lines = createInterface({ input: stdout });
  try {
    return await new Promise<Ready>((resolve, reject) => {
      timer = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new Error(`${name} was not ready within ${READY_DEADLINE_MS / 1000} s, see ${logFile}`));
      }, READY_DEADLINE_MS);
      lines.on('line', (line) => {
        const ready = line.startsWith('{"listening"') ? parseReady(line) : undefined;
        if (ready) resolve(ready);
        else log.write(`${line}\n`);
      });
      child.once('error', reject);
      // Not 'exit': what it said may come after that.
      child.once('close', (code, signal) =>
        reject(new Error(`${name} ended (${signal ?? code}): ${said.trim() || `see ${logFile}`}`)),
      );
    });
  } finally {
    clearTimeout(timer);
    stderr.off('data', listen);
  }
}

function parseReady(line: string): Ready | undefined {
  const value: unknown = JSON.parse(line);
  if (typeof value !== 'object' || value === null || !('listening' in value)) return undefined;
  const pid = 'pid' in value && typeof value.pid === 'number' ? value.pid : 0;
  return { listening: String(value.listening), pid };
}

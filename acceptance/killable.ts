import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

export interface Plan {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Answers 200 once the process is ready; without it the process says so itself, in a line of JSON. */
  readonly readyAt?: string;
}

/** Of a start that takes two seconds where the machine has nothing else to do. */
const READY_DEADLINE_MS = 180_000;

/** A process that a test may kill and start again. Nothing restarts it behind the test's back. */
export class Killable {
  #child: ChildProcess | undefined;
  /** Processes that live apart from the child, e.g. the server that a launcher started. */
  #alsoPid: number | undefined;

  constructor(readonly plan: Plan) {}

  get name(): string {
    return this.plan.name;
  }

  /** Process id of the running child; throws when none runs. */
  get pid(): number {
    const pid = this.#alsoPid ?? this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.name} does not run`);
    return pid;
  }

  /** Resolves with the URL that the process says it listens on. */
  async start(): Promise<string> {
    const { command, environment, logFile, name, readyAt } = this.plan;
    const child = spawn(process.execPath, [...command, '--with-parent'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    this.#child = child;
    const log = createWriteStream(logFile, { flags: 'a' });
    child.stderr.pipe(log, { end: false });
    const timer = setTimeout(() => child.kill('SIGKILL'), READY_DEADLINE_MS);
    const ended = new Promise<never>((_resolve, reject) => {
      child.once('exit', (code, signal) =>
        reject(new Error(`${name} ended (${signal ?? code}), see ${logFile}`)),
      );
    });
    const said = new Promise<string>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (!line.startsWith('{"listening"')) return void log.write(`${line}\n`);
        const ready = JSON.parse(line) as { listening: string; pid?: number };
        this.#alsoPid = ready.pid === child.pid ? undefined : ready.pid;
        resolve(ready.listening);
      });
    });
    ended.catch(() => undefined);
    try {
      return await Promise.race([ended, readyAt === undefined ? said : answers(readyAt, child)]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** SIGSTOP: it stays where it is, with everything in hand, until it is woken. */
  freeze(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  wake(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** SIGKILL to the server and its launcher; resolves when both are gone. */
  async kill(): Promise<void> {
    if (this.#alsoPid !== undefined) process.kill(this.#alsoPid, 'SIGKILL');
    this.#alsoPid = undefined;
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    // One that is frozen hears nothing before it is woken.
    child.kill('SIGCONT');
    await exit;
  }
}

async function answers(url: string, child: ChildProcess): Promise<string> {
  while (child.exitCode === null && child.signalCode === null) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return url;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`ended before ${url} answered`);
}

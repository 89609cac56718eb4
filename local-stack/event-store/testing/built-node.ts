import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../../node-flags.js';

const MAIN = fileURLToPath(new URL('../../dist/event-store/event-store.main.js', import.meta.url));

/** The node as built, in a process of its own: the way it is started outside of tests too. */
export class BuiltNode {
  readonly child: ChildProcess;
  private readonly said: Buffer[] = [];

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [...NODE_FLAGS, MAIN, ...args], { stdio: 'pipe' });
    this.child.stderr!.on('data', (part: Buffer) => this.said.push(part));
  }

  /** The node on `dir` and a free port, unless `args` say otherwise; `url` is where it listens. */
  static async started(
    dir: string,
    ...args: string[]
  ): Promise<{ readonly node: BuiltNode; readonly url: string }> {
    const node = new BuiltNode('--dir', dir, '--port', '0', ...args);
    return { node, url: await node.listening() };
  }

  /** What it has said on standard error. */
  get complaints(): string {
    return Buffer.concat(this.said).toString();
  }

  /** Sends a signal, unless it is gone already, and waits for the end. */
  async end(
    signal: NodeJS.Signals = 'SIGTERM',
  ): Promise<[code: number | null, signal: NodeJS.Signals | null]> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) {
      const closed = once(child, 'close');
      child.kill(signal);
      await closed;
    }
    return [child.exitCode, child.signalCode];
  }

  /** What a start that fails says, a line each, and how it exits. */
  async refusal(): Promise<{ readonly code: number | null; readonly lines: string[] }> {
    if (this.child.exitCode === null) await once(this.child, 'close');
    return { code: this.child.exitCode, lines: this.complaints.trimEnd().split('\n') };
  }

  /** Where it listens; throws what it said when it ends instead. */
  async listening(): Promise<string> {
    const line = once(createInterface(this.child.stdout!), 'line') as Promise<[string]>;
    const gone = once(this.child, 'close').then(() => {
      throw new Error(`the node did not start: ${this.complaints}`);
    });
    const [text] = await Promise.race([line, gone]);
    gone.catch(() => undefined);
    return (JSON.parse(text) as { listening: string }).listening;
  }
}

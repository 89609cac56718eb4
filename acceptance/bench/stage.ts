import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ACCESS } from '@orders/shared-events/testing/access.js';
import { freePort } from '@orders/local-stack/free-port.js';
import { MeasuredProcess } from './measured-process.js';
import type { Roots } from './process-usage.js';

const root = join(
  import.meta.dirname,
  import.meta.dirname.endsWith(join('dist', 'bench')) ? '../../..' : '../..',
);
export const built = (project: string, file: string): string => join(root, project, 'dist', file);
export const installed = (file: string): string => join(root, 'node_modules', file);

export type Environment = Readonly<Record<string, string>>;
type Server = 'event-store' | 'broker' | 'postgres';
/** The URLs of the servers by the names that the application knows them by. */
export type BackEnds = Readonly<Record<'EVENTSTORE_URL' | 'RABBITMQ_URL' | 'DATABASE_URL', string>>;

interface Part {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly environment?: Environment;
  readonly readyAt?: string;
}

const open = new Set<Stage>();

/** Stops everything that runs on any stage: for an end that comes from outside. */
export async function closeStages(): Promise<void> {
  await Promise.all([...open].map((stage) => stage.close()));
}

/** A set of embedded servers with data of their own, and what runs on them. Everything listens on loopback only. */
export class Stage {
  readonly #processes = new Map<string, MeasuredProcess>();
  readonly #parts = new Map<string, Part>();
  readonly #ports = new Set<number>();
  readonly #webhookSecret = randomUUID();
  #backEnds: BackEnds = { EVENTSTORE_URL: '', RABBITMQ_URL: '', DATABASE_URL: '' };

  private constructor(private readonly dir: string) {
    open.add(this);
  }

  /** No server yet: for those who start them one by one. */
  static async empty(): Promise<Stage> {
    return new Stage(await mkdtemp(join(tmpdir(), 'orders-bench-')));
  }

  /** Resolves once the servers answer. */
  static async open(): Promise<Stage> {
    const stage = await Stage.empty();
    try {
      const [EVENTSTORE_URL, RABBITMQ_URL, DATABASE_URL] = await Promise.all([
        stage.server('event-store'),
        stage.server('broker'),
        stage.server('postgres'),
      ]);
      stage.#backEnds = { EVENTSTORE_URL, RABBITMQ_URL, DATABASE_URL };
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  get backEnds(): BackEnds {
    return this.#backEnds;
  }

  /** The process ids by name, as far as nothing has been stopped. */
  get roots(): Roots {
    return Object.fromEntries([...this.#processes].map(([name, { pid }]) => [name, pid]));
  }

  /** Something that was added. Throws where nothing of that name was. */
  part(name: string): MeasuredProcess {
    const part = this.#processes.get(name);
    if (!part) throw new Error(`no ${name} here`);
    return part;
  }

  /** Where a part may leave a file; it goes with the stage. */
  file(name: string): string {
    return join(this.dir, name);
  }

  /** A port that is free and was not given to anything else here. */
  async port(): Promise<string> {
    for (;;) {
      const port = await freePort();
      if (this.#ports.has(port)) continue;
      this.#ports.add(port);
      return String(port);
    }
  }

  /** Starts something on the servers; it logs as the real application does. */
  async add(part: Part): Promise<MeasuredProcess> {
    const started = await MeasuredProcess.start({
      ...part,
      environment: {
        ...{ LOG_LEVEL: 'info', BIND_ADDRESS: '127.0.0.1', PAYMENT_WEBHOOK_SECRET: this.#webhookSecret },
        ...ACCESS,
        ...{ ...this.#backEnds, ...part.environment },
      },
      logFile: this.file(`${part.name}.log`),
    });
    this.#processes.set(part.name, started);
    this.#parts.set(part.name, part);
    return started;
  }

  /** Starts again what was added and has ended since. */
  async addAgain(name: string): Promise<MeasuredProcess> {
    const part = this.#parts.get(name);
    if (!part) throw new Error(`no ${name} was here`);
    return this.add(part);
  }

  /** Starts a server on that folder of the stage, empty or not, and resolves with its URL once it answers. */
  async server(kind: Server, folder: string = kind, name: string = kind): Promise<string> {
    const main = built('local-stack', `${kind}/${kind}.main.js`);
    const command = [main, '--port', await this.port(), '--dir', this.file(folder)] as const;
    return (await this.add({ name, command })).url;
  }

  /** Stops one of the parts before all the others. */
  async stop(name: string): Promise<void> {
    await this.part(name).stop();
    this.#processes.delete(name);
  }

  /** Kills one of the parts, which may be added again. */
  async kill(name: string): Promise<void> {
    await this.part(name).kill();
    this.#processes.delete(name);
  }

  /** Stops everything in the reverse order of its start, and removes the data. */
  async close(): Promise<void> {
    for (const started of [...this.#processes.values()].reverse()) await started.stop();
    this.#processes.clear();
    open.delete(this);
    await rm(this.dir, { recursive: true, force: true });
  }
}

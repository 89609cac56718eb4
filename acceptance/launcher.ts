import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ACCESS } from '@orders/shared-events/testing/access.js';
import { freePort } from '@orders/local-stack/free-port.js';
import { Killable } from './killable.js';

/** What the payment provider signs with. */
export const PAYMENT_WEBHOOK_SECRET = 'whsec_of_acceptance_0123456789abcdef';

export type BackEnd = 'EVENTSTORE_URL' | 'RABBITMQ_URL' | 'DATABASE_URL';
/** The three sides, by the variable that says where each listens. */
export const sides = {
  'command-side': 'PORT',
  'query-side': 'PORT',
  'process-managers': 'ADMIN_PORT',
} as const;
export type Side = keyof typeof sides;

const root = join(import.meta.dirname, import.meta.dirname.endsWith('dist') ? '../..' : '..');
export const built = (project: string, file: string) => join(root, project, 'dist', file);

export const at = (port: string, path = ''): string => `http://127.0.0.1:${port}${path}`;

/** What a process is started with, beside what all of them are. */
interface Start {
  readonly file: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly readyAt?: string;
  readonly args?: readonly string[];
}

export interface LauncherOptions {
  /** Configuration beside ports and URLs, e.g. shorter deadlines. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Servers that are there already; the others are embedded ones of its own. */
  readonly backEnds?: Readonly<Partial<Record<BackEnd, string>>>;
}

/** Starts the processes of one system on data of its own, and stops them. */
export class Launcher {
  /** By name, in the order of their start. */
  readonly processes = new Map<string, Killable>();
  readonly backEnds: Record<string, string> = {};
  readonly #ports = new Set<number>();

  private constructor(
    private readonly dir: string,
    private readonly options: LauncherOptions,
  ) {}

  /** Resolves once the servers answer. What was started is stopped where the rest of `start` fails. */
  static async start<Started>(
    options: LauncherOptions,
    start: (launcher: Launcher) => Promise<Started>,
  ): Promise<Started> {
    const launcher = new Launcher(await mkdtemp(join(tmpdir(), 'orders-acceptance-')), options);
    try {
      await launcher.#startServers();
      return await start(launcher);
    } catch (error) {
      await launcher.stop();
      throw error;
    }
  }

  /** A port that is free and was not given to anything else here. */
  async port(): Promise<string> {
    for (;;) {
      const free = await freePort();
      if (!this.#ports.has(free)) return String(this.#ports.add(free) && free);
    }
  }

  /** Resolves with what the process says that it listens on, or with `readyAt`. */
  async launch(name: string, { file, environment, readyAt, args = [] }: Start): Promise<string> {
    const killable = new Killable({
      name,
      command: [file, ...args],
      environment: {
        ...{ LOG_LEVEL: 'info', PAYMENT_WEBHOOK_SECRET, ...ACCESS },
        ...{ ...this.options.environment, ...this.backEnds, ...environment },
      },
      logFile: this.logOf(name),
      ...(readyAt === undefined ? {} : { readyAt }),
    });
    this.processes.set(name, killable);
    return killable.start();
  }

  /** One side as a process of its own. Resolves once it is ready, with its port. */
  async side(side: Side, name: string = side): Promise<string> {
    const port = await this.port();
    const environment = { [sides[side]]: port };
    await this.launch(name, {
      file: built(side, 'main.js'),
      environment,
      readyAt: at(port, '/health/ready'),
    });
    return port;
  }

  /** Where that process writes what it says. */
  logOf(name: string): string {
    return join(this.dir, `${name}.log`);
  }

  /** In the reverse order of their start. */
  readonly stop = async (): Promise<void> => {
    for (const killable of [...this.processes.values()].reverse()) await killable.stop();
    await rm(this.dir, { recursive: true, force: true });
  };

  async #startServers(): Promise<void> {
    const { backEnds = {} } = this.options;
    const server = async (variable: BackEnd, name: string, ...args: string[]) => {
      const given = backEnds[variable];
      if (given !== undefined) return given;
      const file = built('local-stack', `${name}/${name}.main.js`);
      return this.launch(name, { file, args: ['--port', await this.port(), ...args] });
    };
    Object.assign(this.backEnds, {
      EVENTSTORE_URL: await server('EVENTSTORE_URL', 'event-store', '--dir', join(this.dir, 'event-store')),
      RABBITMQ_URL: await server('RABBITMQ_URL', 'broker'),
      DATABASE_URL: await server('DATABASE_URL', 'postgres', '--dir', join(this.dir, 'postgres')),
    });
  }
}

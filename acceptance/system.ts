import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@orders/local-stack/free-port.js';
import { Killable } from './killable.js';

/** The running system as the outside sees it. */
export interface System {
  /** GraphQL endpoint that takes mutations. */
  readonly commands: string;
  /** GraphQL endpoint that takes queries and subscriptions. */
  readonly queries: string;
  /** Base URL of the admin API. */
  readonly admin: string;
  /** By name, in the order of their start. */
  readonly processes: ReadonlyMap<string, Killable>;
  readonly backEnds: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export interface SystemOptions {
  /** Configuration beside ports and URLs, e.g. shorter deadlines. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** What the payment provider signs with. */
export const PAYMENT_WEBHOOK_SECRET = 'whsec_of_acceptance_0123456789abcdef';

/** Both ways to deploy the same modules. */
export const topologies = { 'one process': oneProcess, 'three processes': threeProcesses };
export type Topology = keyof typeof topologies;

const root = join(import.meta.dirname, import.meta.dirname.endsWith('dist') ? '../..' : '..');
export const built = (project: string, file: string) => join(root, project, 'dist', file);

async function oneProcess(options: SystemOptions = {}): Promise<System> {
  return start(options, async (launch, port) => {
    const [graphql, admin] = [await port(), await port()];
    const ports = { PORT: graphql, ADMIN_PORT: admin };
    await launch('application', built('local-stack', 'application/application.main.js'), ports);
    return { commands: at(graphql, '/graphql'), queries: at(graphql, '/graphql'), admin: at(admin) };
  });
}

async function threeProcesses(options: SystemOptions = {}): Promise<System> {
  return start(options, async (launch, port) => {
    const [commands, queries, admin] = [await port(), await port(), await port()];
    await Promise.all([
      launch(
        'command-side',
        built('command-side', 'main.js'),
        { PORT: commands },
        at(commands, '/health/ready'),
      ),
      launch('query-side', built('query-side', 'main.js'), { PORT: queries }, at(queries, '/health/ready')),
      launch(
        'process-managers',
        built('process-managers', 'main.js'),
        { ADMIN_PORT: admin },
        at(admin, '/health/ready'),
      ),
    ]);
    return { commands: at(commands, '/graphql'), queries: at(queries, '/graphql'), admin: at(admin) };
  });
}

/** Does something while one of its processes stands still, and neither answers nor hangs up. */
export async function whileFrozen<Result>(
  { processes }: System,
  name: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const frozen = processes.get(name);
  if (!frozen) throw new Error(`no process ${name}`);
  process.kill(frozen.pid, 'SIGSTOP');
  try {
    return await work();
  } finally {
    process.kill(frozen.pid, 'SIGCONT');
  }
}

const at = (port: string, path = ''): string => `http://127.0.0.1:${port}${path}`;

type Launch = (
  name: string,
  file: string,
  environment: Readonly<Record<string, string>>,
  readyAt?: string,
  args?: readonly string[],
) => Promise<string>;
type Endpoints = Pick<System, 'commands' | 'queries' | 'admin'>;

async function start(
  { environment = {} }: SystemOptions,
  startSides: (launch: Launch, port: () => Promise<string>) => Promise<Endpoints>,
): Promise<System> {
  const dir = await mkdtemp(join(tmpdir(), 'orders-acceptance-'));
  const processes = new Map<string, Killable>();
  const given = new Set<number>();
  const port = async (): Promise<string> => {
    for (;;) {
      const free = await freePort();
      if (!given.has(free)) return String(given.add(free) && free);
    }
  };
  const backEnds: Record<string, string> = {};
  const launch: Launch = async (name, file, own, readyAt, args = []) => {
    const killable = new Killable({
      name,
      command: [file, ...args],
      environment: { LOG_LEVEL: 'info', PAYMENT_WEBHOOK_SECRET, ...environment, ...backEnds, ...own },
      logFile: join(dir, `${name}.log`),
      ...(readyAt === undefined ? {} : { readyAt }),
    });
    processes.set(name, killable);
    return killable.start();
  };
  const stop = async () => {
    for (const killable of [...processes.values()].reverse()) await killable.stop();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await mkdir(dir, { recursive: true });
    const server = async (name: string, ...args: string[]) =>
      launch(name, built('local-stack', `${name}/${name}.main.js`), {}, undefined, [
        '--port',
        await port(),
        ...args,
      ]);
    Object.assign(backEnds, {
      EVENTSTORE_URL: await server('event-store', '--dir', join(dir, 'event-store')),
      RABBITMQ_URL: await server('broker'),
      DATABASE_URL: await server('postgres', '--dir', join(dir, 'postgres')),
    });
    return { ...(await startSides(launch, port)), processes, backEnds, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

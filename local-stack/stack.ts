import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { startPostgres } from './postgres/postgres.js';
import { SupervisedProcess } from './supervised-process.js';

export interface BackEnds {
  readonly EVENTSTORE_URL: string;
  readonly RABBITMQ_URL: string;
  readonly DATABASE_URL: string;
}

export interface RunningStack {
  readonly urls: BackEnds & { readonly graphql: string; readonly admin: string };
  stop(): Promise<void>;
}

export interface StackOptions {
  /** Keeps everything: data, logs, ports. */
  readonly dir: string;
  readonly ports: { readonly graphql: number; readonly admin: number };
  /** Real servers to use instead of embedded ones. */
  readonly external: Partial<BackEnds>;
  readonly report: (line: string) => void;
}

interface Part {
  stop(): Promise<unknown>;
}

/**
 * Starts the embedded servers that are not replaced by real ones, then the application on them. The application
 * stops first, so that it can finish what it has in hand.
 */
export async function startStack(options: StackOptions): Promise<RunningStack> {
  const parts: Part[] = [];
  const stop = async () => {
    await parts.pop()?.stop();
    await Promise.all(parts.splice(0).map((part) => part.stop()));
  };
  try {
    await mkdir(join(options.dir, 'logs'), { recursive: true });
    const backEnds = await startBackEnds(options, parts);
    const application = await startApplication(options, backEnds, parts);
    return { urls: { ...backEnds, ...application }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startBackEnds({ dir, external, report }: StackOptions, parts: Part[]): Promise<BackEnds> {
  const server = async (name: string, entry: string, args: readonly string[]) => {
    const plan = {
      name,
      command: [own(entry), ...args] as [string, ...string[]],
      logFile: join(dir, 'logs', `${name}.log`),
    };
    const supervised = new SupervisedProcess(plan, report);
    parts.push(supervised);
    return (await supervised.start()).listening;
  };
  const embedded = {
    EVENTSTORE_URL: async () =>
      server('event-store', 'event-store/event-store.main.js', [
        ...['--dir', join(dir, 'event-store')],
        ...['--port', String(await freePort(2113))],
      ]),
    RABBITMQ_URL: async () =>
      server('broker', 'broker/broker.main.js', ['--port', String(await freePort(5673))]),
    DATABASE_URL: async () => {
      const postgres = await startPostgres({ dir: join(dir, 'postgres') });
      parts.push(postgres);
      return postgres.url;
    },
  };
  const [EVENTSTORE_URL, RABBITMQ_URL, DATABASE_URL] = await Promise.all([
    external.EVENTSTORE_URL ?? embedded.EVENTSTORE_URL(),
    external.RABBITMQ_URL ?? embedded.RABBITMQ_URL(),
    external.DATABASE_URL ?? embedded.DATABASE_URL(),
  ]);
  return { EVENTSTORE_URL, RABBITMQ_URL, DATABASE_URL };
}

async function startApplication({ dir, ports, report }: StackOptions, backEnds: BackEnds, parts: Part[]) {
  const PORT = String(await freePort(ports.graphql));
  const ADMIN_PORT = String(await freePort(ports.admin));
  const application = new SupervisedProcess(
    {
      name: 'application',
      command: [own('application/application.main.js')],
      environment: { ...backEnds, PORT, ADMIN_PORT },
      logFile: join(dir, 'logs', 'application.log'),
    },
    report,
  );
  parts.push(application);
  await application.start();
  return { graphql: `http://127.0.0.1:${PORT}/graphql`, admin: `http://127.0.0.1:${ADMIN_PORT}` };
}

const own = (file: string): string => new URL(`./${file}`, import.meta.url).pathname;

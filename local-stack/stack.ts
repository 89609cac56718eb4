import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.js';
import { SupervisedProcess } from './supervised-process.js';
import { type LocalTokens, localAccess } from './local-access.js';
import { webhookSecret as secretOf } from './webhook-secret.js';

export interface BackEnds {
  readonly EVENTSTORE_URL: string;
  readonly RABBITMQ_URL: string;
  readonly DATABASE_URL: string;
}

export interface RunningStack {
  readonly urls: BackEnds & { readonly graphql: string; readonly admin: string };
  /** Undefined where somebody else issues them. */
  readonly tokens: LocalTokens | undefined;
  stop(): Promise<void>;
}

export interface StackOptions {
  /** Keeps everything: data, logs, ports. */
  readonly dir: string;
  readonly ports: { readonly graphql: number; readonly admin: number };
  /** The address that the application listens on; the servers listen on loopback whatever it is. */
  readonly bindAddress: string;
  /** Real servers to use instead of embedded ones. */
  readonly external: Partial<BackEnds>;
  /** What the payment provider signs with; without one, the data folder's own. */
  readonly webhookSecret: string | undefined;
  /** Somebody else issues the tokens: the environment says who. */
  readonly hasIssuer: boolean;
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
    const access = options.hasIssuer ? undefined : await localAccess(options.dir);
    const settings = { ...backEnds, ...access?.environment };
    const application = await untilPortsAreFree(() => startApplication(options, settings, parts));
    return { urls: { ...backEnds, ...application }, tokens: access?.tokens, stop };
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
    EVENTSTORE_URL: () =>
      untilPortsAreFree(async () =>
        server('event-store', 'event-store/event-store.main.js', [
          ...['--dir', join(dir, 'event-store')],
          ...['--port', String(await freePort(2113))],
        ]),
      ),
    RABBITMQ_URL: async () =>
      server('broker', 'broker/broker.main.js', ['--port', String(await freePort(5673))]),
    // Without a port: it keeps the one that it had.
    DATABASE_URL: async () =>
      server('postgres', 'postgres/postgres.main.js', ['--dir', join(dir, 'postgres')]),
  };
  const [EVENTSTORE_URL, RABBITMQ_URL, DATABASE_URL] = await Promise.all([
    external.EVENTSTORE_URL ?? embedded.EVENTSTORE_URL(),
    external.RABBITMQ_URL ?? embedded.RABBITMQ_URL(),
    external.DATABASE_URL ?? embedded.DATABASE_URL(),
  ]);
  return { EVENTSTORE_URL, RABBITMQ_URL, DATABASE_URL };
}

/** Somebody may take a port between the look and the bind; then there is another one. */
const PORT_TRIES = 5;

async function untilPortsAreFree<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      const hasLostPort = error instanceof Error && error.message.endsWith(' is taken');
      if (!hasLostPort || attempt === PORT_TRIES) throw error;
    }
  }
}

async function startApplication(
  { dir, ports, bindAddress, webhookSecret, report }: StackOptions,
  settings: Readonly<Record<string, string>>,
  parts: Part[],
) {
  const PORT = String(await freePort(ports.graphql, bindAddress));
  const ADMIN_PORT = String(await freePort(ports.admin, bindAddress));
  const PAYMENT_WEBHOOK_SECRET = webhookSecret || (await secretOf(dir));
  const application = new SupervisedProcess(
    {
      name: 'application',
      command: [own('application/application.main.js')],
      environment: { ...settings, PORT, ADMIN_PORT, PAYMENT_WEBHOOK_SECRET },
      logFile: join(dir, 'logs', 'application.log'),
    },
    report,
  );
  parts.push(application);
  const { listening } = await application.start();
  const admin = new URL(listening);
  admin.port = ADMIN_PORT;
  return { graphql: new URL('/graphql', listening).href, admin: admin.origin };
}

const own = (file: string): string => fileURLToPath(new URL(`./${file}`, import.meta.url));

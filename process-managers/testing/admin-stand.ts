import { NestFactory } from '@nestjs/core';
import { ACCESS, ADMIN } from '@orders/shared-events/testing/access.js';
import { callersOfSpecs } from '@orders/shared-events/testing/callers.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import type { Real } from '@orders/shared-events/testing/servers.js';
import { Registry } from 'prom-client';
import { configurationSchema } from '../configuration.js';
import { ProcessManagersLifetime, ProcessManagersModule } from '../process-managers.module.js';
import { ObedientCommandSide } from './obedient-command-side.js';
import { type Stand, stand } from './stand.js';

export interface Answer {
  readonly status: number;
  readonly etag: string | null;
  // The specs look at what came, whatever it is.
  readonly body: Record<string, never>;
}

/** The process managers with their admin API, and a command side that does as it is told. */
export interface AdminStand {
  readonly servers: Stand;
  readonly commandSide: ObedientCommandSide;
  /** Of the API, once it is started. */
  url(): string;
  /** By which one may do everything. */
  readonly token: string;
  start(): Promise<void>;
  get(path: string): Promise<Answer>;
  /** An action under that key, of whatever state unless told otherwise. A header that is null is left out. */
  act(path: string, key: string | null, more?: ActionMore): Promise<Answer>;
  stop(): Promise<void>;
}

export interface ActionMore {
  readonly ifMatch?: string | null;
  readonly body?: object;
}

export async function adminStand(
  real: Pick<Real, 'DATABASE_URL'>,
  settings: Readonly<Record<string, string>> = {},
): Promise<AdminStand> {
  const servers = await stand(real);
  const commandSide = new ObedientCommandSide(servers.store, servers.bus);
  let [url, close] = ['', () => Promise.resolve()];
  const ask = async (
    path: string,
    init: {
      readonly method?: string;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    } = {},
  ): Promise<Answer> => {
    const headers = { ...ADMIN, ...init.headers };
    const response = await fetch(`${url}${path}`, { ...init, headers });
    const body = (await response.json()) as Answer['body'];
    return { status: response.status, etag: response.headers.get('etag'), body };
  };
  return {
    servers,
    commandSide,
    url: () => url,
    token: ADMIN.authorization.replace('Bearer ', ''),
    start: async () => {
      await commandSide.start();
      const app = await NestFactory.createApplicationContext(
        ProcessManagersModule.register({
          eventStore: servers.store,
          messageBus: servers.bus,
          databaseUrl: servers.urls.DATABASE_URL,
          settings: configurationSchema.parse({ ...ACCESS, ...servers.urls, ...settings }),
          admin: { port: 0, host: '127.0.0.1' },
          callers: callersOfSpecs(),
          logger: silent,
          metrics: new Registry(),
        }),
        { logger: false, abortOnError: false },
      );
      close = () => app.close();
      url = app.get(ProcessManagersLifetime).adminUrl;
    },
    get: (path) => ask(path),
    act: (path, key, { ifMatch = '*', body = { reason: 'to see what comes of it' } } = {}) =>
      ask(path, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(key === null ? {} : { 'idempotency-key': key }),
          ...(ifMatch === null ? {} : { 'if-match': ifMatch }),
        },
        body: JSON.stringify(body),
      }),
    stop: async () => {
      await close();
      await commandSide.stop();
      await servers.stop();
    },
  };
}

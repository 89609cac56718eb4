import {
  type Real,
  type Server,
  brokerOf,
  embeddedEventStore,
  embeddedPostgres,
} from '@orders/shared-events/testing/servers.js';
import { SeverableLink } from '@orders/shared-events/testing/severable-link.js';
import type { BackEnd } from './launcher.js';
import { type ScaledSystem, scaledSystem } from './scaled-system.js';

/** The running system, one instance of each side, with a link to each of its back ends that can be disturbed. */
export interface LinkedSystem {
  readonly system: ScaledSystem;
  readonly links: Readonly<Record<BackEnd, SeverableLink>>;
  readonly servers: Readonly<Record<BackEnd, Server>>;
  stop(): Promise<void>;
}

/** On the real broker where one is given; what is killed is its own. */
export async function linkedSystem(
  environment: Readonly<Record<string, string>>,
  real: Pick<Real, 'RABBITMQ_URL'> = {},
): Promise<LinkedSystem> {
  const [log, broker, database] = await Promise.all([
    embeddedEventStore(),
    brokerOf(real),
    embeddedPostgres(),
  ]);
  const servers = { EVENTSTORE_URL: log, RABBITMQ_URL: broker, DATABASE_URL: database };
  const links = {
    EVENTSTORE_URL: await SeverableLink.to(log.url),
    RABBITMQ_URL: await SeverableLink.to(broker.url),
    DATABASE_URL: await SeverableLink.to(database.url),
  };
  const backEnds = {
    EVENTSTORE_URL: links.EVENTSTORE_URL.url,
    RABBITMQ_URL: links.RABBITMQ_URL.url,
    DATABASE_URL: links.DATABASE_URL.url,
  };
  const stopServers = async (): Promise<void> => {
    await Promise.all(Object.values(links).map((link) => link.close()));
    await Promise.all(Object.values(servers).map((server) => server.stop()));
  };
  try {
    const system = await scaledSystem(1, { environment, backEnds });
    return { system, links, servers, stop: () => system.stop().finally(stopServers) };
  } catch (error) {
    await stopServers();
    throw error;
  }
}

interface Health {
  readonly error?: Readonly<Record<string, unknown>>;
}

/** What each side says that it misses, by the names in its health check; empty where all is there. */
export async function missedBy({ commands, queries, admins }: ScaledSystem): Promise<readonly string[][]> {
  return Promise.all(
    [...commands, ...queries, ...admins].map(async (url) => {
      const response = await fetch(new URL('/health/ready', url));
      const { error = {} } = (await response.json()) as Health;
      return Object.keys(error);
    }),
  );
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@orders/local-stack/free-port.js';
import { SeverableLink } from '@orders/shared-events/testing/severable-link.js';
import { Killable } from '../killable.js';
import { built } from '../launcher.js';
import type { Victim } from './disturbances.js';
import { RabbitMqCluster } from './rabbitmq-cluster.js';

/** A broker whose nodes can be killed, and to which all links can be lost at once. */
export interface ChaosBroker {
  /** Names all nodes, each through a link of its own. */
  readonly url: string;
  readonly nodes: readonly Victim[];
  readonly links: readonly SeverableLink[];
  stop(): Promise<void>;
}

/** The embedded one forgets everything whenever it ends; RabbitMQ is a cluster of three, with what it has on disk. */
export const brokers = { embedded, rabbitmq } as const;
export type BrokerKind = keyof typeof brokers;

async function embedded(): Promise<ChaosBroker> {
  const dir = await mkdtemp(join(tmpdir(), 'orders-broker-'));
  const broker = new Killable({
    name: 'broker',
    command: [built('local-stack', 'broker/broker.main.js'), '--port', String(await freePort())],
    environment: {},
    logFile: join(dir, 'broker.log'),
  });
  const links = [await SeverableLink.to(await broker.start())];
  return behind(links, [broker], async () => {
    await broker.stop();
    await rm(dir, { recursive: true, force: true });
  });
}

async function rabbitmq(): Promise<ChaosBroker> {
  const cluster = await RabbitMqCluster.start();
  const links = await Promise.all(cluster.nodes.map(({ url }) => SeverableLink.to(url)));
  return behind(links, cluster.nodes, () => cluster.stop());
}

const behind = (
  links: readonly SeverableLink[],
  nodes: readonly Victim[],
  stop: () => Promise<void>,
): ChaosBroker => ({
  url: joined(links.map(({ url }) => url)),
  ...{ nodes, links },
  async stop() {
    await Promise.all(links.map((link) => link.close()));
    await stop();
  },
});

/** One URL of them all: that of the first, with the hosts of the others behind its own. */
export function joined([first = '', ...others]: readonly string[]): string {
  const { host } = new URL(first);
  return first.replace(host, [host, ...others.map((url) => new URL(url).host)].join(','));
}

import { execFile } from 'node:child_process';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@orders/local-stack/free-port.js';
import { RabbitMqNode } from './rabbitmq-node.js';

const NODES = 3;

/** RabbitMQ is not there to be started. */
export class NoRabbitMq extends Error {
  override readonly name = 'NoRabbitMq';
}

/** A cluster of three nodes of the installed RabbitMQ on this machine, which nobody else knows of. */
export class RabbitMqCluster {
  readonly #killAll = () => this.nodes.forEach((node) => node.killNow());

  private constructor(
    readonly nodes: readonly RabbitMqNode[],
    private readonly dir: string,
    private readonly epmd: readonly [file: string, port: string],
  ) {}

  /** Resolves once all take connections. Throws NoRabbitMq where it is not installed. */
  static async start(): Promise<RabbitMqCluster> {
    const script = await installed();
    const dir = await mkdtemp(join(tmpdir(), 'orders-rabbitmq-'));
    await writeFile(join(dir, '.erlang.cookie'), randomBytes(20).toString('hex'), { mode: 0o400 });
    const epmdPort = String(await freePort());
    const names = Array.from({ length: NODES }, (_, index) => `rabbitmq-${index + 1}`);
    const nodes: RabbitMqNode[] = [];
    const cluster = new RabbitMqCluster(nodes, dir, ['epmd', epmdPort]);
    process.once('exit', cluster.#killAll);
    try {
      for (const [index, name] of names.entries()) {
        const [port, clusterPort] = [String(await freePort()), String(await freePort())];
        const joins = index === 0 ? [] : names.slice(0, 1);
        const node = new RabbitMqNode({ name, dir, port, clusterPort, epmdPort, script, joins });
        nodes.push(node);
        await node.start();
      }
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    process.removeListener('exit', this.#killAll);
    const [file, port] = this.epmd;
    await promisify(execFile)(file, ['-port', port, '-kill']).catch(() => undefined);
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** Beside the one on the path, which packages wrap to start it as another user, lies what it starts. */
async function installed(): Promise<string> {
  const folders = ['/usr/lib/rabbitmq/bin', ...(process.env['PATH'] ?? '').split(delimiter)];
  for (const folder of folders) {
    const script = join(folder, 'rabbitmq-server');
    if (await exists(script)) return script;
  }
  throw new NoRabbitMq(
    'RabbitMQ is not installed: apt-get install rabbitmq-server, or --broker embedded for the embedded broker alone',
  );
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

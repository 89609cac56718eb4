import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { sleep } from '@orders/shared-events/transport/waiting.js';
import { eventually } from './eventually.js';

export interface RabbitMqNodeOptions {
  /** The part of its name before the host; its files are in a folder of that name. */
  readonly name: string;
  /** Where it keeps what it has and says; a cluster's nodes share it, for the cookie in it. */
  readonly dir: string;
  /** What clients connect to, and what the other nodes do. */
  readonly port: string;
  readonly clusterPort: string;
  /** Of the daemon that knows the ports of the nodes: one of the cluster's own, so that nobody else's is touched. */
  readonly epmdPort: string;
  /** The script of the installed package that starts a node. */
  readonly script: string;
  /** Names of nodes that it joins at its first start; none: it is the first. */
  readonly joins: readonly string[];
}

const START_DEADLINE_MS = 120_000;
const LOOK_EVERY_MS = 100;
const RETRY_MS = 1_000;

export const nodeName = (name: string): string => `${name}@localhost`;

/** Nodes run side by side on one machine where each has names, ports and files of its own: https://www.rabbitmq.com/docs/clustering#single-machine */
const environmentOf = ({ name, dir, clusterPort, epmdPort }: RabbitMqNodeOptions) => ({
  HOME: dir,
  ERL_EPMD_PORT: epmdPort,
  ERL_EPMD_ADDRESS: '127.0.0.1',
  RABBITMQ_NODENAME: nodeName(name),
  RABBITMQ_DIST_PORT: clusterPort,
  RABBITMQ_CONF_ENV_FILE: join(dir, 'no-settings-of-the-machine'),
  RABBITMQ_CONFIG_FILE: join(dir, `${name}.conf`),
  RABBITMQ_MNESIA_BASE: join(dir, name),
  RABBITMQ_LOG_BASE: join(dir, 'log'),
  RABBITMQ_LOGS: '-',
  RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'no-plugins'),
  RABBITMQ_PID_FILE: join(dir, `${name}.pid`),
});

const configurationOf = ({ port, joins }: RabbitMqNodeOptions): string =>
  [
    `listeners.tcp.1 = 127.0.0.1:${port}`,
    'log.console = true',
    'log.console.level = warning',
    'cluster_formation.peer_discovery_backend = classic_config',
    ...joins.map((name, index) => `cluster_formation.classic_config.nodes.${index + 1} = ${nodeName(name)}`),
    '',
  ].join('\n');

/** One RabbitMQ node that may be killed and started again: what it has on disk stays. */
export class RabbitMqNode {
  #child: ChildProcess | undefined;
  #pid: number | undefined;

  constructor(private readonly options: RabbitMqNodeOptions) {}

  get name(): string {
    return this.options.name;
  }

  get url(): string {
    return `amqp://guest:guest@127.0.0.1:${this.options.port}`;
  }

  /** Resolves once it takes connections. */
  async start(): Promise<string> {
    const { name, dir, script } = this.options;
    await mkdir(join(dir, 'log'), { recursive: true });
    await writeFile(join(dir, `${name}.conf`), configurationOf(this.options));
    const log = await open(join(dir, `${name}.log`), 'a');
    const child = spawn(script, [], {
      stdio: ['ignore', log.fd, log.fd],
      env: { ...process.env, ...environmentOf(this.options) },
    });
    await log.close();
    this.#child = child;
    const failed = once(child, 'error').then(([error]: unknown[]) => {
      throw error as Error;
    });
    failed.catch(() => undefined);
    await Promise.race([failed, this.#answers(child)]);
    return this.url;
  }

  async #answers(child: ChildProcess): Promise<void> {
    const { name, dir, port } = this.options;
    await eventually(`${name} answers`, START_DEADLINE_MS, async () => {
      if (child.exitCode !== null || child.signalCode !== null) {
        const said = await readFile(join(dir, `${name}.log`), 'utf8');
        throw new Error(`${name} ended: ${said.trim().split('\n').slice(-3).join(' | ')}`);
      }
      return takesConnections(Number(port));
    });
    this.#pid = Number(await readFile(join(dir, `${name}.pid`), 'utf8'));
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.killNow();
    if (child && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await sleep(LOOK_EVERY_MS);
  }

  /** The same where nothing can be waited for any more. */
  killNow(): void {
    for (const pid of [this.#pid, this.#child?.pid]) signal(pid);
    [this.#pid, this.#child] = [undefined, undefined];
  }
}

function signal(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone by now.
  }
}

/** It answers with its protocol once it is more than a port: the greeting comes only when it has booted. */
function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, '127.0.0.1');
    const answer = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.setTimeout(RETRY_MS, () => answer(false));
    socket.once('error', () => answer(false));
    socket.once('close', () => answer(false));
    socket.once('connect', () => socket.write('AMQP\u0000\u0000\u0009\u0001'));
    socket.once('data', () => answer(true));
  });
}

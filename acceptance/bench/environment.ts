import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { installed } from './stage.js';

/** What decides about speed: the same bench on other versions is another measurement. */
const PACKAGES = [
  '@nestjs/core',
  '@apollo/server',
  'graphql',
  'nestjs-pino',
  '@eventstore/db-client',
  '@grpc/grpc-js',
  'amqplib',
  'pg',
  'amqp-emulator',
  'lmdb',
];

export interface Environment {
  readonly date: string;
  readonly cores: number;
  readonly processor: string;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly node: string;
  readonly nodeEnv: string;
  /** Processes that wanted a core, over the last minute: what runs beside the bench falls on its figures. */
  readonly loadAverage: number;
  readonly versions: Readonly<Record<string, string>>;
}

export async function environment(): Promise<Environment> {
  const versions = await Promise.all(PACKAGES.map(async (name) => [name, await versionOf(name)] as const));
  return {
    date: new Date().toISOString(),
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
    nodeEnv: process.env['NODE_ENV'] ?? 'not set',
    loadAverage: loadavg()[0] ?? 0,
    versions: Object.fromEntries(versions),
  };
}

export function environmentLines(environment: Environment): string[] {
  const { cores, processor, memoryBytes, kernel, node, nodeEnv, loadAverage, versions } = environment;
  return [
    `${cores} cores (${processor}), ${(memoryBytes / 2 ** 30).toFixed(1)} GiB, Linux ${kernel}, Node ${node}, NODE_ENV ${nodeEnv}`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    `load average before: ${loadAverage.toFixed(2)}`,
  ];
}

async function versionOf(name: string): Promise<string> {
  const text = await readFile(installed(`${name}/package.json`), 'utf8').catch(() => '{}');
  return (JSON.parse(text) as { version?: string }).version ?? 'unknown';
}

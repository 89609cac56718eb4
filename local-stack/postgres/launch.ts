import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cluster, dataArgument, serverProcess } from './cluster.js';

/** Sized for a developer's machine. What makes a commit durable stays as Postgres ships it. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '', // a socket path over 107 bytes fails
  max_connections: '200',
  shared_buffers: '128MB',
  work_mem: '16MB',
  maintenance_work_mem: '128MB',
  max_wal_size: '1GB',
  checkpoint_timeout: '15min',
  wal_level: 'minimal',
  max_wal_senders: '0',
  random_page_cost: '1.1',
  io_method: 'sync',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/**
 * Spawns the server, in a session of its own, so that a Ctrl-C in the terminal reaches only the launcher, which
 * then stops it. What it says goes to `postgres.log` in the cluster's folder.
 * @returns its process id; it is not ready yet
 */
export async function launch(cluster: Cluster, port: number): Promise<number> {
  const log = await open(join(cluster.dir, 'postgres.log'), 'w');
  const settings = Object.entries({ port, ...SETTINGS }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const server = spawn(cluster.binaries.postgres, ['-D', await dataArgument(cluster), ...settings], {
    ...serverProcess(cluster),
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  try {
    return await new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.once('spawn', () => resolve(server.pid ?? 0));
    });
  } finally {
    await log.close();
  }
}

/** Why the last server that was launched gave up. */
export async function lastComplaint(dir: string): Promise<string> {
  const lines = (await readFile(join(dir, 'postgres.log'), 'utf8')).split('\n');
  return lines.findLast((line) => line.includes('FATAL')) ?? `see ${join(dir, 'postgres.log')}`;
}

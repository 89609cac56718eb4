import type { Server } from '@orders/shared-events/testing/servers.js';
import { connect } from 'amqplib';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';

/** A vhost is made within a second; a node that is not there is looked for much longer. */
const DEADLINE_MS = 20_000;

/**
 * A vhost of its own on the RabbitMQ of that URL, which goes when it is stopped: queues of the same names in others
 * are not touched. AMQP cannot make one, so the node must be one that `rabbitmqctl` here commands. Throws where not.
 */
export async function ownVhost(url: string): Promise<Server> {
  const vhost = `orders-spec-${randomUUID()}`;
  const user = decodeURIComponent(new URL(url).username) || 'guest';
  await rabbitmqctl('add_vhost', vhost);
  const stop = () => rabbitmqctl('delete_vhost', vhost);
  try {
    await rabbitmqctl('set_permissions', '-p', vhost, user, '.*', '.*', '.*');
    const own = new URL(url);
    own.pathname = `/${vhost}`;
    await (await connect(own.href)).close();
    return { url: own.href, stop, kill: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function rabbitmqctl(...command: readonly string[]): Promise<void> {
  await promisify(execFile)('rabbitmqctl', ['--quiet', ...command], { timeout: DEADLINE_MS });
}

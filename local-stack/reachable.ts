import { once } from 'node:events';
import { connect } from 'node:net';
import { oneLine } from '@orders/shared-events/transport/one-line.js';
import { nodeUrls } from '@orders/shared-events/transport/node-urls.js';
import { within } from '@orders/shared-events/transport/waiting.js';
import type { BackEnds } from './stack.js';

const CONNECT_MS = 5_000;
const PORTS: Readonly<Record<string, number>> = {
  'esdb:': 2113,
  'esdb+discover:': 2113,
  'amqp:': 5672,
  'amqps:': 5671,
  'postgres:': 5432,
  'postgresql:': 5432,
};

/**
 * Throws where no node of a back end takes connections, with the variable and why. The processes would wait for it; who
 * types `npm start` wants to be told.
 */
export async function demandReachable(backEnds: Partial<BackEnds>): Promise<void> {
  await Promise.all(
    Object.entries(backEnds).map(async ([variable, url]) => {
      const nodes = nodeUrls(url).map((node) => new URL(node));
      try {
        await Promise.any(nodes.map(taken));
      } catch (error) {
        const [reason] = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
        throw new Error(`${variable}: nothing takes connections there (${oneLine(reason)})`, {
          cause: error,
        });
      }
    }),
  );
}

/** A URL without a host leads to a socket of this machine, or says the host elsewhere: that is the driver's to know. */
async function taken({ protocol, hostname, port }: URL): Promise<void> {
  if (hostname === '') return;
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket = connect(Number(port) || (PORTS[protocol] ?? 0), host);
  try {
    await within(CONNECT_MS, host, once(socket, 'connect'));
  } finally {
    socket.destroy();
  }
}

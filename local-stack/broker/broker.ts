import { once } from 'node:events';
import { AmqpServer } from 'amqp-emulator';
import { freePort } from '../free-port.js';

export interface RunningBroker {
  /** `amqp://` URL for AMQP 0-9-1 clients. */
  readonly url: string;
  readonly port: number;
  /** Tells every client that the connection is closed (320 CONNECTION_FORCED), then stops; what is queued is gone. */
  readonly stop: () => Promise<void>;
}

export interface BrokerOptions {
  /** Where to listen, or on the next free port above; by default any free one. */
  readonly port?: number;
  /** Hears of what the broker could not make sense of; the connection that it came from is closed. */
  readonly onFault?: (fault: Error) => void;
}

/** Clients that do not answer the goodbye are dropped after this. */
const GOODBYE_MS = 1_000;

/** Starts an AMQP 0-9-1 broker in this process, on 127.0.0.1 only. README.md says what it is and is not. */
export async function startBroker({ port, onFault = () => {} }: BrokerOptions = {}): Promise<RunningBroker> {
  const server = new AmqpServer({ closeTimeout: GOODBYE_MS });
  server.on('error', (fault) => onFault(fault)); // without a listener a malformed frame would end the process
  // Answers are small and come one by one: gathering them would cost each 40 ms.
  server.server.on('connection', (socket) => socket.setNoDelay(true));
  const bound = await listen(server, port);
  return { url: `amqp://guest:guest@127.0.0.1:${bound}`, port: bound, stop: () => stop(server) };
}

/** Somebody may take the port between the look and the bind: look again. */
async function listen(server: AmqpServer, preferred: number | undefined): Promise<number> {
  for (;;) {
    const port = await freePort(preferred);
    try {
      await server.listen(port, '127.0.0.1');
      return port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

async function stop(server: AmqpServer): Promise<void> {
  const goodbyes = [...server.connections].map((connection) => once(connection, 'close'));
  server.disconnect();
  await Promise.all(goodbyes);
  await server.close();
}

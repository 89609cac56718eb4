import { parseArgs } from 'node:util';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { startEventStore } from './event-store.js';

/**
 * The event store as a process: event-store.main.js --dir <folder> [--port <n>] [--with-parent]
 *
 * Prints {"listening": url} on a line of its own when clients can connect. SIGTERM and SIGINT stop it
 * gracefully. With --with-parent it stops as well when whoever started it is gone: its end of the IPC
 * channel, or else of standard input, closes then, even after a kill -9. What it cannot do it tells in
 * one line on standard error, and exits with 1.
 */
async function main(): Promise<void> {
  setLogVerbosity(logVerbosity.NONE); // what gRPC would log is thrown as well
  const { dir, port, withParent } = readArguments();
  const store = await startEventStore({ dir, port });
  const stop = (): void => {
    store.stop().then(() => process.exit(0), fail);
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  if (withParent) onParentGone(stop);
  process.stdout.write(`${JSON.stringify({ listening: store.url })}\n`);
}

function readArguments(): { dir: string; port: number; withParent: boolean } {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string' },
      port: { type: 'string', default: '2113' },
      'with-parent': { type: 'boolean', default: false },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port: '${values.port}' is not a port`);
  if (!values.dir) throw new Error('--dir: the folder of the events is missing');
  return { dir: values.dir, port, withParent: values['with-parent'] };
}

function onParentGone(stop: () => void): void {
  if (process.connected) process.once('disconnect', stop);
  else process.stdin.once('end', stop).once('error', stop).resume();
}

function fail(error: unknown): void {
  process.stderr.write(`event store: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

main().catch(fail);

import { parseArgs } from 'node:util';
import { hasExited } from './postgres/postmaster.js';

export interface StandAloneOptions {
  readonly port?: number;
  readonly dir?: string;
}

export interface StandAloneServer {
  readonly url: string;
  /** Of the server, when that is another process than this one. */
  readonly pid?: number;
  readonly stop: () => Promise<void>;
}

const WATCH_MS = 500;

/**
 * Runs an embedded server as a process of its own, with the arguments `--port`, `--dir` and `--with-parent`.
 *
 * One line of JSON on standard output, {"listening": url, "pid": number}, says that clients can connect. SIGTERM
 * and SIGINT stop the server, and with `--with-parent` so does the end of standard input, which is what a killed
 * parent leaves behind. What keeps it from starting, or ends it untold, is one line on standard error and exit
 * code 1.
 */
export async function standAlone(
  start: (options: StandAloneOptions) => Promise<StandAloneServer>,
): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      dir: { type: 'string' },
      'with-parent': { type: 'boolean', default: false },
    },
  });
  const { port, dir } = values;
  const starting = start({
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(dir === undefined ? {} : { dir }),
  });
  const told = stopWhenTold(() => starting.then((server) => server.stop()), values['with-parent']);
  const { url, pid = process.pid } = await starting.catch(fail);
  const watch = async () => {
    if ((await hasExited(pid)) && !told()) fail('the server has ended');
  };
  setInterval(() => void watch(), WATCH_MS); // keeps this process alive, too
  console.log(JSON.stringify({ listening: url, pid }));
}

/**
 * Installed before the server is up: a Ctrl-C in the middle of a start leaves nothing behind either.
 * @returns whether it has been told
 */
function stopWhenTold(stop: () => Promise<void>, withParent: boolean): () => boolean {
  let told = false;
  const once = () => {
    if (!told) stop().then(() => process.exit(0), fail);
    told = true;
  };
  process.on('SIGTERM', once);
  process.on('SIGINT', once);
  if (withParent) process.stdin.on('end', once).on('error', once).resume();
  return () => told;
}

function fail(error: unknown): never {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

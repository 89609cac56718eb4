// npm run reset: removes the data of the local stack, in DATA_DIR where that is set.
import {
  existsSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  rmdirSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure, main, root } from './child-process.mjs';

const data = process.env.DATA_DIR ? resolve(process.env.DATA_DIR) : join(root, '.data');
const STOP_DEADLINE_MS = 10_000;

/** All that a data folder holds. */
const ENTRIES = [
  'event-store',
  'postgres',
  'logs',
  'stack.json',
  'catalogue-seeded',
  'payment-webhook-secret',
  'access-key.json',
];
/** What nobody else has: other programs keep folders called logs or postgres, too. */
const MARKS = ['event-store/events.lmdb', 'catalogue-seeded', 'logs/application.log', 'logs/event-store.log'];

await main(async () => {
  const stack = pidIn(join(data, 'stack.json'), (text) => JSON.parse(text).pid);
  if (stack !== undefined && commandLine(stack).includes('start.js')) {
    throw new Failure(
      `the stack is running (process ${stack}): stop it first, with Ctrl-C where it runs or kill ${stack}`,
    );
  }
  const found = existsSync(data) ? readdirSync(data) : [];
  if (found.length === 0) return void console.log(`nothing to remove: there is no data in ${data}`);
  if (process.env.DATA_DIR) demandOurs(found);
  await stopLeftPostgres(join(data, 'postgres', 'data'));
  // From the end of the alphabet: what tells that the folder is ours goes last, should this be cut short.
  for (const entry of found.sort().reverse()) rmSync(join(data, entry), { recursive: true, force: true });
  rmdirSync(realpathSync(data));
  console.log(`${data} removed: the next start begins with an empty log`);
});

/** A slip in DATA_DIR must not cost anybody a folder: one strange entry, or none that is surely ours, and all stays. */
function demandOurs(found) {
  const strange = found.filter((entry) => !ENTRIES.includes(entry));
  const isMarked = MARKS.some((mark) => existsSync(join(data, mark)));
  if (strange.length === 0 && isMarked) return;
  const what = strange.length > 0 ? `it holds ${strange[0]}` : `it holds only ${found.join(', ')}`;
  throw new Failure(`${data} is not a data folder of this system (${what}): nothing was removed`);
}

/** After kill -9 of the stack its Postgres runs on, to be adopted by the next start; without data it must not. */
async function stopLeftPostgres(folder) {
  const pid = pidIn(join(folder, 'postmaster.pid'), (text) => Number(text.split('\n')[0]));
  if (pid === undefined || !commandLine(pid).includes('postgres')) return;
  if (process.platform === 'linux' && readlinkSync(`/proc/${pid}/cwd`) !== realpathSync(folder)) return; // another one's
  process.kill(pid, 'SIGINT');
  const deadline = Date.now() + STOP_DEADLINE_MS;
  while (commandLine(pid) !== '') {
    if (Date.now() > deadline)
      throw new Failure(`Postgres (process ${pid}) does not stop: end it, then run this again`);
    await delay(50);
  }
}

/** The process id in a file, or undefined when there is no such file or it holds none. */
function pidIn(path, parse) {
  try {
    const pid = parse(readFileSync(path, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** What a process was started with; empty when there is none. */
function commandLine(pid) {
  try {
    if (process.platform === 'linux')
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return execFileSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Account, isReachableByOthers, serverAccount } from './account.js';
import { type Binaries, serverBinaries } from './binaries.js';

/** A folder with the data of one server, and what is needed to run it. */
export interface Cluster {
  /** Holds `data`, the superuser's password, the port that was chosen, and the server's log. */
  readonly dir: string;
  readonly dataDir: string;
  readonly account: Account;
  readonly binaries: Binaries;
  readonly password: string;
}

export const SUPERUSER = 'orders';

/** An unset LANG would otherwise give a database in SQL_ASCII that sorts by whatever the machine is set to. */
const LOCALE = ['-E', 'UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];

/**
 * Opens the cluster in `dir`, after initdb when there is none yet.
 * @throws when the data was written by another major version
 */
export async function openCluster(dir: string): Promise<Cluster> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const dataDir = join(dir, 'data');
  const account = await serverAccount(dataDir);
  const binaries = await serverBinaries(account);
  const major = await readFile(join(dataDir, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (major === undefined) await initialise(dir, account, binaries);
  else if (Number(major) !== binaries.major) throw new Error(otherMajor(dir, major.trim(), binaries.major));
  return { dir, dataDir, account, binaries, password: await readFile(join(dir, 'password'), 'utf8') };
}

/** What runs in the data folder as the server's user. It gets no environment that could point elsewhere. */
export function serverProcess({ dataDir, account }: Pick<Cluster, 'dataDir' | 'account'>) {
  return { cwd: dataDir, env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }, ...account };
}

/**
 * How the server is told its data folder. Another user cannot walk down a path through a 0700 home, but it can
 * stand in a folder that root took it to.
 */
export async function dataArgument({
  dataDir,
  account,
}: Pick<Cluster, 'dataDir' | 'account'>): Promise<string> {
  const home = join(dataDir, '..', '..');
  const inReach =
    account.uid === undefined || process.platform !== 'linux' || (await isReachableByOthers(home));
  return inReach ? dataDir : '/proc/self/cwd';
}

/** Builds in a folder of its own and renames it, so that a half-made cluster is never taken for a whole one. */
async function initialise(dir: string, account: Account, { initdb }: Binaries): Promise<void> {
  const dataDir = join(dir, 'data.new');
  await rm(dataDir, { recursive: true, force: true });
  await mkdir(dataDir, { mode: 0o700 });
  await writeFile(join(dir, 'password'), randomBytes(24).toString('base64url'), { mode: 0o600 });
  for (const path of [dir, dataDir, join(dir, 'password')]) await hand(path, account);
  const options = ['-U', SUPERUSER, '--pwfile=../password', '--auth=scram-sha-256', ...LOCALE];
  const args = ['-D', await dataArgument({ dataDir, account }), ...options];
  await promisify(execFile)(initdb, args, serverProcess({ dataDir, account }));
  await rename(dataDir, join(dir, 'data'));
}

async function hand(path: string, { uid, gid }: Account): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}

function otherMajor(dir: string, found: string, own: number): string {
  return (
    `the data in ${dir} was written by Postgres ${found} and this is Postgres ${own}: ` +
    `dump it with version ${found} and restore it here, or start anew with npm run reset, which deletes it`
  );
}

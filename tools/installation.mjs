// Whether node_modules is what package-lock.json says, and the install that makes it so.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, root, run } from './child-process.mjs';

const modules = join(root, 'node_modules');
/** Written after a successful install: the hash of the lockfile that was installed. */
const stamp = join(modules, '.installed-lockfile');
/** Written by npm as the last step of an install. */
const ownRecord = join(modules, '.package-lock.json');

const read = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);

/** Installs what package-lock.json names, unless it is there. */
export async function install() {
  const lockfile = read(join(root, 'package-lock.json'));
  if (lockfile === undefined) throw new Failure('package-lock.json is missing: this is not a whole checkout');
  const hash = createHash('sha256').update(lockfile).digest('hex');
  if (read(stamp) === hash) return;
  if (!isInstalled(JSON.parse(lockfile).packages)) await cleanInstall();
  writeFileSync(stamp, hash);
}

/** Somebody may have run npm themselves: npm's own record tells whether it ended, and with what. */
function isInstalled(locked) {
  const record = read(ownRecord);
  if (record === undefined) return false;
  const installed = JSON.parse(record).packages;
  const isWanted = ([path, entry]) => path !== '' && !entry.optional && !entry.devOptional && !entry.peer;
  return (
    Object.entries(installed).every(([path, entry]) => isSame(entry, locked[path])) &&
    Object.entries(locked).every((row) => !isWanted(row) || row[0] in installed)
  );
}

const isSame = (installed, locked) =>
  locked !== undefined && installed.version === locked.version && installed.integrity === locked.integrity;

async function cleanInstall() {
  const reason = existsSync(modules)
    ? 'node_modules does not match package-lock.json'
    : 'node_modules is missing';
  console.log(`Installing dependencies with npm ci (${reason}) ...`);
  const [program, ...npm] = npmCommand();
  const everything = ['--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code } = await run(program, [...npm, 'ci', ...everything]);
  if (code !== 0) throw new Failure(`npm ci failed with exit code ${code}; what it said is above`);
}

/** The npm that runs this script, or the one on the path. */
function npmCommand() {
  const current = process.env.npm_execpath;
  if (current?.endsWith('npm-cli.js')) return [process.execPath, current];
  return process.platform === 'win32' ? ['cmd', '/c', 'npm'] : ['npm'];
}

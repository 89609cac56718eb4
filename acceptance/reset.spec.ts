import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';

let place: string;
let folder: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'orders-reset-'));
  folder = join(place, 'data');
});
afterEach(() => rm(place, { recursive: true, force: true }));

/** Runs the script that `npm run reset` runs, on that folder. */
async function reset(dir = folder): Promise<{ code: unknown; said: string }> {
  const script = join(import.meta.dirname, '..', 'tools', 'reset.mjs');
  const child = spawn(process.execPath, [script], { env: { ...process.env, DATA_DIR: dir } });
  const [out, error, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<unknown[]>,
  ]);
  return { code, said: out + error };
}

async function holding(...files: string[]): Promise<void> {
  for (const file of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), '');
  }
}
const left = async (dir = folder) => (await readdir(dir, { recursive: true }).catch(() => [])).sort();

const OURS = [
  'event-store/events.lmdb',
  'postgres/data/PG_VERSION',
  'logs/application.log',
  'catalogue-seeded',
  'payment-webhook-secret',
];

describe('npm run reset with DATA_DIR', () => {
  it('removes a data folder of ours', async () => {
    await holding(...OURS);
    expect(await reset()).toEqual({
      code: 0,
      said: `${folder} removed: the next start begins with an empty log\n`,
    });
    expect(await left(place)).toEqual([]);
  });

  it('removes what a start left that was cut short, with servers of others', async () => {
    await holding('logs/application.log');
    expect(await reset()).toMatchObject({ code: 0 });
    expect(await left(place)).toEqual([]);
  });

  it.each([
    ['a file of somebody else beside ours', [...OURS, 'thesis.txt'], 'thesis.txt'],
    ['a hidden one', [...OURS, '.git/config'], '.git'],
    ['nothing of ours', ['photos/cat.jpg'], 'photos'],
    ['only names that others use as well', ['logs/access.log', 'postgres/data/PG_VERSION'], 'logs'],
  ])('refuses a folder with %s, and removes nothing', async (_what, files, named) => {
    await holding(...files);
    const before = await left();
    const { code, said } = await reset();
    expect(code).toBe(1);
    expect(said).toMatch(/^[^\n]+ is not a data folder of this system[^\n]+: nothing was removed\n$/);
    expect(said).toContain(named);
    expect(await left()).toEqual(before);
  });

  it('follows no link out of the folder', async () => {
    await holding(...OURS);
    await mkdir(join(place, 'elsewhere'));
    await writeFile(join(place, 'elsewhere', 'kept'), '');
    await rm(join(folder, 'logs'), { recursive: true });
    await symlink(join(place, 'elsewhere'), join(folder, 'logs'));
    expect(await reset()).toMatchObject({ code: 0 });
    expect(await left(place)).toEqual(['elsewhere', 'elsewhere/kept']);
  });

  it('has nothing to do where there is no such folder, or an empty one', async () => {
    expect(await reset()).toEqual({ code: 0, said: `nothing to remove: there is no data in ${folder}\n` });
    await mkdir(folder);
    expect(await reset()).toMatchObject({ code: 0 });
    expect(await left(place)).toEqual(['data']);
  });
});

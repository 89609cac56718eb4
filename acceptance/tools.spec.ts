import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** The tools find their root from where they lie: a copy of them works on the small workspace around it. */
const checkout = fileURLToPath(new URL('..', import.meta.url));
let root: string;
let children: ChildProcess[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tools-'));
  children = [];
  await cp(join(checkout, 'tools'), join(root, 'tools'), { recursive: true });
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(root, { recursive: true });
});

async function write(path: string, content: string | object): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
}
const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8');

async function run(tool: string, ...args: string[]) {
  const child = spawn(process.execPath, [join(root, 'tools', tool), ...args], { stdio: 'pipe' });
  const [output, errors, exit] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { code: exit[0] as number, output, errors };
}

/** A program that does nothing until it is killed, under this name. */
async function running(name: string): Promise<number> {
  await write(name, 'setInterval(() => undefined, 1_000)');
  const child = spawn(process.execPath, [join(root, name)]);
  children.push(child);
  await once(child, 'spawn');
  return child.pid ?? 0;
}

describe('npm run reset', () => {
  it('removes the data, and says when there is none', async () => {
    await write('.data/event-store/log', 'x');
    expect(await run('reset.mjs')).toMatchObject({
      code: 0,
      output: expect.stringContaining('.data removed'),
    });
    expect(existsSync(join(root, '.data'))).toBe(false);
    expect(await run('reset.mjs')).toMatchObject({
      code: 0,
      output: expect.stringContaining('nothing to remove'),
    });
  });

  it('refuses while the stack runs', async () => {
    const pid = await running('start.js');
    await write('.data/stack.json', { pid });
    expect(await run('reset.mjs')).toMatchObject({
      code: 1,
      errors: expect.stringMatching(new RegExp(`^the stack is running \\(process ${pid}\\)[^\\n]+\\n$`)),
    });
    expect(existsSync(join(root, '.data/stack.json'))).toBe(true);
  });

  it('does not take another program for the stack that was killed', async () => {
    await write('.data/stack.json', { pid: await running('another.js') });
    expect((await run('reset.mjs')).code).toBe(0);
  });

  it('stops the Postgres that a killed stack has left, and no other', async () => {
    const folder = '.data/postgres/data';
    await write(`${folder}/postgres.js`, 'setInterval(() => undefined, 1_000)');
    const start = (cwd: string) => {
      const child = spawn(process.execPath, [join(root, folder, 'postgres.js')], { cwd: join(root, cwd) });
      children.push(child);
      return child;
    };
    const another = start('.');
    await write(`${folder}/postmaster.pid`, `${another.pid ?? 0}\n`);
    expect((await run('reset.mjs')).code).toBe(0);
    expect(another.signalCode).toBeNull();

    await write(`${folder}/postgres.js`, 'setInterval(() => undefined, 1_000)');
    const left = start(folder);
    await write(`${folder}/postmaster.pid`, `${left.pid ?? 0}\n`);
    const gone = once(left, 'exit');
    expect((await run('reset.mjs')).code).toBe(0);
    expect(await gone).toEqual([null, 'SIGINT']);
  });
});

/** A workspace of one project with one source and one asset. */
async function workspace(): Promise<void> {
  await write('package.json', { name: 'spec', type: 'module', workspaces: ['one'] });
  await write('package-lock.json', { lockfileVersion: 3, packages: { '': { name: 'spec' } } });
  await write('node_modules/.package-lock.json', { packages: {} });
  await symlink(join(checkout, 'node_modules/typescript-7'), join(root, 'node_modules/typescript-7'));
  await symlink(join(checkout, 'node_modules/@typescript'), join(root, 'node_modules/@typescript'));
  await write('tsconfig.json', { files: [], references: [{ path: 'one' }] });
  await write('one/tsconfig.json', {
    compilerOptions: { composite: true, rootDir: '.', outDir: 'dist', module: 'nodenext', types: [] },
    include: ['*.ts'],
  });
  await write('one/one.ts', 'export const one = 1;');
  await write('one/orders/orders.sql', 'SELECT 1');
}

describe('npm start, before it starts', () => {
  it('builds what is missing or out of date, with its assets, and nothing else', async () => {
    await workspace();
    expect(await run('bootstrap.mjs')).toMatchObject({
      code: 0,
      output: expect.stringContaining('Built in'),
    });
    expect(await read('one/dist/one.js')).toContain('one = 1');
    expect(await read('one/dist/orders/orders.sql')).toBe('SELECT 1');
    expect(await run('bootstrap.mjs')).toEqual({ code: 0, output: '', errors: '' });

    await write('one/one.ts', 'export const one = 2;');
    await write('one/orders/orders.sql', 'SELECT 2');
    expect((await run('bootstrap.mjs')).code).toBe(0);
    expect(await read('one/dist/one.js')).toContain('one = 2');
    expect(await read('one/dist/orders/orders.sql')).toBe('SELECT 2');

    await rm(join(root, 'one/dist/orders'), { recursive: true });
    expect((await run('bootstrap.mjs')).code).toBe(0);
    expect(await read('one/dist/orders/orders.sql')).toBe('SELECT 2');
  });

  it('shows what does not build, and tries it again the next time', async () => {
    await workspace();
    await write('one/one.ts', 'export const one: string = 1;');
    for (const _time of ['first', 'second']) {
      const { code, errors } = await run('bootstrap.mjs');
      expect([code, errors]).toEqual([1, expect.stringMatching(/one\.ts.*TS2322[^]*the build failed/)]);
    }
  });

  it('installs anew what is not what the lockfile says, and only then', async () => {
    await workspace();
    const lockfile = {
      name: 'spec',
      lockfileVersion: 3,
      packages: { '': { name: 'spec', workspaces: ['one'] } },
    };
    await write('one/package.json', { name: 'one' });
    await write('package-lock.json', {
      ...lockfile,
      packages: { ...lockfile.packages, 'node_modules/one': { resolved: 'one', link: true }, one: {} },
    });
    await write('node_modules/.package-lock.json', {
      packages: { 'node_modules/old': { version: '1.0.0' } },
    });
    await write('node_modules/old/index.js', '');
    const { output } = await run('bootstrap.mjs');
    expect(output).toContain('node_modules does not match package-lock.json');
    expect(existsSync(join(root, 'node_modules/old'))).toBe(false);
  });

  it('believes an install that somebody else has made', async () => {
    await workspace();
    const installed = { version: '1.0.0', integrity: 'sha512-x' };
    const packages = { '': { name: 'spec' }, 'node_modules/some': installed };
    await write('package-lock.json', { lockfileVersion: 3, packages });
    await write('node_modules/.package-lock.json', { packages: { 'node_modules/some': installed } });
    expect((await run('bootstrap.mjs')).output).not.toContain('Installing');
  });
});

describe('npm run generate -- --check', () => {
  it('fails where the generated types are not what the schema says', async () => {
    await symlink(join(checkout, 'node_modules'), join(root, 'node_modules'));
    await write('side/side.graphql', 'type Query { one: Int! }');
    expect(await run('generate.mjs', '--check', 'side')).toMatchObject({
      code: 1,
      errors: expect.stringContaining('run npm run generate'),
    });
    expect(existsSync(join(root, 'side/graphql.generated.ts'))).toBe(false);
    expect((await run('generate.mjs', 'side')).code).toBe(0);
    expect((await run('generate.mjs', '--check', 'side')).code).toBe(0);
    await write('side/side.graphql', 'type Query { two: Int! }');
    expect((await run('generate.mjs', '--check', 'side')).code).toBe(1);
  });
});

describe('npm run generate -- contracts', () => {
  const folder = 'docs/contracts';

  /** Stands for the code that makes and compares the contracts: two documents, of which the first is a promise. */
  async function contracts(first: number): Promise<void> {
    await write(
      'acceptance/contracts/documents.ts',
      `export const contractDocuments = async () =>
         new Map<string, unknown>([['first.json', { is: ${first} }], ['below/second.json', { is: 2 }]]);`,
    );
    await write(
      'acceptance/contracts/promises.ts',
      `export const isPromise = (path: string) => path === 'first.json';
       export const brokenPromises = (before: Map<string, { is: number }>, now: Map<string, { is: number }>) =>
         [...before].flatMap(([path, { is }]) => now.get(path)!.is < is ? [path + ': less than ' + is] : []);`,
    );
  }

  beforeEach(async () => {
    await workspace();
    await write('package.json', { name: 'spec', type: 'module', workspaces: ['acceptance'] });
    await write('tsconfig.json', { files: [], references: [{ path: 'acceptance' }] });
    await write('acceptance/tsconfig.json', (await read('one/tsconfig.json')).replace('*.ts', '**/*.ts'));
    for (const name of ['@graphql-codegen', 'graphql', 'prettier'])
      await symlink(join(checkout, 'node_modules', name), join(root, 'node_modules', name));
    await contracts(5);
  });

  it('writes them, removes what is no longer made, and leaves the rest alone', async () => {
    await write(`${folder}/old.json`, {});
    await write(`${folder}/README.md`, 'What this is.');
    expect((await run('generate.mjs', 'contracts')).code).toBe(0);
    expect(await read(`${folder}/below/second.json`)).toBe('{\n  "is": 2\n}\n');
    expect(existsSync(join(root, folder, 'old.json'))).toBe(false);
    expect(existsSync(join(root, folder, 'README.md'))).toBe(true);
    expect((await run('generate.mjs', '--check', 'contracts')).code).toBe(0);
  });

  it('names every file that is out of date, and writes none of them, with --check', async () => {
    await run('generate.mjs', 'contracts');
    await write(`${folder}/first.json`, { is: 4 });
    await write(`${folder}/old.json`, {});
    expect(await run('generate.mjs', '--check', 'contracts')).toMatchObject({
      code: 1,
      errors: `${folder}/first.json\n${folder}/old.json\nnot what the sources say: run npm run generate\n`,
    });
    expect(await read(`${folder}/first.json`)).toBe('{"is":4}');
  });

  it('refuses what breaks what was accepted, also to accept it', async () => {
    expect((await run('generate.mjs', '--accept', 'contracts')).code).toBe(0);
    expect(existsSync(join(root, folder, 'accepted/below'))).toBe(false);
    await contracts(6);
    const { code, output } = await run('generate.mjs', 'contracts');
    expect([code, output]).toEqual([0, expect.stringContaining('1 say something that is not accepted yet')]);
    expect((await run('generate.mjs', '--accept', 'contracts')).code).toBe(0);
    await contracts(5);
    for (const options of [[], ['--accept'], ['--check']])
      expect(await run('generate.mjs', ...options, 'contracts')).toMatchObject({
        code: 1,
        errors: expect.stringContaining('first.json: less than 6\nothers rely on that'),
      });
    expect(await read(`${folder}/accepted/first.json`)).toBe('{\n  "is": 6\n}\n');
  });
});

describe('npm test', () => {
  /** Stands for Nx: leaves what a project's Jest run would leave, and ends with `code`. */
  const nx = (code: number, report: string) => `
    const { mkdirSync, writeFileSync } = require('node:fs');
    mkdirSync('one/test-results', { recursive: true });
    if (${JSON.stringify(report)}) writeFileSync('one/test-results/jest.json', ${JSON.stringify(report)});
    process.exit(${code});
  `;
  const results = (counts: object) => JSON.stringify({ passed: 2, failed: 0, skipped: [], ...counts });

  it.each([
    ['all pass', 0, results({}), 0, '2 passed, 0 failed, 0 skipped'],
    [
      'one is skipped, which it tells',
      0,
      results({ skipped: ['a.spec.ts: b'] }),
      0,
      'Skipped: one/a.spec.ts: b',
    ],
    ['one fails', 1, results({ failed: 1 }), 1, '2 passed, 1 failed, 0 skipped'],
    ['one fails that Nx does not tell', 0, results({ failed: 1 }), 1, '2 passed, 1 failed, 0 skipped'],
    ['none ran', 0, results({ passed: 0 }), 1, '0 passed, 0 failed, 0 skipped'],
    ['the report is an old one', 0, '', 1, '0 passed, 0 failed, 0 skipped'],
  ])('sums up a run in which %s', async (_what, nxCode, report, code, said) => {
    await write('one/jest.config.js', '');
    await write('one/test-results/jest.json', results({ passed: 99 }));
    await write('node_modules/nx/package.json', { bin: 'nx.js' });
    await write('node_modules/nx/nx.js', nx(nxCode, report));
    const { code: got, output } = await run('test.mjs');
    expect([got, output]).toEqual([code, expect.stringContaining(said)]);
  });

  it('hands its runner the registry that npm was told, and none of its other settings', async () => {
    await write('one/jest.config.js', '');
    await write('node_modules/nx/package.json', { bin: 'nx.js' });
    await write('node_modules/nx/nx.js', `console.log(JSON.stringify(process.env));`);
    const child = spawn(process.execPath, [join(root, 'tools', 'test.mjs')], {
      env: {
        ...process.env,
        npm_config_registry: 'https://spec',
        npm_config_omit: 'dev',
        npm_command: 'test',
      },
      stdio: 'pipe',
    });
    const environment = JSON.parse((await text(child.stdout)).split('\n')[0] ?? '') as object;
    expect(environment).toMatchObject({ npm_config_registry: 'https://spec', NX_TUI: 'false' });
    expect(environment).not.toHaveProperty('npm_config_omit');
    expect(environment).not.toHaveProperty('npm_command');
  });

  it('counts a file that cannot be loaded as a failure, and names what is skipped', async () => {
    await write('one/package.json', {});
    await write(
      'one/a.spec.js',
      `test('a', () => {}); test('b', () => { throw new Error(); }); test.skip('c', () => {});`,
    );
    await write('one/b.spec.js', `throw new Error('cannot be loaded');`);
    await write(
      'one/jest.config.js',
      `module.exports = { reporters: ['<rootDir>/../tools/jest-reporter.mjs'] };`,
    );
    const jest = join(checkout, 'node_modules/jest/bin/jest.js');
    const cwd = join(root, 'one');
    await once(spawn(process.execPath, [jest, '--runInBand'], { cwd, stdio: 'ignore' }), 'exit');
    expect(JSON.parse(await read('one/test-results/jest.json'))).toEqual({
      passed: 1,
      failed: 2,
      skipped: ['a.spec.js: c'],
    });
  });
});

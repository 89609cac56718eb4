import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { silent } from '../../testing/logger.js';
import { parseConfiguration } from '../../transport/configuration.js';
import { accessSettings, callersOf } from './configuration.js';

const MAIN = fileURLToPath(new URL('../../dist/http/access/access.main.js', import.meta.url));

async function access(...argv: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: child.exitCode, stdout, stderr };
}

let dir: string;
let file: string;
let jwks: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'access-'));
  file = join(dir, 'key.json');
  jwks = (await access('signing-key', file)).stdout.trim().replace('AUTH_JWKS=', '');
});
afterAll(() => rm(dir, { recursive: true }));

const whoAsks = (credential: string, more: Record<string, string> = {}) => {
  const settings = { AUTH_ISSUER: 'https://shop.example', AUTH_JWKS: jwks, ...more };
  const callers = callersOf(parseConfiguration(z.object(accessSettings), settings), silent);
  return callers.identify({}, `Bearer ${credential}`);
};

it('makes a key that only its owner can read, and says by what its tokens are known', async () => {
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const { d } = JSON.parse(await readFile(file, 'utf8')) as { d: string };
  expect(jwks).not.toContain(d);
  expect((await access('signing-key', file)).code).toBe(1);
});

it('makes tokens that the three sides believe', async () => {
  const who = ['--issuer', 'https://shop.example', '--subject', 'jane', '--role', 'admin'];
  const { stdout } = await access('token', file, ...who);
  expect(await whoAsks(stdout.trim())).toMatchObject({ actor: { kind: 'operator', subject: 'jane' } });
});

it('makes keys of services, of which the file holds no secret', async () => {
  const { stdout } = await access('api-key', 'checkout', '--scope', 'orders:write', '--days', '1');
  const { key, kept } = JSON.parse(stdout) as { key: string; kept: object };
  const keys = join(dir, 'api-keys.json');
  await writeFile(keys, JSON.stringify({ keys: [kept] }));
  expect(await whoAsks(key, { API_KEYS_FILE: keys })).toMatchObject({
    ...{ actor: { kind: 'service', subject: 'checkout' }, scopes: ['orders:write'] },
  });
});

it.each([
  [['nothing']],
  [[]],
  [['token', 'file']],
  [['token', 'file', '--issuer', 'i', '--subject', 's', '--role', 'king']],
  [['api-key', 'checkout']],
  [['api-key', 'checkout', '--scope', 'all']],
  [['api-key', 'checkout', '--scope', 'orders:read', '--days', '0']],
  [['signing-key', 'one', 'two']],
])('%j is wrong usage', async (argv) => {
  expect(await access(...argv)).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/^[^\n]+\n/),
  });
});

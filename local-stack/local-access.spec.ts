import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { callersOf, accessSettings } from '@orders/shared-events/http/access/configuration.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { parseConfiguration } from '@orders/shared-events/transport/configuration.js';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type LocalAccess, localAccess } from './local-access.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'local-access-'));
});
afterEach(() => rm(dir, { recursive: true }));

const whoIs = ({ environment }: LocalAccess, token: string) => {
  const settings = parseConfiguration(z.object(accessSettings), environment);
  return callersOf(settings, silent).identify({}, `Bearer ${token}`);
};

it('makes a token of each role, which the application believes', async () => {
  const access = await localAccess(dir);
  for (const [role, token] of Object.entries<string>({ ...access.tokens }))
    expect(await whoIs(access, token)).toMatchObject({
      ...{ roles: [role], actor: { subject: `demo-${role}` } },
    });
});

it('keeps its key, so that tokens of before still count after the next start', async () => {
  const before = await localAccess(dir);
  const after = await localAccess(dir);
  expect(await readdir(dir)).toEqual(['access-key.json']);
  expect(await whoIs(after, before.tokens.admin)).toMatchObject({ roles: ['admin'] });
});

it('lets nobody else read the key', async () => {
  await localAccess(dir);
  expect((await stat(join(dir, 'access-key.json'))).mode & 0o777).toBe(0o600);
});

it('makes another key in the place of half a one', async () => {
  await writeFile(join(dir, 'access-key.json'), '{"kty":');
  const access = await localAccess(dir);
  expect(await whoIs(access, access.tokens.customer)).toMatchObject({ roles: ['customer'] });
});

it('gives the application no key that signs', async () => {
  const { environment } = await localAccess(dir);
  expect(JSON.parse(environment.AUTH_JWKS)).toEqual({
    keys: [expect.not.objectContaining({ d: expect.anything() })],
  });
});

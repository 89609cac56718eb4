import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silent } from '../../testing/logger.js';
import { ApiKeys, newApiKey } from './api-keys.js';
import { Authenticator } from './authenticator.js';
import { Unauthenticated } from './refusals.js';

let dir: string;
let file: string;
let clock: number;
let errors: unknown[];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'api-keys-'));
  file = join(dir, 'keys.json');
  [clock, errors] = [Date.parse('2026-06-01T00:00:00Z'), []];
});
afterEach(() => rm(dir, { recursive: true }));

const shop = newApiKey('shop', ['orders:read', 'orders:write'], '2027-01-01T00:00:00Z');
const old = newApiKey('old', ['orders:read'], '2026-05-01T00:00:00Z');
const logger = { ...silent, error: (fields: unknown) => void errors.push(fields) };
let written = 0;
async function keep(text: string): Promise<void> {
  await writeFile(file, text);
  // Files of one moment look the same.
  await utimes(file, new Date(), new Date(Date.now() + 1_000 * written++));
}
const kept = (...keys: readonly { kept: object }[]) =>
  keep(JSON.stringify({ keys: keys.map((key) => key.kept) }));
const keys = () => new ApiKeys(file, logger, () => clock);
const noTokens = { verify: () => Promise.reject(new Unauthenticated('no token')) };

it('a key tells which service it is and what it may do, and is not in the file', async () => {
  await kept(shop);
  expect(keys().find(shop.key)).toEqual({
    actor: { kind: 'service', subject: 'shop' },
    ...{ roles: [], scopes: ['orders:read', 'orders:write'], expiresAt: Date.parse('2027-01-01T00:00:00Z') },
  });
  expect(JSON.stringify(shop.kept)).not.toContain(shop.key.split('_').at(-1));
});

it('another secret under its name is nobody', async () => {
  await kept(shop);
  const forged = newApiKey('shop', ['orders:read'], '2027-01-01T00:00:00Z');
  for (const key of [forged.key, old.key, `${shop.key}x`, shop.key.slice(0, -1), 'ok_shop_', ''])
    expect(keys().find(key)).toBeUndefined();
});

it('one that has expired is refused', async () => {
  await kept(shop, old);
  const authenticator = new Authenticator(noTokens, keys(), () => clock);
  await authenticator.authenticate(`Bearer ${shop.key}`);
  await expect(authenticator.authenticate(`Bearer ${old.key}`)).rejects.toThrow(
    new Unauthenticated('the token or key has expired'),
  );
});

it('one that is taken out of the file counts no more, and a new one does, without a restart', async () => {
  await kept(shop);
  const running = keys();
  const next = newApiKey('next', ['orders:read'], '2027-01-01T00:00:00Z');
  await kept(next);
  clock += 6_000;
  expect([running.find(shop.key), running.find(next.key)?.actor.subject]).toEqual([undefined, 'next']);
});

it('a file that becomes unreadable changes nothing, and is told', async () => {
  await kept(shop);
  const running = keys();
  await keep('{');
  clock += 6_000;
  expect(running.find(shop.key)).toBeDefined();
  expect(errors).toHaveLength(1);
});

it.each(['', '{}', '{"keys":[{"id":"shop"}]}', '{"keys":[],"more":1}'])(
  'a file with %j is none to begin with',
  async (text) => {
    await keep(text);
    expect(keys).toThrow();
  },
);

it('without a file there is no service', () => {
  expect(new ApiKeys(undefined, logger).find(shop.key)).toBeUndefined();
});

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { webhookSecret } from './webhook-secret.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'webhook-secret-'));
});
afterEach(() => rm(dir, { recursive: true }));

test('a data folder has one secret, and keeps it', async () => {
  const secret = await webhookSecret(dir);
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  expect(await webhookSecret(dir)).toBe(secret);
  expect(await readdir(dir)).toEqual(['payment-webhook-secret']);
});

test('another data folder has another, also one that there is not yet', async () =>
  expect(await webhookSecret(join(dir, 'other'))).not.toBe(await webhookSecret(dir)));

test('nobody else can read it', async () => {
  await webhookSecret(dir);
  expect((await stat(join(dir, 'payment-webhook-secret'))).mode & 0o777).toBe(0o600);
});

test('half of one, of a disk that was full, is none', async () => {
  await writeFile(join(dir, 'payment-webhook-secret'), 'abc');
  expect(await webhookSecret(dir)).toMatch(/^[0-9a-f]{64}$/);
});

import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const WHOLE = /^[0-9a-f]{64}$/;

/**
 * What the simulated provider of this data folder signs its webhooks with: made at the first start, and kept, because
 * what it still has to tell may be told after the next one. Readable by its owner only.
 */
export async function webhookSecret(dir: string): Promise<string> {
  const file = join(dir, 'payment-webhook-secret');
  const kept = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (WHOLE.test(kept)) return kept;
  const secret = randomBytes(32).toString('hex');
  await mkdir(dir, { recursive: true });
  await writeFile(file, `${secret}\n`, { mode: 0o600 });
  return secret;
}

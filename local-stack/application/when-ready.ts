import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

const POLL_MS = 25;
/** Less than whoever started the process waits for it: so it is told what did not come. */
const DEADLINE_MS = 50_000;
/** Each of the things that are looked at has three seconds. */
const ANSWER_MS = 10_000;

export class NotReady extends Error {
  override readonly name = 'NotReady';
}

const Health = z.object({
  error: z.record(z.string(), z.object({ message: z.unknown().optional() }).loose()).default({}),
});

/**
 * Resolves once the health check answers 200, which takes as long as the read models need to catch up. Throws NotReady
 * with what is still missing.
 */
export async function whenReady(url: string, deadlineMs = DEADLINE_MS): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const missing = await missingAt(url).catch(String);
    if (missing === undefined) return;
    if (performance.now() > deadline)
      throw new NotReady(`not ready within ${deadlineMs / 1_000} s: ${missing}`);
    await delay(POLL_MS);
  }
}

/** What is not there, as the health check names it; undefined where all is. */
async function missingAt(url: string): Promise<string | undefined> {
  const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
  const { error } = Health.parse(await response.json());
  if (response.ok) return undefined;
  return Object.entries(error)
    .map(([name, { message }]) => (typeof message === 'string' ? `${name} (${message})` : name))
    .join(', ');
}

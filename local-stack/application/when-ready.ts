import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 25;

/** Resolves once the health check answers 200, which takes as long as the read models need to catch up. */
export async function whenReady(url: string): Promise<void> {
  for (;;) {
    const response = await fetch(url);
    await response.body?.cancel();
    if (response.ok) return;
    await delay(POLL_MS);
  }
}

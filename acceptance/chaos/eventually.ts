import { sleep } from '@orders/shared-events/transport/waiting.js';

const LOOK_EVERY_MS = 100;

/** Resolves when it holds. Rejects after the deadline with `what` was waited for. */
export async function eventually(
  what: string,
  deadlineMs: number,
  holds: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${deadlineMs / 1000} s: ${what}`);
    await sleep(LOOK_EVERY_MS);
  }
}

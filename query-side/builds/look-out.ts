import { sleep } from '@orders/shared-events/transport/waiting.js';
import type { PositionFeed } from '../feed/position-feed.js';

type Feed = Pick<PositionFeed, 'onBuilds'>;

/** What is not announced, such as a builder that was killed, is found out after so long. */
const LOOK_EVERY_MS = 2_000;

/** Has `look` called when something happens to the builds, and every two seconds. Returns how to end that. */
export function lookOut(feed: Feed, look: () => void): () => void {
  const timer = setInterval(look, LOOK_EVERY_MS);
  const off = feed.onBuilds(look);
  return () => {
    clearInterval(timer);
    off();
  };
}

/** Until something happens to the builds, but no longer than so many milliseconds, or the signal's abort. */
export async function pause(feed: Feed, ms: number, signal: AbortSignal): Promise<void> {
  const happened = new AbortController();
  const off = feed.onBuilds(() => happened.abort());
  await sleep(ms, AbortSignal.any([signal, happened.signal]));
  off();
}

import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { EventLog } from './event-log.js';
import { AllFeed, type Feed, StreamFeed } from './feed.js';
import type { Shown } from './links.js';
import type { ReadRequest } from './read-request.js';
import { caughtUp, confirmation, fellBehind, type Responses } from './responses.js';
import type { Watchers } from './watchers.js';

/** A live reader that takes its events this far behind the end is told that it is catching up again. */
const LIVE_LAG = 512;

/**
 * Confirmation, then all that is there, then CaughtUp, then what comes: until the client goes, or the
 * stream is tombstoned. A stream that does not exist yet is waited for.
 */
export async function subscribe(
  log: EventLog,
  watchers: Watchers,
  responses: Responses,
  { stream, from, filter }: ReadRequest,
  shown: Shown,
): Promise<void> {
  const feed =
    stream === undefined ? new AllFeed(log, from, filter, shown) : new StreamFeed(log, stream, from, shown);
  const news = new News(responses.closed);
  const stopWatching = watchers.watch(stream, () => news.arrive());
  try {
    responses.send(confirmation(randomUUID()));
    for (let live = false; !responses.closed.aborted; await news.next()) {
      live = await sendPending(feed, responses, live);
      if (!live) responses.send(caughtUp());
      live = true;
    }
  } finally {
    stopWatching();
  }
}

/** Whether the reader has stayed live throughout. */
async function sendPending(feed: Feed, responses: Responses, live: boolean): Promise<boolean> {
  let stillLive = live;
  for (const page of feed.pending(live)) {
    for (const response of page) {
      if (!responses.send(response)) await responses.drained();
      if (responses.closed.aborted) return stillLive;
    }
    if (stillLive && feed.lag() > LIVE_LAG) {
      responses.send(fellBehind());
      stillLive = false;
    }
    await setImmediate(); // others get their turn during a long scan
  }
  return stillLive;
}

/** Remembers that something came while nobody was waiting for it. */
class News {
  private arrived = false;
  private wake: (() => void) | undefined;

  constructor(private readonly closed: AbortSignal) {
    closed.addEventListener('abort', () => this.arrive());
  }

  arrive(): void {
    this.arrived = true;
    this.wake?.();
  }

  async next(): Promise<void> {
    if (!this.arrived && !this.closed.aborted) await new Promise<void>((resolve) => (this.wake = resolve));
    this.arrived = false;
    this.wake = undefined;
  }
}

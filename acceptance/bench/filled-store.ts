import { mkdir, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Appender } from '@orders/local-stack/event-store/appender.js';
import { EventLog } from '@orders/local-stack/event-store/event-log.js';
import type { ProposedEvent } from '@orders/local-stack/event-store/recorded-event.js';
import { proposedEvent } from './small-event.js';

export const EVENTS_PER_STREAM = 10;
/** Appended together: as much as the store takes into one commit. */
const STREAMS_AT_ONCE = 1_000;
/** A little more than an event takes. */
const BYTES_PER_EVENT = 600;

export const filledStream = (number: number): string => `order-${String(number).padStart(7, '0')}`;

/**
 * Makes a store in that folder which holds so many events, in streams of ten: with the store's own appends, thousands
 * to a commit and without a client. Throws where the disk has no room for them.
 */
export async function fillStore(dir: string, events: number): Promise<void> {
  await checkRoom(dirname(dir), events * BYTES_PER_EVENT);
  await makeStore(dir, async (append) => {
    const streams = events / EVENTS_PER_STREAM;
    for (let from = 0; from < streams; from += STREAMS_AT_ONCE) {
      const count = Math.min(STREAMS_AT_ONCE, streams - from);
      const names = Array.from({ length: count }, (_, index) => filledStream(from + index));
      const events = () => Array.from({ length: EVENTS_PER_STREAM }, proposedEvent);
      await Promise.all(names.map((name) => append(name, events())));
    }
  });
}

/** Makes the events a new stream of the store. Throws where there is one of that name. */
type MakeStream = (stream: string, events: readonly ProposedEvent[]) => Promise<void>;

/** Makes a store in that folder, without a node, with what is appended to it meanwhile. */
export async function makeStore(dir: string, fill: (append: MakeStream) => Promise<void>): Promise<void> {
  await mkdir(dir);
  const log = EventLog.open(dir);
  const ignored = () => undefined;
  const appender = new Appender(log, ignored, ignored); // whoever submits hears of a fault, too
  try {
    await fill(async (stream, events) => {
      const outcome = await appender.submit({ kind: 'append', stream, expected: 'no_stream', events });
      if (outcome.kind !== 'done') throw new Error(`${stream}: ${outcome.kind}`);
    });
  } finally {
    await appender.stop();
    await log.close();
  }
}

async function checkRoom(dir: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dir);
  if (bavail * bsize < bytes) {
    const gib = (amount: number) => (amount / 2 ** 30).toFixed(1);
    throw new Error(`the disk has ${gib(bavail * bsize)} GiB left, and ${gib(bytes)} are needed`);
  }
}

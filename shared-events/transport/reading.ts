import { type EventStoreDBClient, StreamNotFoundError } from '@eventstore/db-client';
import type { RecordedEvent } from '../contracts/envelope.js';
import { type ResolvedLogEvent, recorded } from './recorded.js';
import type { Call } from './reading-client.js';
import { NoAnswer } from './waiting.js';

type Reading = ReturnType<EventStoreDBClient['readAll']> | ReturnType<EventStoreDBClient['readStream']>;
export type Open = (client: EventStoreDBClient) => Reading;

/**
 * The events of a read; nothing for a missing stream. Throws NoAnswer where the next one, or the end, does not come
 * within `deadlineMs`: a deadline that it is given with a read the driver ignores.
 */
export async function* eventsOf(call: Call, open: Open, deadlineMs: number): AsyncGenerator<RecordedEvent> {
  const reading = open(call.client);
  let isAwaited = true;
  let isOver = false;
  const late = setTimeout(() => isAwaited && giveUp(reading, deadlineMs), deadlineMs);
  try {
    const all = reading.iterator({ destroyOnReturn: false }) as AsyncIterable<ResolvedLogEvent>;
    for await (const resolved of all) {
      isAwaited = false;
      call.answered();
      const event = recorded(resolved);
      if (event) yield event;
      isAwaited = true;
      late.refresh();
    }
    isOver = true;
    call.answered();
  } catch (error) {
    isOver = true;
    if (!(error instanceof StreamNotFoundError)) {
      call.failed(error);
      throw error;
    }
    call.answered();
  } finally {
    clearTimeout(late);
    if (!isOver) await leave(reading);
  }
}

function giveUp(reading: Reading, deadlineMs: number): void {
  reading.destroy(new NoAnswer(`the event store: no answer within ${deadlineMs} ms`));
  reading.cancel().catch(() => undefined);
}

/**
 * Ends a read before its end. A call whose answer nobody takes stays open in the driver for ever, and closing
 * the driver waits for it; so the rest, which the cancellation keeps short, is taken and thrown away.
 */
async function leave(reading: Reading): Promise<void> {
  reading.on('error', () => undefined);
  reading.resume();
  await reading.cancel();
}

import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { createLogger } from '@orders/shared-events/transport/observability.js';
import type { Stage } from './stage.js';

const silent = createLogger({ name: 'bench', level: 'silent' });

/** Work with the stage's event log; the connection is there only for so long, so that nothing of it is measured. */
export async function readingLog<T>(stage: Stage, work: (log: EventStore) => Promise<T>): Promise<T> {
  const log = new EventStore(stage.backEnds.EVENTSTORE_URL, silent);
  try {
    return await work(log);
  } finally {
    await log.close();
  }
}

export const headOf = (stage: Stage): Promise<bigint> => readingLog(stage, (log) => log.head());

/** All events behind a position. */
export const eventsAfter = (stage: Stage, after: bigint): Promise<RecordedEvent[]> =>
  readingLog(stage, async (log) => {
    const events: RecordedEvent[] = [];
    for await (const event of log.readAll({ after })) events.push(event);
    return events;
  });

import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import type { ForwarderReplayEvent } from '@orders/shared-events/contracts/forwarderReplay.events.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import { TOLD_STREAMS } from './forwarder.js';
import { type Announcement, translate } from './translation.js';

export type Stretch = Pick<
  Extract<ForwarderReplayEvent, { type: 'ForwarderReplayRequested' }>['data'],
  'from' | 'upTo' | 'routingKeys'
>;

/** What was to be told of a run of events, and up to where the log was considered. */
export interface Told {
  readonly announcements: readonly Announcement[];
  readonly position: bigint;
}

const MOST_A_BATCH = 200;

/**
 * What the outside was told of a stretch of the log, from behind a position on. By a moment, the log is read from its
 * beginning: it knows no times. What cannot be told was not, and is not.
 *
 * @param after the last position that was considered before; undefined: none
 */
export async function* toldIn(
  log: Pick<EventStore, 'subscribe' | 'eventAt'>,
  { from, upTo, routingKeys }: Stretch,
  after: bigint | undefined,
  signal: AbortSignal,
): AsyncGenerator<Told> {
  const [end, keys] = [BigInt(upTo), new Set<string>(routingKeys)];
  const since = 'time' in from ? Date.parse(from.time) : -Infinity;
  const isMeant = ({ position, recordedAt }: RecordedEvent) =>
    position <= end && recordedAt.getTime() >= since;
  const toldOf = (events: readonly RecordedEvent[]) =>
    events
      .filter(isMeant)
      .flatMap((event) => announced(event) ?? [])
      .filter(({ routingKey }) => keys.has(routingKey));

  let begin = after;
  if ('position' in from && after === undefined) {
    begin = BigInt(from.position);
    const first = await log.eventAt(begin);
    if (first) yield { announcements: toldOf([first]), position: begin };
  }
  const options = {
    name: 'replay of integration events',
    after: begin,
    prefixes: TOLD_STREAMS,
    maxBatch: MOST_A_BATCH,
  };
  for await (const { events, position, caughtUp } of log.subscribe({ ...options, signal })) {
    yield { announcements: toldOf(events), position: position < end ? position : end };
    if (position >= end || caughtUp) return;
  }
}

function announced(event: RecordedEvent): Announcement | undefined {
  try {
    return translate(event);
  } catch {
    return undefined;
  }
}

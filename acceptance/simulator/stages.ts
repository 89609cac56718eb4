import type { StageDurations } from '@orders/process-managers/order-process/deadlines.js';
import { type Tracked, ownEvent, track } from '@orders/process-managers/tracked.js';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import type { OrderProcessEvent } from '@orders/shared-events/contracts/orderProcess.events.js';
import type { EventLog } from './event-log.js';

type DeadlinePassed = Extract<OrderProcessEvent, { type: 'OrderProcessDeadlinePassed' }>['data'];

/**
 * By how many milliseconds a deadline stands in the log before the stage's time is over, by the true time; none where it
 * does not. A customer has as long as the provider named.
 */
export function tooEarlyBy(
  { streamId, data, recordedAt }: RecordedEvent,
  log: EventLog,
  durations: StageDurations,
): number {
  const { stage, generation } = data as DeadlinePassed;
  let tracked: Tracked | undefined;
  for (const recorded of log.stream(streamId)) {
    tracked = track(tracked, ownEvent(recorded));
    const { state } = tracked;
    if (state.kind !== 'running' || state.stage !== stage || state.generation !== generation) continue;
    const { payableUntil } = state.payment;
    const isNamed = stage === 'customerAction' && payableUntil !== undefined;
    const due = recorded.recordedAt.getTime() + durations[stage];
    const over = isNamed ? Math.min(due, Date.parse(payableUntil)) : due;
    return Math.max(0, over - recordedAt.getTime());
  }
  return Infinity;
}

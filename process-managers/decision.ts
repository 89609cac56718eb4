import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { StageVisit } from './order-process/deadlines.js';
import { deadlinePassed, heard, released, started } from './own-events.js';
import type { Release } from './quarantine/release.js';
import { isStray } from './strays.js';
import { type OwnEvent, type Tracked, track } from './tracked.js';

/** What a process is told: an event from the log, that a stage took too long, or that it is out of quarantine. */
export type Turn =
  | { readonly kind: 'heard'; readonly event: RecordedEvent }
  | { readonly kind: 'deadline'; readonly deadline: StageVisit }
  | { readonly kind: 'released'; readonly release: Release };

export interface Decision {
  readonly events: readonly OwnEvent[];
  readonly after: Tracked | undefined;
  /** What belongs to nothing known. */
  readonly strays: ReadonlySet<RecordedEvent>;
  /** From the turn on that could not be dealt with, and why. */
  readonly poisoned: { readonly turns: readonly Turn[]; readonly error: unknown } | undefined;
}

/** What is to be recorded of turns that come together. Says what cannot be dealt with instead of throwing. */
export function decide(
  orderId: OrderId,
  before: Tracked | undefined,
  turns: readonly Turn[],
  now: string,
): Decision {
  const events: OwnEvent[] = [];
  const strays = new Set<RecordedEvent>();
  let after = before;
  for (const [index, turn] of turns.entries()) {
    if (turn.kind === 'heard' && isStray(turn.event, after !== undefined)) strays.add(turn.event);
    try {
      for (const event of eventsOf(orderId, turn, after, now)) {
        const next = track(after, event);
        if (next !== after) events.push(event);
        after = next;
      }
    } catch (error) {
      return { events, after, strays, poisoned: { turns: turns.slice(index), error } };
    }
  }
  return { events, after, strays, poisoned: undefined };
}

/** Whether these begin with the placement of an order. */
export const opens = ([first]: readonly Turn[]): boolean =>
  first?.kind === 'heard' && first.event.type === 'OrderPlaced';

/** What a process would record of a turn. What belongs to nothing known says nothing to it. */
function eventsOf(orderId: OrderId, turn: Turn, tracked: Tracked | undefined, now: string): OwnEvent[] {
  switch (turn.kind) {
    case 'deadline':
      return tracked ? [deadlinePassed(orderId, turn.deadline, tracked, now)] : [];
    case 'released':
      return tracked ? [released(orderId, turn.release, tracked, now)] : [];
    case 'heard': {
      if (isStray(turn.event, tracked !== undefined)) return [];
      const event = heard(orderId, turn.event, tracked, now);
      return tracked ? [event] : [started(orderId, turn.event, now), event];
    }
  }
}

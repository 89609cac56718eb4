import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import type {
  Addressed,
  CommandOf,
  EventMetadata,
  NewEvent,
  Occurred,
} from '@orders/shared-events/contracts/envelope.js';
import { eventIdOf } from '@orders/shared-events/contracts/ids.js';
import { type Decider, NOTHING_NEW, isRefused } from './decision.js';

/** A stream folded into a state. */
export interface Folded<State> {
  readonly state: State;
  /** Of the last event folded; undefined where the stream does not exist. */
  readonly revision: bigint | undefined;
  /** Log position of the last event folded, 0n where there is none. */
  readonly position: bigint;
  /** Id of the last event folded, where that was read from the log. */
  readonly eventId?: string;
  /** When the log was last asked, in milliseconds since the epoch. */
  readonly readAt: number;
}

/** A stream that exists, as the log has it. */
export type Recorded<State> = Folded<State> & { readonly revision: bigint; readonly eventId: string };

/** One command's answer. `failed`: deciding it threw, which is a bug in the decider and nobody else's business. */
export type Answer<State, Event, Refusal> =
  | { readonly events: readonly Event[]; readonly state: State }
  | { readonly refused: Refusal }
  | { readonly failed: unknown };

/** What a batch comes to: an answer for each command, and all events in order for one append. */
export interface Decided<State, Event, Refusal> {
  readonly answers: readonly Answer<State, Event, Refusal>[];
  readonly events: readonly NewEvent[];
  readonly state: State;
}

/**
 * Decides commands in order, each on the state that the ones before it lead to. A copy of one that has happened among
 * them has nothing to do: what it was about may be forgotten by then, and its events would have the same ids.
 */
export function decideAll<
  State,
  Command extends CommandOf<string, unknown>,
  Event extends DomainEvent,
  Refusal,
>(
  decider: Decider<State, Command, Event, Refusal>,
  commands: readonly Addressed<Command>[],
  from: Folded<State>,
  now: Date,
): Decided<State, Event, Refusal> {
  const occurredAt = now.toISOString();
  const answers: Answer<State, Event, Refusal>[] = [];
  const events: NewEvent[] = [];
  const happened = new Set<string>();
  let { state } = from;
  for (const addressed of commands) {
    try {
      const decision = happened.has(addressed.commandId)
        ? NOTHING_NEW
        : decider.decide({ ...addressed.command, now: occurredAt }, state);
      if (isRefused(decision)) {
        answers.push(decision);
        continue;
      }
      const stamped = decision.map((event, index) => stamp(decider, addressed, event, index, occurredAt));
      state = decision.reduce((folded, event) => decider.evolve(folded, { ...event, occurredAt }), state);
      events.push(...stamped);
      if (stamped.length > 0) happened.add(addressed.commandId);
      answers.push({ events: decision, state });
    } catch (failed) {
      answers.push({ failed });
    }
  }
  return { answers, events, state };
}

/** The shape is checked before it is written: one event that cannot be read stops every reader of the log. */
function stamp<State, Command, Event extends DomainEvent, Refusal>(
  { events }: Decider<State, Command, Event, Refusal>,
  { commandId, origin }: Addressed<Command>,
  event: Occurred<Event> | Event,
  index: number,
  occurredAt: string,
): NewEvent {
  const type: Event['type'] = event.type;
  const metadata: EventMetadata = {
    $correlationId: origin.correlationId,
    $causationId: origin.causationId,
    commandId,
    actor: origin.actor,
    ...(origin.reason === undefined ? {} : { reason: origin.reason }),
    occurredAt,
    schemaVersion: events[type].version,
    ...(origin.traceparent === undefined ? {} : { traceparent: origin.traceparent }),
  };
  return { id: eventIdOf(commandId, index), type, data: events[type].current.parse(event.data), metadata };
}

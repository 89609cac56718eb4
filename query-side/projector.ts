import {
  type Decoded,
  type DomainEvent,
  type EventType,
  decode,
} from '@orders/shared-events/contracts/catalogue.js';
import type { EventMetadata, RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import type { Change, Table } from './read-models/table.js';

export type DataOf<Type extends EventType> = Extract<DomainEvent, { readonly type: Type }>['data'];

/** Where, when and by whom an event was written. */
export interface Happening {
  readonly recorded: RecordedEvent;
  readonly metadata: EventMetadata;
  readonly position: bigint;
  /** RFC 3339, by the clock of whoever decided. */
  readonly occurredAt: string;
}

export type Handler<Type extends EventType> = (data: DataOf<Type>, happening: Happening) => readonly Change[];

/** An entry for every event of the catalogue: what changes nothing says `[]`. */
export type Handlers = { readonly [Type in EventType]: Handler<Type> | readonly [] };

/** What order processes and operators record of their own: of the read models only the audit log shows it. */
export const ofProcesses = {
  OrderProcessStarted: [],
  OrderProcessHeard: [],
  OrderProcessDeadlinePassed: [],
  OrderProcessPaused: [],
  OrderProcessResumed: [],
  OrderProcessRetried: [],
  OrderProcessCompensationForced: [],
  OrderProcessInterventionResolved: [],
  OrderProcessReleased: [],
  QuarantineReleaseRequested: [],
  DeadLettersRequeued: [],
  DeadLettersDiscarded: [],
  ForwarderReplayRequested: [],
  ForwarderReplayStopped: [],
} as const satisfies Partial<Handlers>;

/** Pure: an event in, changes of rows out. It never reads a row. */
export interface Projector {
  readonly name: string;
  /** Raised whenever the same events would make other rows: it names another build. */
  readonly version: number;
  readonly tables: readonly Table[];
  readonly on: Handlers;
}

/**
 * The log holds what this build cannot read: it was written by a newer version, or is damaged. A projection
 * stops there; skipping would leave rows that no replay of the log gives.
 */
export class UnreadableEvent extends Error {
  override readonly name = 'UnreadableEvent';

  constructor(event: RecordedEvent, cause: unknown) {
    const reason = cause instanceof Error ? cause.name : 'unknown';
    super(
      `event ${event.type} (${event.streamId}@${event.revision}, position ${event.position}) cannot be read (${reason}): ` +
        'it was written by a newer version, or is damaged',
      { cause },
    );
  }
}

/** All changes that a run of events asks of all projectors, in log order. Throws UnreadableEvent. */
export function* changesOf(
  projectors: readonly Projector[],
  events: readonly RecordedEvent[],
): Generator<Change> {
  for (const recorded of events) {
    const event = read(recorded);
    const happening = {
      recorded,
      metadata: event.metadata,
      position: recorded.position,
      occurredAt: event.occurredAt,
    };
    for (const projector of projectors) yield* dispatch(projector.on, event, happening);
  }
}

function read(recorded: RecordedEvent): Decoded {
  try {
    return decode(recorded);
  } catch (error) {
    throw new UnreadableEvent(recorded, error);
  }
}

function dispatch(on: Handlers, event: DomainEvent, happening: Happening): readonly Change[] {
  // The compiler loses that the handler under a type takes the data of that type; `Handlers` says so.
  const handler = on[event.type] as
    ((data: DomainEvent['data'], happening: Happening) => readonly Change[]) | [];
  return typeof handler === 'function' ? handler(event.data, happening) : handler;
}

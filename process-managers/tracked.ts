import { readEvent } from '@orders/shared-events/contracts/catalogue.js';
import {
  EventMetadata,
  type Occurred,
  type Origin,
  type RecordedEvent,
} from '@orders/shared-events/contracts/envelope.js';
import type { OrderProcessEvent } from '@orders/shared-events/contracts/orderProcess.events.js';
import { definitionFor, definitionOf } from './order-process/definitions.js';
import type { OrderProcess } from './order-process/order-process.js';
import type { OutstandingCommand } from './order-process/outstanding.js';

/** A process and what its stream says besides: how long it is, and where its commands come from. */
export interface Tracked {
  readonly state: OrderProcess;
  /** Of the last event in the process's stream. */
  readonly revision: bigint;
  readonly startedAt: string;
  readonly stageBegan: StageBegan;
  /** Correlation of the order's placement; caused by the event that was heard last. */
  readonly origin: Origin;
}

/** The event of the process's stream that began its stage. */
export interface StageBegan {
  readonly revision: bigint;
  /**
   * By how much the log's clock is ahead of the clock of whoever recorded it, in milliseconds. Undefined where it was
   * not read from the log.
   */
  readonly logAheadMs: number | undefined;
}

/** By how much the log's clock is ahead of the clock of whoever recorded an event. Milliseconds. */
export const logAheadOf = ({ occurredAt }: Pick<EventMetadata, 'occurredAt'>, recordedAt: Date): number =>
  recordedAt.getTime() - Date.parse(occurredAt);

/** An event of a process's own stream, read or about to be appended. */
export interface OwnEvent {
  readonly id: string;
  readonly event: OrderProcessEvent;
  readonly metadata: EventMetadata;
}

export const PROCESS_ACTOR = { kind: 'system', subject: 'order-process' } as const;

/** Throws ZodError, UnknownEventType or UnknownVersion for what is no event of a process, or a newer one. */
export function ownEvent(recorded: RecordedEvent): OwnEvent {
  const metadata = EventMetadata.parse(recorded.metadata);
  const event = readEvent(recorded.type, metadata.schemaVersion, recorded.data);
  if (!isOfProcess(event)) throw new Error(`${recorded.type} in ${recorded.streamId}`);
  return { id: recorded.id, event, metadata };
}

const isOfProcess = (event: { readonly type: string }): event is OrderProcessEvent =>
  event.type.startsWith('OrderProcess');

/**
 * Adds an event to what is known of its process. Answers with the same object where it changed nothing.
 *
 * @param recordedAt by the log's clock, where it was read from there
 */
export function track(
  tracked: Tracked | undefined,
  { id, event, metadata }: OwnEvent,
  recordedAt?: Date,
): Tracked {
  const occurred: Occurred<OrderProcessEvent> = { ...event, occurredAt: metadata.occurredAt };
  const state = definitionFor(tracked?.state, event).evolve(tracked?.state, occurred);
  if (tracked && state === tracked.state) return tracked;
  const revision = (tracked?.revision ?? -1n) + 1n;
  const logAheadMs = recordedAt && logAheadOf(metadata, recordedAt);
  const isSame = tracked && generationOf(tracked.state) === generationOf(state);
  return {
    state,
    revision,
    startedAt: tracked?.startedAt ?? metadata.occurredAt,
    stageBegan: isSame ? tracked.stageBegan : { revision, logAheadMs },
    origin: {
      correlationId: tracked?.origin.correlationId ?? metadata.$correlationId,
      causationId: event.type === 'OrderProcessHeard' ? event.data.eventId : id,
      actor: PROCESS_ACTOR,
      ...(metadata.traceparent === undefined ? {} : { traceparent: metadata.traceparent }),
    },
  };
}

const generationOf = (state: OrderProcess): number => (state.kind === 'running' ? state.generation : 0);

const NONE: readonly OutstandingCommand[] = [];
const known = new WeakMap<OrderProcess, readonly OutstandingCommand[]>();

/** Why an operator is asked for, where one is. */
export const interventionOf = (tracked: Tracked | undefined): string | undefined =>
  tracked?.state.kind === 'running' ? tracked.state.intervention : undefined;

/** The outstanding commands of a process. They follow from its state alone, so they are worked out once a state. */
export function outstandingOf(tracked: Tracked | undefined): readonly OutstandingCommand[] {
  if (!tracked) return NONE;
  const { state } = tracked;
  const commands = known.get(state) ?? definitionOf(state.definition).pending(state);
  known.set(state, commands);
  return commands;
}

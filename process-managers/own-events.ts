import { type EventType, currentVersion } from '@orders/shared-events/contracts/catalogue.js';
import {
  EventMetadata,
  type NewEvent,
  type Origin,
  type RecordedEvent,
} from '@orders/shared-events/contracts/envelope.js';
import {
  type CommandId,
  type OrderId,
  eventIdOf,
  logPosition,
  orderProcessStream,
  processCommandId,
} from '@orders/shared-events/contracts/ids.js';
import type { OrderProcessEvent } from '@orders/shared-events/contracts/orderProcess.events.js';
import type { StageVisit } from './order-process/deadlines.js';
import type { OperatorEvent } from './order-process/operator-actions.js';
import { CURRENT_DEFINITION } from './order-process/rules.js';
import { type OperatorRequest, requestId } from './operator-request.js';
import type { Release } from './quarantine/release.js';
import { type OwnEvent, PROCESS_ACTOR, type Tracked } from './tracked.js';

/** The context of the event that makes the process record something. */
type Cause = Pick<EventMetadata, '$correlationId' | '$causationId' | 'traceparent'>;

export function started(orderId: OrderId, placed: RecordedEvent, now: string): OwnEvent {
  const event = { type: 'OrderProcessStarted', data: { orderId, definition: CURRENT_DEFINITION } } as const;
  return own(event, 'start', causeOf(placed.id, EventMetadata.parse(placed.metadata)), now);
}

/** What was heard, as it stands in the log. The correlation stays that of the order's placement. */
export function heard(
  orderId: OrderId,
  { id, type, position, data, metadata }: RecordedEvent,
  tracked: Tracked | undefined,
  now: string,
): OwnEvent {
  const parsed = EventMetadata.parse(metadata);
  const { schemaVersion, occurredAt } = parsed;
  const copy = {
    orderId,
    position: logPosition(position),
    eventId: id,
    type,
    schemaVersion,
    occurredAt,
    data: data as Record<string, unknown>,
  };
  const cause = causeOf(id, parsed);
  const $correlationId = tracked?.origin.correlationId ?? cause.$correlationId;
  return own(
    { type: 'OrderProcessHeard', data: copy },
    `hear:${position}`,
    { ...cause, $correlationId },
    now,
  );
}

export function deadlinePassed(
  orderId: OrderId,
  { stage, generation }: StageVisit,
  { origin }: Tracked,
  now: string,
): OwnEvent {
  const event = { type: 'OrderProcessDeadlinePassed', data: { orderId, stage, generation } } as const;
  return own(event, `deadline:${generation}`, causedAsBefore(origin), now);
}

/** Out of quarantine: an operator's request is the cause, and tells who and why. */
export function released(
  orderId: OrderId,
  { from, request }: Release,
  { origin }: Tracked,
  now: string,
): OwnEvent {
  const event = { type: 'OrderProcessReleased', data: { orderId, from: logPosition(from) } } as const;
  if (!request) return own(event, `release:${from}`, causedAsBefore(origin), now);
  const { actor, reason, traceparent } = EventMetadata.parse(request.metadata);
  const cause = { ...causedAsBefore(origin), $causationId: request.id, ...(traceparent && { traceparent }) };
  const recorded = own(event, `release:${from}`, cause, now);
  return { ...recorded, metadata: { ...recorded.metadata, actor, ...(reason && { reason }) } };
}

/** What an operator did. Its id is that of the request, whenever that comes. The correlation is the request's own. */
export function operated(event: OperatorEvent, request: OperatorRequest, now: string): OwnEvent {
  const commandId = requestId(orderProcessStream(event.data.orderId), request);
  return { id: eventIdOf(commandId, 0), event, metadata: metadataOf(request, commandId, event.type, now) };
}

export function metadataOf(
  { actor, reason, context }: OperatorRequest,
  commandId: CommandId,
  type: EventType,
  now: string,
): EventMetadata {
  const { correlationId: $correlationId, traceparent } = context;
  const request = { $correlationId, traceparent, $causationId: commandId, commandId, actor, reason };
  return { ...request, occurredAt: now, schemaVersion: currentVersion(type) };
}

const causedAsBefore = ({ correlationId, causationId, traceparent }: Origin): Cause => ({
  $correlationId: correlationId,
  $causationId: causationId,
  ...(traceparent === undefined ? {} : { traceparent }),
});

export const toAppend = ({ id, event, metadata }: OwnEvent): NewEvent => ({
  id: id as NewEvent['id'],
  type: event.type,
  data: event.data,
  metadata,
});

const causeOf = ($causationId: string, { $correlationId, traceparent }: EventMetadata): Cause => ({
  $correlationId,
  $causationId,
  ...(traceparent === undefined ? {} : { traceparent }),
});

/**
 * The instant is part of the id: two instances that record the same at different times write different events,
 * so that the second is told of a conflict and reads what the first one wrote.
 */
function own(event: OrderProcessEvent, step: string, cause: Cause, now: string): OwnEvent {
  const stream = orderProcessStream(event.data.orderId);
  const commandId = processCommandId(stream, `${step}@${now}`, stream, 0);
  const schemaVersion = currentVersion(event.type);
  return {
    id: eventIdOf(commandId, 0),
    event,
    metadata: { ...cause, commandId, actor: PROCESS_ACTOR, occurredAt: now, schemaVersion },
  };
}

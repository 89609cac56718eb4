/**
 * What operators ask for that belongs to no order: one event in a stream of its own, whose name is made of the caller's
 * key. So a request is made once, whichever instance is asked and however often. Who does what is asked for follows those
 * streams, as everything else follows the log.
 */
import {
  EventMetadata,
  type NewEvent,
  type RecordedEvent,
} from '@orders/shared-events/contracts/envelope.js';
import {
  CommandId,
  type RequestCategory,
  type StreamName,
  eventIdOf,
  requestStream,
} from '@orders/shared-events/contracts/ids.js';
import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import { type OperatorRequest, wasAskedBy } from './operator-request.js';
import { metadataOf } from './own-events.js';

export type RequestLog = Pick<EventStore, 'append' | 'readStream'>;

/** An event in the stream of a request. */
export interface Requested {
  readonly stream: StreamName;
  readonly event: NewEvent;
}

/** What was asked for under that id before. */
export async function requestedBefore(
  log: RequestLog,
  category: RequestCategory,
  requestId: string,
): Promise<Requested | undefined> {
  const stream = requestStream(category, requestId);
  for await (const recorded of log.readStream(stream, 0n, 1)) return { stream, event: writtenAs(recorded) };
  return undefined;
}

const writtenAs = ({ id, type, data, metadata }: RecordedEvent): NewEvent =>
  ({ id, type, data, metadata: EventMetadata.parse(metadata) }) as NewEvent;

/** The request's first event, as it is to be appended. */
export function firstOf(
  category: RequestCategory,
  requestId: string,
  { type, data }: Pick<DomainEvent, 'type' | 'data'>,
  request: OperatorRequest,
  now: string,
): Requested {
  const commandId = CommandId.parse(requestId);
  return {
    stream: requestStream(category, requestId),
    event: { id: eventIdOf(commandId, 0), type, data, metadata: metadataOf(request, commandId, type, now) },
  };
}

/** Whether two requests say the same, whenever they were made. */
export const isSameRequest = (one: Requested, other: Requested): boolean =>
  one.event.type === other.event.type && wasAskedBy(one.event.metadata, other.event.metadata);

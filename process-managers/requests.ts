/**
 * What operators ask for that belongs to no order: one event in a stream of its own, whose name is made of the caller's
 * key. So a request is made once, whichever instance is asked and however often. Who does what is asked for follows those
 * streams, as everything else follows the log.
 */
import { EventMetadata, type NewEvent } from '@orders/shared-events/contracts/envelope.js';
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

/** An event of an operator, as it stands in the log or is to be appended. */
export interface Requested {
  readonly stream: StreamName;
  readonly revision: bigint;
  readonly event: NewEvent;
}

/** What an operator has recorded in a stream from a revision on, in its order. */
export async function requestedIn(
  log: Pick<RequestLog, 'readStream'>,
  stream: StreamName,
  fromRevision = 0n,
  maxCount?: number,
): Promise<Requested[]> {
  const found: Requested[] = [];
  for await (const { id, type, data, metadata, revision } of log.readStream(stream, fromRevision, maxCount)) {
    const event = { id, type, data, metadata: EventMetadata.parse(metadata) } as NewEvent;
    found.push({ stream, revision, event });
  }
  return found;
}

/** What was asked for under that id before. */
export async function requestedBefore(
  log: Pick<RequestLog, 'readStream'>,
  category: RequestCategory,
  requestId: string,
): Promise<Requested | undefined> {
  return (await requestedIn(log, requestStream(category, requestId), 0n, 1))[0];
}

/** The request's first event, as it is to be appended. */
export function firstOf(
  category: RequestCategory,
  requestId: string,
  { type, data }: Pick<DomainEvent, 'type' | 'data'>,
  request: OperatorRequest,
  now: string,
): Requested {
  const at = { stream: requestStream(category, requestId), revision: 0n };
  return requestedAt(at, CommandId.parse(requestId), { type, data }, request, now);
}

/** What a request records at a revision of a stream, as it is to be appended. */
export function requestedAt(
  at: Pick<Requested, 'stream' | 'revision'>,
  commandId: CommandId,
  { type, data }: Pick<DomainEvent, 'type' | 'data'>,
  request: OperatorRequest,
  now: string,
): Requested {
  const metadata = metadataOf(request, commandId, type, now);
  return { ...at, event: { id: eventIdOf(commandId, 0), type, data, metadata } };
}

export type Standing =
  | { readonly outcome: 'done' | 'repeated'; readonly requested: Requested }
  /** Something else was asked for under this key. */
  | { readonly outcome: 'key reused' }
  /** Another request was there first. */
  | { readonly outcome: 'conflict' };

/** Whether what stands in the log is what a request asks for, whenever that was made and by whichever copy. */
export type IsSame = (stands: Requested) => boolean;

export const isRequestFor =
  (type: DomainEvent['type'], request: OperatorRequest): IsSame =>
  ({ event }) =>
    event.type === type && wasAskedBy(event.metadata, request);

/** What stands under a request's key, as the request is told of it. */
export const standing = (stands: Requested, isSame: IsSame) =>
  isSame(stands)
    ? ({ outcome: 'repeated', requested: stands } as const)
    : ({ outcome: 'key reused' } as const);

/**
 * Appends it behind what the caller has seen of its stream, and says what stands there. The log takes an event for a
 * repeat of one that has its id, and copies of a request that come at once have the same: the first one stands, and only
 * who asked for that is told that it was done.
 *
 * Throws AppendOutcomeUnknown, or what the log throws: the same request may be made again.
 */
export async function record(log: RequestLog, asked: Requested, isSame: IsSame): Promise<Standing> {
  const { stream, revision, event } = asked;
  const { outcome } = await log.append(stream, revision === 0n ? 'no_stream' : revision - 1n, [event]);
  if (outcome === 'conflict') return { outcome };
  const [stands = asked] = await requestedIn(log, stream, revision, 1);
  return isSame(stands) && isOfOneCall(stands, asked)
    ? { outcome: 'done', requested: stands }
    : standing(stands, isSame);
}

const isOfOneCall = ({ event: { metadata: one } }: Requested, { event: { metadata: other } }: Requested) =>
  one.occurredAt === other.occurredAt && one.$correlationId === other.$correlationId;

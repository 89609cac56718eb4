import {
  EventMetadata,
  type NewEvent,
  type RecordedEvent,
} from '@orders/shared-events/contracts/envelope.js';
import {
  LogPosition,
  type OrderId,
  eventIdOf,
  quarantineStream,
} from '@orders/shared-events/contracts/ids.js';
import type { QuarantineEvent } from '@orders/shared-events/contracts/quarantine.events.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import { type OperatorRequest, requestId, wasAskedBy } from '../operator-request.js';
import { metadataOf } from '../own-events.js';
import type { QuarantineQueries } from './quarantine.queries.js';

/** What is appended, and at which revision of the order's quarantine. */
export interface ReleasePlan {
  readonly revision: bigint;
  readonly event: NewEvent;
}

export type ReleaseOutcome =
  | { readonly outcome: 'planned' | 'done' | 'repeated'; readonly plan: ReleasePlan }
  /** It waits from another position on than the caller knows. */
  | { readonly outcome: 'stale'; readonly position: string }
  | { readonly outcome: 'key reused' | 'not in quarantine' | 'conflict' };

/**
 * Lets orders go on that are in quarantine. The request is an event that whoever holds the order's partition hears in the
 * order of the log, so that what came before it is read again, and what comes behind it follows.
 */
export class QuarantineRelease {
  constructor(
    private readonly log: Pick<EventStore, 'append' | 'readStream'>,
    private readonly quarantine: Pick<QuarantineQueries, 'ofOrder'>,
    private readonly now: () => string,
  ) {}

  /** @param ifPosition from where on it waits, as the caller knows it; undefined: wherever */
  async request(
    orderId: OrderId,
    request: OperatorRequest,
    { ifPosition, dryRun }: { readonly ifPosition: string | undefined; readonly dryRun: boolean },
  ): Promise<ReleaseOutcome> {
    const requests: RecordedEvent[] = [];
    for await (const event of this.log.readStream(quarantineStream(orderId))) requests.push(event);
    const earlier = requests.find(isUnder(requestId(quarantineStream(orderId), request)));
    if (earlier) return repeated(earlier, request);
    const found = await this.quarantine.ofOrder(orderId);
    if (!found) return { outcome: 'not in quarantine' };
    const { position } = found;
    if (ifPosition !== undefined && ifPosition !== position) return { outcome: 'stale', position };
    const last = requests.at(-1)?.revision;
    const plan = { revision: (last ?? -1n) + 1n, event: this.#event(orderId, position, request) };
    if (dryRun) return { outcome: 'planned', plan };
    const { outcome } = await this.log.append(quarantineStream(orderId), last ?? 'no_stream', [plan.event]);
    return outcome === 'appended' ? { outcome: 'done', plan } : { outcome };
  }

  #event(orderId: OrderId, position: string, request: OperatorRequest): NewEvent {
    const { type, data }: QuarantineEvent = {
      type: 'QuarantineReleaseRequested',
      data: { orderId, from: LogPosition.parse(position) },
    };
    const commandId = requestId(quarantineStream(orderId), request);
    const metadata = metadataOf(request, commandId, type, this.now());
    return { id: eventIdOf(commandId, 0), type, data, metadata };
  }
}

const isUnder = (commandId: string) => (event: RecordedEvent) =>
  EventMetadata.parse(event.metadata).commandId === commandId;

function repeated(
  { id, type, data, metadata, revision }: RecordedEvent,
  request: OperatorRequest,
): ReleaseOutcome {
  const written = EventMetadata.parse(metadata);
  if (!wasAskedBy(written, request)) return { outcome: 'key reused' };
  const event = { id, type, data, metadata: written } as NewEvent;
  return { outcome: 'repeated', plan: { revision, event } };
}

import { LogPosition, type OrderId, quarantineStream } from '@orders/shared-events/contracts/ids.js';
import type { QuarantineEvent } from '@orders/shared-events/contracts/quarantine.events.js';
import { type OperatorRequest, requestId } from '../operator-request.js';
import {
  type RequestLog,
  type Requested,
  type Standing,
  isRequestFor,
  record,
  requestedAt,
  requestedIn,
  standing,
} from '../requests.js';
import type { QuarantineQueries } from './quarantine.queries.js';

export type ReleaseOutcome =
  | Standing
  | { readonly outcome: 'planned'; readonly requested: Requested }
  /** It waits from another position on than the caller knows. */
  | { readonly outcome: 'stale'; readonly position: string }
  | { readonly outcome: 'not in quarantine' };

/**
 * Lets orders go on that are in quarantine. The request is an event that whoever holds the order's partition hears in the
 * order of the log, so that what came before it is read again, and what comes behind it follows.
 */
export class QuarantineRelease {
  constructor(
    private readonly log: RequestLog,
    private readonly quarantine: Pick<QuarantineQueries, 'ofOrder'>,
    private readonly now: () => string,
  ) {}

  /** @param ifPosition from where on it waits, as the caller knows it; undefined: wherever */
  async request(
    orderId: OrderId,
    request: OperatorRequest,
    { ifPosition, dryRun }: { readonly ifPosition: string | undefined; readonly dryRun: boolean },
  ): Promise<ReleaseOutcome> {
    const stream = quarantineStream(orderId);
    const commandId = requestId(stream, request);
    const before = await requestedIn(this.log, stream);
    // Its stream is the order's own. A repeat comes when the order waits from elsewhere on, or not at all.
    const isSame = isRequestFor('QuarantineReleaseRequested', request);
    const earlier = before.find(({ event }) => event.metadata.commandId === commandId);
    if (earlier) return standing(earlier, isSame);
    const found = await this.quarantine.ofOrder(orderId);
    if (!found) return { outcome: 'not in quarantine' };
    const { position } = found;
    if (ifPosition !== undefined && ifPosition !== position) return { outcome: 'stale', position };
    const revision = (before.at(-1)?.revision ?? -1n) + 1n;
    const event: QuarantineEvent = {
      type: 'QuarantineReleaseRequested',
      data: { orderId, from: LogPosition.parse(position) },
    };
    const requested = requestedAt({ stream, revision }, commandId, event, request, this.now());
    return dryRun ? { outcome: 'planned', requested } : record(this.log, requested, isSame);
  }
}

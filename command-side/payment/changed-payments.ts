import { PaymentId } from '@orders/shared-events/contracts/ids.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';

const PREFIX = 'payment-';
/** A page takes far less; a log that is away must not hold up the end of the process. */
const DEADLINE_MS = 30_000;

export interface ChangedPayments {
  /** By payment: the revision of the last of those events. */
  readonly revisions: ReadonlyMap<PaymentId, bigint>;
  /** Up to here all are among them. */
  readonly position: bigint | undefined;
  /** Nothing more is old enough. */
  readonly atEnd: boolean;
}

/** The payments with events behind `after` that are older than `latest`: about `limit` of them. */
export async function changedPayments(
  log: Pick<EventStore, 'subscribe'>,
  after: bigint | undefined,
  { latest, limit, stop }: { readonly latest: Date; readonly limit: number; readonly stop: AbortSignal },
): Promise<ChangedPayments> {
  const revisions = new Map<PaymentId, bigint>();
  let position = after;
  const signal = AbortSignal.any([stop, AbortSignal.timeout(DEADLINE_MS)]);
  const batches = log.subscribe({ name: 'reconciliation', after, prefixes: [PREFIX], signal });
  for await (const batch of batches) {
    for (const event of batch.events) {
      if (event.recordedAt > latest) return { revisions, position, atEnd: true };
      const paymentId = PaymentId.safeParse(event.streamId.slice(PREFIX.length));
      if (paymentId.success) revisions.set(paymentId.data, event.revision);
      position = event.position;
    }
    position = batch.position;
    if (batch.caughtUp) return { revisions, position, atEnd: true };
    if (revisions.size >= limit) return { revisions, position, atEnd: false };
  }
  throw new Error('the log was not read to an end');
}

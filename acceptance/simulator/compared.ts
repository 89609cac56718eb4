import { owedCalls } from '@orders/command-side/payment/owed-calls.js';
import { type PaymentState, payment } from '@orders/command-side/payment/payment.js';
import { type Difference, differences } from '@orders/command-side/payment/reconciliation.js';
import type { Occurred, RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import type { PaymentEvent } from '@orders/shared-events/contracts/payment.events.js';
import { Books, isTold, isUpTo } from './books.js';
import { RECONCILIATION } from './command-side.js';
import type { EventLog } from './event-log.js';
import type { Ledger } from './ledger.js';
import type { Report } from './violation.js';

/** What is compared. */
export interface BothBooks {
  readonly log: EventLog;
  readonly ledger: Ledger;
}

/** Where the books of the provider and the stream of a payment differ, as the product has it. */
export const differencesOf = (paymentId: string, { log, ledger }: BothBooks): readonly Difference[] =>
  differences(new Books(ledger, () => 0).list([paymentId]), stateOf(paymentId, log));

const stateOf = (paymentId: string, log: EventLog): PaymentState =>
  log
    .stream(`payment-${paymentId}`)
    .reduce((folded, recorded) => payment.evolve(folded, occurred(recorded)), payment.initialState);

type Told = Pick<Difference, 'kind' | 'operation' | 'attempt' | 'recorded' | 'provider'>;

export const inWords = ({ kind, operation, attempt, recorded, provider }: Told): string =>
  `${kind} ${operation} ${attempt}: ${recorded}, by the provider ${provider}`;

const occurred = ({ type, data, recordedAt }: RecordedEvent) =>
  ({ type, data, occurredAt: recordedAt.toISOString() }) as Occurred<PaymentEvent>;

/** How far both books were compared, as it is kept in the log. */
interface Place {
  readonly cursor?: string;
  readonly position?: string;
}

type Discrepancy = Extract<PaymentEvent, { type: 'PaymentDiscrepancyDetected' }>['data'];

/**
 * What the comparison with the provider's books records, and what it leaves behind. Nobody but the product calls the
 * provider here: each difference must be there, and be mended, and none may be left before the bookmark.
 */
export class Compared {
  #place: Place = {};

  constructor(
    private readonly books: BothBooks,
    private readonly nameOf: (stream: string) => string,
    private readonly report: Report,
  ) {}

  /** A difference was recorded. */
  recorded({ data, recordedAt }: RecordedEvent): void {
    const found = data as Discrepancy;
    const complaint = this.#complaint(found, recordedAt.getTime());
    if (complaint === undefined) return;
    this.report(
      'a difference between the books is there, and is mended',
      `${this.nameOf(found.paymentId)}: ${inWords(found)}${complaint}`,
    );
  }

  #complaint({ paymentId, operation, refundId, attempt, provider, repaired }: Discrepancy, at: number) {
    const key = [paymentId, operation, ...(refundId === undefined ? [] : [refundId]), attempt].join(':');
    const entry = this.books.ledger.find(key);
    if (!entry || !isTold(entry)) return ', which has no such call';
    if (!repaired) return ', and stays so';
    // It has expired since it was read.
    if (entry.outcome === 'expired' && provider !== 'expired') return undefined;
    if (at - entry.changedAt < RECONCILIATION.graceMs) return ` for ${at - entry.changedAt} ms`;
    const isLeft = differencesOf(paymentId, this.books).some(
      (left) => left.operation === operation && left.attempt === attempt && left.refundId === refundId,
    );
    return isLeft ? ', and was not recorded' : undefined;
  }

  /** The bookmark was put further. */
  upTo(place: Place): void {
    if (place.cursor === this.#place.cursor && place.position === this.#place.position) return;
    this.#place = place;
    const payments = new Set(this.books.ledger.entries.map(({ call }) => call.paymentId));
    for (const paymentId of payments) if (this.#isBehind(paymentId)) this.#check(paymentId);
  }

  /**
   * All that was said of it, on either side. What is owed to the provider is still to be said: an authorisation that has
   * expired meanwhile may have been captured before.
   */
  #isBehind(paymentId: string): boolean {
    const { log, ledger } = this.books;
    if (owedCalls(stateOf(paymentId, log)).length > 0) return false;
    const { cursor, position = '0' } = this.#place;
    const last = log.stream(`payment-${paymentId}`).at(-1)?.position ?? 0n;
    if (last > BigInt(position)) return false;
    return ledger.of(paymentId).every((entry) => !isTold(entry) || isUpTo(entry, cursor));
  }

  #check(paymentId: string): void {
    for (const difference of differencesOf(paymentId, this.books)) {
      this.report(
        'what was compared with the provider’s books agrees with them',
        `${this.nameOf(paymentId)}: ${inWords(difference)}`,
      );
    }
  }
}

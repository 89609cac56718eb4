import type { Actor } from '@orders/shared-events/contracts/envelope.js';
import { type PaymentId, paymentStream } from '@orders/shared-events/contracts/ids.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { Slots } from '@orders/shared-events/transport/slots.js';
import { NoAnswer, within } from '@orders/shared-events/transport/waiting.js';
import { isOutage } from '../outage.js';
import { addressed } from '../request.js';
import { correlationOf } from './correlation.js';
import type { PaymentCommand, PaymentState } from './payment.js';
import type { Payments } from './payments.js';
import { type ProviderBooks, type ProviderEntry, ProviderUnavailable } from './provider.js';
import { type Difference, differences, isUnderWay, movesMoney } from './reconciliation.js';

/** Payments that the provider is asked about at once. */
const LISTED = 100;
/** Streams that are read at once: the rest of the side goes on. */
const READ = 4;

const RECONCILIATION: Actor = { kind: 'system', subject: 'payment-reconciliation' };

/** What was found, for metrics. `UNMATCHED`: the provider moved money for a payment that nobody here has asked for. */
export interface Finding {
  readonly kind: Difference['kind'] | 'UNMATCHED';
  readonly repaired: boolean;
}

export interface ComparisonOptions {
  readonly books: Pick<ProviderBooks, 'list'>;
  readonly payments: Pick<Payments, 'execute' | 'load'>;
  readonly log: Pick<EventStore, 'readStreamBackwards'>;
  readonly found: (finding: Finding) => void;
  /** Milliseconds. */
  readonly settings: { readonly graceMs: number; readonly timeoutMs: number };
  readonly logger: LogSink;
}

/** Compares payments with the provider's books, and records where they differ. */
export class Comparison {
  readonly #slots = new Slots(READ);

  constructor(private readonly options: ComparisonOptions) {}

  /**
   * @param revisions by payment: what must be known of its stream at least
   * @throws where something is away: then some of them were not compared
   */
  async compare(
    paymentIds: ReadonlySet<PaymentId>,
    revisions: ReadonlyMap<PaymentId, bigint>,
  ): Promise<void> {
    const all = [...paymentIds];
    for (let from = 0; from < all.length; from += LISTED) {
      const chunk = all.slice(from, from + LISTED);
      const byPayment = Map.groupBy(await this.#list(chunk), ({ paymentId }) => paymentId);
      await Promise.all(
        chunk.map((id) =>
          this.#slots.use(() => this.#one(id, byPayment.get(id) ?? [], revisions.get(id) ?? 0n)),
        ),
      );
    }
  }

  /** One payment that cannot be read does not keep the others from being compared. */
  async #one(paymentId: PaymentId, entries: readonly ProviderEntry[], revision: bigint): Promise<void> {
    try {
      await this.#payment(paymentId, entries, revision);
    } catch (error) {
      if (isAway(error)) throw error;
      this.options.logger.error({ err: error, paymentId }, 'a payment could not be reconciled');
    }
  }

  #list(paymentIds: readonly PaymentId[]): Promise<readonly ProviderEntry[]> {
    return within(this.options.settings.timeoutMs, 'the provider', this.options.books.list(paymentIds));
  }

  /** Most agree with what is known of the stream since its last event was appended here: those cost no read. */
  async #payment(paymentId: PaymentId, entries: readonly ProviderEntry[], revision: bigint): Promise<void> {
    const { payments } = this.options;
    const stream = paymentStream(paymentId);
    const known = await payments.load(stream, Infinity);
    const isEnough = known.revision !== undefined && known.revision >= revision;
    const { state } = isEnough ? known : await payments.load(stream);
    if (differ(entries, state)) await this.#lookAgain(paymentId);
  }

  /** Both books as they were at one moment: what moves meanwhile comes up again. */
  async #lookAgain(paymentId: PaymentId): Promise<void> {
    const { payments, settings } = this.options;
    const stream = paymentStream(paymentId);
    const before = await payments.load(stream);
    const entries = await this.#list([paymentId]);
    const { state, revision } = await payments.load(stream);
    if (revision !== before.revision || isUnderWay(entries, settings.graceMs)) return;
    if (state.status === 'none') {
      for (const entry of entries.filter(movesMoney)) await this.#unmatched(entry);
      return;
    }
    const orderId = orderOf(state) ?? entries[0]?.orderId;
    if (orderId === undefined) return;
    for (const difference of differences(entries, state)) {
      await this.#record({ type: 'DetectDiscrepancy', data: { paymentId, orderId, ...difference } });
    }
  }

  /** It is dealt with like a notification that comes for a payment that nobody knows. */
  async #unmatched({ amount: _a, currency: _c, ageMs: _age, ...report }: ProviderEntry): Promise<void> {
    const { operation, refundId, attempt } = report;
    const name = [operation, ...(refundId === undefined ? [] : [refundId]), attempt].join(':');
    const notificationId = `reconciliation:${name}`;
    await this.#record({ type: 'RecordProviderNotification', data: { ...report, notificationId } });
  }

  async #record(
    command: Extract<PaymentCommand, { type: 'DetectDiscrepancy' | 'RecordProviderNotification' }>,
  ) {
    const { paymentId } = command.data;
    const stream = paymentStream(paymentId);
    const { origin, ...told } = addressed(stream, command, RECONCILIATION);
    const correlationId = (await correlationOf(this.options.log, stream)) ?? origin.correlationId;
    const outcome = await this.options.payments.execute({ ...told, origin: { ...origin, correlationId } });
    if (outcome.outcome !== 'happened') return;
    for (const event of outcome.events) {
      if (event.type === 'ProviderNotificationUnmatched')
        this.#tell(paymentId, { kind: 'UNMATCHED', repaired: false });
      if (event.type === 'PaymentDiscrepancyDetected') this.#tell(paymentId, event.data);
    }
  }

  #tell(paymentId: PaymentId, { kind, repaired }: Finding): void {
    this.options.found({ kind, repaired });
    this.options.logger.warn({ paymentId, kind, repaired }, 'the books of the payment provider differ');
  }
}

const isAway = (error: unknown): boolean =>
  isOutage(error) || error instanceof ProviderUnavailable || error instanceof NoAnswer;

const differ = (entries: readonly ProviderEntry[], state: PaymentState): boolean =>
  state.status === 'none' ? entries.some(movesMoney) : differences(entries, state).length > 0;

const orderOf = (state: PaymentState) => {
  if (state.status === 'none') return undefined;
  return state.status === 'voided' ? state.terms?.orderId : state.orderId;
};

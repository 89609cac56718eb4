import type { ProviderCall } from '@orders/command-side/payment/owed-calls.js';
import type { ProviderOperation } from '@orders/shared-events/contracts/payment.events.js';

/**
 * One row for each idempotency key.
 *
 *   succeeded        it took effect
 *   failed           it definitively did not, and never will under this key
 *   lost             the call never arrived: the next one under this key decides
 *   action_required  the customer has to act first
 *   expired          of an authorisation: it was not captured in time; of a capture: it came after that
 */
export interface LedgerEntry {
  readonly call: ProviderCall;
  outcome: 'succeeded' | 'failed' | 'lost' | 'action_required' | 'expired';
  code: string | undefined;
  /** Of what took effect; of a void that came too late, that of the capture. */
  reference: string | undefined;
  /** Until when the customer may act, RFC 3339. */
  actionExpiresAt: string | undefined;
  /** How often the key was sent. */
  calls: number;
  /** When it last came to say something else. Milliseconds since the epoch. */
  changedAt: number;
}

export type Intended = Pick<LedgerEntry, 'outcome'> & Partial<Pick<LedgerEntry, 'code' | 'actionExpiresAt'>>;

/** What a provider has of a payment, by its own books. Minor units. */
export interface Holdings {
  /** Authorised, and neither captured nor given back. */
  readonly held: number;
  readonly captured: number;
  readonly refunded: number;
}

/**
 * The provider's books, by the rules of `simulated-provider.sql`, which `ledger.spec.ts` holds them against: the first
 * call under a key decides, every later one hears the same; a void is the last word on its authorisation.
 */
export class Ledger {
  readonly #entries = new Map<string, LedgerEntry>();
  readonly #byPayment = new Map<string, LedgerEntry[]>();

  /** @param onChange told of each entry that was decided, or expired */
  constructor(
    private readonly now: () => number,
    private readonly onChange: (entry: LedgerEntry) => void,
  ) {}

  call(call: ProviderCall, intended: Intended): LedgerEntry {
    const known = this.find(call.key);
    const entry = known ?? this.#add(call);
    entry.calls += 1;
    if (known && known.outcome !== 'lost') return known;
    // A call is lost once: the next one arrives.
    this.#decide(entry, known && intended.outcome === 'lost' ? { outcome: 'succeeded' } : intended);
    if (call.operation === 'void' && entry.outcome === 'succeeded') this.#close(call);
    return entry;
  }

  /** The customer has done what they had to, or failed to. */
  act(key: string, outcome: Intended): void {
    const entry = this.find(key);
    if (entry?.outcome === 'action_required') this.#decide(entry, outcome);
  }

  /** What an authorisation holds is given back, because it was not captured in time. */
  expire(key: string): void {
    const entry = this.find(key);
    if (entry?.outcome !== 'succeeded' || entry.call.operation !== 'authorize') return;
    const isOver = this.of(entry.call.paymentId).some(
      ({ call: { operation, authorizationKey }, outcome }) =>
        outcome === 'succeeded' &&
        authorizationKey === key &&
        (operation === 'capture' || operation === 'void'),
    );
    if (isOver) return;
    entry.outcome = 'expired';
    entry.changedAt = this.now();
    this.onChange(entry);
  }

  find(key: string): LedgerEntry | undefined {
    return this.#entries.get(key);
  }

  get entries(): readonly LedgerEntry[] {
    return [...this.#entries.values()];
  }

  of(paymentId: string): readonly LedgerEntry[] {
    return this.#byPayment.get(paymentId) ?? [];
  }

  holdings(paymentId: string): Holdings {
    const sum = { authorize: 0, charge: 0, capture: 0, void: 0, refund: 0 };
    for (const { call, outcome } of this.of(paymentId)) {
      if (outcome === 'succeeded') sum[call.operation] += call.amount;
    }
    const captured = sum.charge + sum.capture;
    return {
      held: captured > 0 || sum.void > 0 ? 0 : sum.authorize,
      captured,
      refunded: sum.refund,
    };
  }

  #decide(entry: LedgerEntry, intended: Intended): void {
    const obstacle = intended.outcome === 'lost' ? undefined : this.#obstacle(entry.call);
    entry.outcome = obstacle === undefined ? intended.outcome : outcomeFor(obstacle);
    entry.code = obstacle ?? intended.code;
    entry.actionExpiresAt = intended.actionExpiresAt;
    entry.reference = this.#reference(entry);
    entry.changedAt = this.now();
    if (entry.outcome !== 'lost' && entry.outcome !== 'action_required') this.onChange(entry);
  }

  /** What stands in the way, by what this payment's entries say. */
  #obstacle({ operation, paymentId, authorizationKey, amount }: ProviderCall): string | undefined {
    const { captured, refunded } = this.holdings(paymentId);
    const authorization = this.find(authorizationKey);
    switch (operation) {
      case 'authorize':
      case 'charge':
        return undefined;
      case 'void':
        return captured > 0 ? 'already_captured' : undefined;
      case 'capture':
        if (authorization?.outcome === 'expired') return 'authorization_expired';
        if (authorization?.outcome !== 'succeeded') return 'not_authorized';
        if (this.#did(paymentId, 'void')) return 'authorization_voided';
        return captured > 0 ? 'already_captured' : undefined;
      case 'refund':
        return refunded + amount > captured ? 'refund_exceeds_captured' : undefined;
    }
  }

  #did(paymentId: string, operation: ProviderOperation): boolean {
    return this.of(paymentId).some(
      ({ call, outcome }) => outcome === 'succeeded' && call.operation === operation,
    );
  }

  /** Also where the authorisation has not arrived yet: its key can never take effect any more. */
  #close(call: ProviderCall): void {
    const key = call.authorizationKey;
    const operation = key.split(':')[1] as ProviderOperation;
    const authorization = this.find(key) ?? this.#add({ ...call, key, operation });
    if (authorization.outcome !== 'lost' && authorization.outcome !== 'action_required') return;
    authorization.outcome = 'failed';
    authorization.code = 'authorization_voided';
    authorization.changedAt = this.now();
  }

  #reference({ call: { key, paymentId, operation }, outcome, code }: LedgerEntry): string | undefined {
    if (outcome === 'succeeded') return `sim_${key}`;
    if (operation !== 'void' || code !== 'already_captured') return undefined;
    return this.of(paymentId).find(
      ({ call, outcome: taken }) =>
        taken === 'succeeded' && (call.operation === 'charge' || call.operation === 'capture'),
    )?.reference;
  }

  #add(call: ProviderCall): LedgerEntry {
    const entry: LedgerEntry = {
      ...{ call, outcome: 'lost', code: undefined, reference: undefined },
      ...{ actionExpiresAt: undefined, calls: 0, changedAt: this.now() },
    };
    this.#entries.set(call.key, entry);
    this.#byPayment.set(call.paymentId, [...this.of(call.paymentId), entry]);
    return entry;
  }
}

const outcomeFor = (obstacle: string): LedgerEntry['outcome'] =>
  obstacle === 'authorization_expired' ? 'expired' : 'failed';

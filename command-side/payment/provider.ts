import type { OrderId, PaymentId } from '@orders/shared-events/contracts/ids.js';
import type { ProviderOperation } from '@orders/shared-events/contracts/payment.events.js';
import type { ProviderCall } from './owed-calls.js';

/** What the provider said about one call. `unknown`: its answer did not come. */
export type ProviderOutcome =
  | { readonly kind: 'succeeded'; readonly reference: string }
  | { readonly kind: 'failed'; readonly code: string }
  /** Of an authorisation or charge: the customer has to do something at `url` first. Its outcome follows. */
  | { readonly kind: 'action-required'; readonly url: string; readonly expiresAt: string }
  /** Of an authorisation: it was not captured in time and holds nothing any more. */
  | { readonly kind: 'expired' }
  /** Of a void only: it came too late, the money had been taken. */
  | { readonly kind: 'already-captured'; readonly reference: string }
  | { readonly kind: 'unknown' };

/** The provider cannot be reached: the call did not arrive, or nobody knows. It is asked for the key before a repeat. */
export class ProviderUnavailable extends Error {
  override readonly name = 'ProviderUnavailable';
}

/**
 * Who moves the money. Every call carries an idempotency key: however often a key is sent, it takes effect at most
 * once, and the answer is that of the first time. All may throw ProviderUnavailable.
 */
export interface PaymentProvider {
  /** Holds the amount. */
  authorize(call: ProviderCall): Promise<ProviderOutcome>;
  /** Holds and takes the amount in one call. */
  charge(call: ProviderCall): Promise<ProviderOutcome>;
  /** Takes what the authorisation under `authorizationKey` holds. */
  capture(call: ProviderCall): Promise<ProviderOutcome>;
  /**
   * Gives back what the call under `authorizationKey` holds. Final: where that call has not arrived yet, its key is
   * closed and can never take effect.
   */
  void(call: ProviderCall): Promise<ProviderOutcome>;
  /** Pays `amount` of what was taken back. */
  refund(call: ProviderCall): Promise<ProviderOutcome>;
  /** What became of the call under this key; undefined where none has taken effect or failed. */
  find(key: string): Promise<ProviderOutcome | undefined>;
}

/** A call as it stands in the provider's books. */
export interface ProviderEntry {
  readonly paymentId: PaymentId;
  readonly orderId: OrderId;
  readonly operation: ProviderOperation;
  /** 1 where it was made without a key of ours, e.g. by hand. */
  readonly attempt: number;
  /** Of a refund only; the provider's own reference where it was made without a key of ours. */
  readonly refundId?: string;
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  readonly outcome: ProviderOutcome;
  /** How long ago it last changed, by the provider's clock. Milliseconds. */
  readonly ageMs: number;
}

export interface ChangedEntries {
  readonly entries: readonly ProviderEntry[];
  /** What comes next begins behind it. Opaque. */
  readonly cursor: string;
}

/** What the provider can tell of what it did, for reconciliation. All may throw ProviderUnavailable. */
export interface ProviderBooks {
  /** Everything that it has of these payments. */
  list(paymentIds: readonly PaymentId[]): Promise<readonly ProviderEntry[]>;
  /**
   * What changed behind the cursor and at least `minAgeMs` ago, in the order in which it changed; undefined where
   * there is no more.
   */
  changes(cursor: string | undefined, minAgeMs: number, limit: number): Promise<ChangedEntries | undefined>;
}

import type { ProviderOperation } from '@orders/shared-events/contracts/payment.events.js';
import { type PaymentState, type Terms, isPending } from './payment.state.js';

/** A call that the provider is owed: its intent is recorded, its outcome is not. Amount in minor units. */
export interface ProviderCall extends Omit<Terms, 'attempt' | 'captureMethod' | 'noted' | 'payableUntil'> {
  readonly operation: ProviderOperation;
  readonly attempt: number;
  readonly refundId?: string;
  /** The idempotency key: two calls with the same key take effect once. It changes only with the attempt. */
  readonly key: string;
  /** The key of the authorisation or charge that a capture, void or refund belongs to. */
  readonly authorizationKey: string;
}

/** What is owed follows from state alone, so that a crash between the intent and the call loses neither. */
export function owedCalls(state: PaymentState): readonly ProviderCall[] {
  switch (state.status) {
    case 'none':
    case 'declined':
    case 'expired':
    case 'voided':
      return [];
    case 'requested':
      if (state.voiding)
        return isPending(state.voiding.status) ? [call(state, 'void', state.voiding.attempt)] : [];
      return [call(state, authorization(state), state.attempt)];
    case 'authorized':
      if (state.voiding)
        return isPending(state.voiding.status) ? [call(state, 'void', state.voiding.attempt)] : [];
      return isPending(state.capture?.status) ? [call(state, 'capture', state.capture?.attempt ?? 1)] : [];
    case 'captured':
      return [...state.refunds.values()]
        .filter(({ status }) => isPending(status))
        .map(({ refundId, amount, attempt }) => ({
          ...call(state, 'refund', attempt, refundId),
          amount,
          refundId,
        }));
  }
}

function call(terms: Terms, operation: ProviderOperation, attempt: number, refundId?: string): ProviderCall {
  const { paymentId, orderId, amount, currency, paymentMethod } = terms;
  return {
    paymentId,
    orderId,
    amount,
    currency,
    paymentMethod,
    operation,
    attempt,
    key: keyOf(terms, operation, attempt, refundId),
    authorizationKey: keyOf(terms, authorization(terms), terms.attempt),
  };
}

const authorization = ({ captureMethod }: Terms): 'charge' | 'authorize' =>
  captureMethod === 'AUTOMATIC' ? 'charge' : 'authorize';

/** (payment, operation, attempt), and for a refund its id. */
const keyOf = (
  { paymentId }: Terms,
  operation: ProviderOperation,
  attempt: number,
  refundId?: string,
): string => [paymentId, operation, ...(refundId === undefined ? [] : [refundId]), attempt].join(':');

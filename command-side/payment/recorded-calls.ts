import type { ProviderOperation } from '@orders/shared-events/contracts/payment.events.js';
import { type PaymentState, type Terms, isPending } from './payment.state.js';

/** What names a call within its payment. */
export interface Call {
  readonly operation: ProviderOperation;
  readonly attempt: number;
  readonly refundId?: string;
}

/** What the stream of a payment says of one call. */
export interface RecordedCall {
  readonly status: 'succeeded' | 'pending' | 'none';
  /** What a success is recorded with, or would be. Minor units; undefined where it is about no amount. */
  readonly amount?: number;
  readonly words: string;
}

export const neverAsked: RecordedCall = { status: 'none', words: 'never asked for' };

export function recordedOf(call: Call, state: PaymentState, terms: Terms): RecordedCall {
  switch (call.operation) {
    case 'authorize':
    case 'charge':
      return ofAuthorization(call, state, terms);
    case 'capture':
      return ofCapture(call, state, terms);
    case 'void':
      return ofVoid(call, state);
    case 'refund':
      return ofRefund(call, state);
  }
}

/** What must be in the provider's books, since the stream says that it succeeded. */
export function successesOf(state: PaymentState): Call[] {
  switch (state.status) {
    case 'none':
    case 'requested':
    case 'declined':
    case 'expired':
    case 'voided':
      return [];
    case 'authorized':
      return [{ operation: 'authorize', attempt: state.attempt }];
    case 'captured': {
      const operation = state.captureMethod === 'AUTOMATIC' ? 'charge' : 'capture';
      const refunds = [...state.refunds.values()].filter(({ status }) => status === 'succeeded');
      return [
        { operation, attempt: state.captureAttempt },
        ...refunds.map(({ refundId, attempt }) => ({ operation: 'refund' as const, refundId, attempt })),
      ];
    }
  }
}

function ofAuthorization({ operation, attempt }: Call, state: PaymentState, terms: Terms): RecordedCall {
  if (operation !== (terms.captureMethod === 'AUTOMATIC' ? 'charge' : 'authorize')) return neverAsked;
  if (attempt !== terms.attempt) {
    return { status: 'none', words: `attempt ${terms.attempt} is the one that counts` };
  }
  const { amount } = terms;
  switch (state.status) {
    case 'none':
      return neverAsked;
    case 'requested':
      return { status: 'pending', words: 'no outcome', amount };
    case 'declined':
      return { status: 'none', words: state.status, amount };
    case 'authorized':
    case 'captured':
      return { status: 'succeeded', words: state.status, amount };
    case 'expired':
    case 'voided':
      // That an authorisation holds nothing any more does not say that it never did; of a charge it does.
      return { status: operation === 'authorize' ? 'succeeded' : 'none', words: state.status, amount };
  }
}

function ofCapture({ attempt }: Call, state: PaymentState, { captureMethod, amount }: Terms): RecordedCall {
  if (captureMethod === 'AUTOMATIC') return neverAsked;
  switch (state.status) {
    case 'captured':
      return attempt === state.captureAttempt
        ? { status: 'succeeded', words: state.status, amount: state.captured }
        : { status: 'none', words: `captured by attempt ${state.captureAttempt}` };
    case 'authorized':
      return attempt === state.capture?.attempt && isPending(state.capture.status)
        ? { status: 'pending', words: 'no outcome', amount }
        : { status: 'none', words: state.status, amount };
    case 'none':
    case 'requested':
    case 'declined':
    case 'expired':
    case 'voided':
      return { status: 'none', words: state.status, amount };
  }
}

/** Of what holds nothing the void is no news. */
function ofVoid({ attempt }: Call, state: PaymentState): RecordedCall {
  switch (state.status) {
    case 'requested':
    case 'authorized':
      return attempt === state.voiding?.attempt && isPending(state.voiding.status)
        ? { status: 'pending', words: 'no outcome' }
        : { status: 'none', words: state.status };
    case 'captured':
      return { status: 'none', words: state.status };
    case 'none':
    case 'declined':
    case 'expired':
    case 'voided':
      return { status: 'succeeded', words: state.status };
  }
}

function ofRefund({ attempt, refundId = '' }: Call, state: PaymentState): RecordedCall {
  const refund = state.status === 'captured' ? state.refunds.get(refundId) : undefined;
  if (!refund) return neverAsked;
  const { amount, status } = refund;
  const isLast = attempt === refund.attempt;
  if (status === 'succeeded') {
    return isLast
      ? { status, words: 'refunded', amount }
      : { status: 'none', words: `refunded by attempt ${refund.attempt}` };
  }
  return isLast && isPending(status)
    ? { status: 'pending', words: 'no outcome', amount }
    : { status: 'none', words: status, amount };
}

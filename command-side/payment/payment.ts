import type { CommandOf, Occurred, Timed } from '@orders/shared-events/contracts/envelope.js';
import type { OrderId, PaymentId } from '@orders/shared-events/contracts/ids.js';
import type { PaymentBusCommand } from '@orders/shared-events/contracts/payment.commands.js';
import { type PaymentEvent, paymentEvents } from '@orders/shared-events/contracts/payment.events.js';
import { type Decider, type Decision, NOTHING_NEW, refuse } from '../decision.js';
import {
  type Captured,
  type PaymentState,
  evolvePayment,
  isPending,
  refundedOrPending,
} from './payment.state.js';
import {
  type DetectDiscrepancy,
  type ProviderOutcomeCommand,
  recordDiscrepancy,
  recordOutcome,
  recordUnmatched,
} from './provider-outcome.js';

export type { PaymentState } from './payment.state.js';

/** The customer pays in another way, after a decline. */
export type RetryPayment = CommandOf<
  'RetryPayment',
  { readonly paymentId: PaymentId; readonly orderId: OrderId; readonly paymentMethod: string }
>;

export type PaymentCommand = PaymentBusCommand | RetryPayment | ProviderOutcomeCommand | DetectDiscrepancy;

export type PaymentRefusal =
  | {
      readonly code:
        | 'PAYMENT_NOT_FOUND'
        | 'PAYMENT_VOIDED'
        | 'PAYMENT_DECLINED'
        | 'PAYMENT_EXPIRED'
        | 'PAYMENT_SETTLED'
        | 'PAYMENT_PENDING'
        | 'RETRY_TOO_LATE'
        | 'PAYMENT_NOT_AUTHORIZED'
        | 'PAYMENT_NOT_CAPTURED'
        | 'VOID_REQUESTED'
        | 'CAPTURE_PENDING'
        | 'ALREADY_CAPTURED'
        | 'ATTEMPT_OUT_OF_ORDER'
        | 'REFUND_ID_REUSED';
      readonly paymentId: PaymentId;
    }
  | { readonly code: 'REFUND_EXCEEDS_CAPTURED'; readonly paymentId: PaymentId; readonly refundable: number };

type PaymentDecision = Decision<PaymentEvent, PaymentRefusal>;
type DataOf<Type extends PaymentBusCommand['type']> = Extract<PaymentBusCommand, { type: Type }>['data'];

function decide(command: Timed<PaymentCommand>, state: PaymentState): PaymentDecision {
  switch (command.type) {
    case 'AuthorizePayment':
      return authorize(command.data, state);
    case 'CapturePayment':
      return capture(command.data, state);
    case 'VoidAuthorization':
      return voidAuthorization(command.data, state);
    case 'RefundPayment':
      return refund(command.data, state);
    case 'RetryPayment':
      return retry(command.data, state, command.now);
    case 'RecordProviderNotification':
    case 'ResolveUnknownOutcome':
    case 'DeferProviderCall':
      if (state.status !== 'none') return recordOutcome(command.data, state);
      return recordUnmatched(command.data, state) ?? refusal('PAYMENT_NOT_FOUND', command.data);
    case 'DetectDiscrepancy':
      return state.status === 'none'
        ? refusal('PAYMENT_NOT_FOUND', command.data)
        : recordDiscrepancy(command.data, state);
  }
}

function authorize(data: DataOf<'AuthorizePayment'>, state: PaymentState): PaymentDecision {
  switch (state.status) {
    case 'none':
      return [{ type: 'PaymentRequested', data: { ...data, attempt: 1 } }];
    case 'requested':
    case 'authorized':
    case 'captured':
    case 'declined':
    case 'expired':
      return NOTHING_NEW;
    case 'voided':
      return refusal('PAYMENT_VOIDED', data);
  }
}

/** Only where the provider wanted the customer to act, and only as long as they were given for it. */
function retry(data: RetryPayment['data'], state: PaymentState, now: string): PaymentDecision {
  switch (state.status) {
    case 'none':
      return refusal('PAYMENT_NOT_FOUND', data);
    case 'requested':
      return state.attempt > 1 && state.paymentMethod === data.paymentMethod
        ? NOTHING_NEW
        : refusal('PAYMENT_PENDING', data);
    case 'authorized':
    case 'captured':
      return refusal('PAYMENT_SETTLED', data);
    case 'expired':
      return refusal('PAYMENT_EXPIRED', data);
    case 'voided':
      return refusal('PAYMENT_VOIDED', data);
    case 'declined': {
      if (state.voiding) return refusal('VOID_REQUESTED', data);
      if (state.payableUntil === undefined) return refusal('PAYMENT_DECLINED', data);
      if (now >= state.payableUntil) return refusal('RETRY_TOO_LATE', data);
      const { amount, currency, captureMethod } = state;
      const attempt = state.attempt + 1;
      return [{ type: 'PaymentRequested', data: { ...data, amount, currency, captureMethod, attempt } }];
    }
  }
}

/** The intent to capture and the intent to void exclude each other: whichever was appended first has won. */
function capture(data: DataOf<'CapturePayment'>, state: PaymentState): PaymentDecision {
  switch (state.status) {
    case 'none':
      return refusal('PAYMENT_NOT_FOUND', data);
    case 'requested':
      return refusal('PAYMENT_NOT_AUTHORIZED', data);
    case 'declined':
      return refusal('PAYMENT_DECLINED', data);
    case 'expired':
      return refusal('PAYMENT_EXPIRED', data);
    case 'voided':
      return refusal('PAYMENT_VOIDED', data);
    case 'captured':
      return NOTHING_NEW;
    case 'authorized':
      if (state.voiding) return refusal('VOID_REQUESTED', data);
      return nextAttempt(data, state.capture, 'CAPTURE_PENDING', () => {
        const { paymentId, orderId, attempt } = data;
        return [{ type: 'CaptureRequested', data: { paymentId, orderId, attempt, amount: state.amount } }];
      });
  }
}

/**
 * On a payment that was never asked for it leaves the mark that refuses a request which comes late, on one that the
 * customer may still pay in another way the mark that ends this.
 */
function voidAuthorization(data: DataOf<'VoidAuthorization'>, state: PaymentState): PaymentDecision {
  const { paymentId, orderId } = data;
  const mark = [{ type: 'AuthorizationVoided', data: { paymentId, orderId } }] as const;
  switch (state.status) {
    case 'none':
      return mark;
    case 'authorized':
      if (isPending(state.capture?.status)) return refusal('CAPTURE_PENDING', data);
      return nextAttempt(data, state.voiding, 'VOID_REQUESTED', () => [{ type: 'VoidRequested', data }]);
    case 'requested':
      return nextAttempt(data, state.voiding, 'VOID_REQUESTED', () => [{ type: 'VoidRequested', data }]);
    case 'captured':
      return refusal('ALREADY_CAPTURED', data);
    case 'declined':
      if (state.payableUntil === undefined || data.attempt <= (state.voiding?.attempt ?? 0))
        return NOTHING_NEW;
      return isPending(state.voiding?.status) ? refusal('VOID_REQUESTED', data) : mark;
    case 'expired':
    case 'voided':
      return NOTHING_NEW;
  }
}

function refund(data: DataOf<'RefundPayment'>, state: PaymentState): PaymentDecision {
  switch (state.status) {
    case 'none':
      return refusal('PAYMENT_NOT_FOUND', data);
    case 'requested':
    case 'authorized':
      return refusal('PAYMENT_NOT_CAPTURED', data);
    case 'declined':
      return refusal('PAYMENT_DECLINED', data);
    case 'expired':
      return refusal('PAYMENT_EXPIRED', data);
    case 'voided':
      return refusal('PAYMENT_VOIDED', data);
    case 'captured':
      return refundCaptured(data, state);
  }
}

/** A refund that failed may be asked for again with another amount: others may have come in between. */
function refundCaptured(data: DataOf<'RefundPayment'>, state: Captured): PaymentDecision {
  const known = state.refunds.get(data.refundId);
  const isOther = known && known.amount !== data.amount;
  if (isOther && known.status !== 'failed') return refusal('REFUND_ID_REUSED', data);
  if (known?.status === 'succeeded') return NOTHING_NEW;
  return nextAttempt(data, known, 'ATTEMPT_OUT_OF_ORDER', () => {
    const refundable = state.captured - refundedOrPending(state);
    return data.amount > refundable
      ? refuse({ code: 'REFUND_EXCEEDS_CAPTURED', paymentId: data.paymentId, refundable })
      : [{ type: 'RefundRequested', data }];
  });
}

/** A new request is the attempt after the last recorded failure; a lower one is a repeat, a higher one an error. */
function nextAttempt(
  data: { readonly paymentId: PaymentId; readonly attempt: number },
  last: { readonly attempt: number; readonly status: string } | undefined,
  whilePending: Exclude<PaymentRefusal['code'], 'REFUND_EXCEEDS_CAPTURED'>,
  request: () => PaymentDecision,
): PaymentDecision {
  const lastAttempt = last?.attempt ?? 0;
  if (data.attempt <= lastAttempt) return NOTHING_NEW;
  if (last && last.status !== 'failed') return refusal(whilePending, data);
  return data.attempt === lastAttempt + 1 ? request() : refusal('ATTEMPT_OUT_OF_ORDER', data);
}

type StatusCode = Exclude<PaymentRefusal['code'], 'REFUND_EXCEEDS_CAPTURED'>;
const refusal = (code: StatusCode, { paymentId }: { readonly paymentId: PaymentId }): PaymentDecision =>
  refuse({ code, paymentId });

const evolve = (state: PaymentState, event: Occurred<PaymentEvent>): PaymentState =>
  evolvePayment(state, event);

export const payment: Decider<PaymentState, PaymentCommand, PaymentEvent, PaymentRefusal> = {
  initialState: { status: 'none' },
  decide,
  evolve,
  events: paymentEvents,
};

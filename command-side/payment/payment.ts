import type { Occurred, Timed } from '@orders/shared-events/contracts/envelope.js';
import { type PaymentEvent, paymentEvents } from '@orders/shared-events/contracts/payment.events.js';
import { type Decider, NOTHING_NEW } from '../decision.js';
import { type PaymentDecision, nextAttempt, refusal, withoutMoney } from './next-attempt.js';
import type { DataOf, PaymentCommand, PaymentRefusal, RetryPayment } from './payment.commands.js';
import { type Call, type PaymentState, evolvePayment, isPending } from './payment.state.js';
import { recordDiscrepancy } from './discrepancy.js';
import { recordOutcome, recordUnmatched } from './provider-outcome.js';
import { refund, requestRefund } from './refund.js';

export type { PaymentState } from './payment.state.js';

export type { PaymentCommand, PaymentRefusal } from './payment.commands.js';

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
    case 'RequestRefund':
      return requestRefund(command.data, state);
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
    case 'declined':
    case 'expired':
    case 'voided':
      return withoutMoney(data, state);
    case 'requested':
      return refusal('PAYMENT_NOT_AUTHORIZED', data);
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
 * On a payment that was never asked for it leaves the mark that refuses a request which comes late. One that the
 * customer may still pay in another way is voided at the provider, too: that is its last word on what was declined.
 */
function voidAuthorization(data: DataOf<'VoidAuthorization'>, state: PaymentState): PaymentDecision {
  const { paymentId, orderId } = data;
  const next = (voiding: Call | undefined): PaymentDecision =>
    nextAttempt(data, voiding, 'VOID_REQUESTED', () => [{ type: 'VoidRequested', data }]);
  switch (state.status) {
    case 'none':
      return [{ type: 'AuthorizationVoided', data: { paymentId, orderId } }];
    case 'authorized':
      return isPending(state.capture?.status) ? refusal('CAPTURE_PENDING', data) : next(state.voiding);
    case 'requested':
      return next(state.voiding);
    case 'captured':
      return refusal('ALREADY_CAPTURED', data);
    case 'declined':
      return state.payableUntil === undefined ? NOTHING_NEW : next(state.voiding);
    case 'expired':
    case 'voided':
      return NOTHING_NEW;
  }
}

const evolve = (state: PaymentState, event: Occurred<PaymentEvent>): PaymentState =>
  evolvePayment(state, event);

export const payment: Decider<PaymentState, PaymentCommand, PaymentEvent, PaymentRefusal> = {
  initialState: { status: 'none' },
  decide,
  evolve,
  events: paymentEvents,
};

import type { Occurred, Timed } from '@orders/shared-events/contracts/envelope.js';
import type { PaymentId } from '@orders/shared-events/contracts/ids.js';
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
import { type ProviderOutcomeCommand, recordOutcome } from './provider-outcome.js';

export type { PaymentState } from './payment.state.js';

export type PaymentCommand = PaymentBusCommand | ProviderOutcomeCommand;

export type PaymentRefusal =
  | {
      readonly code:
        | 'PAYMENT_NOT_FOUND'
        | 'PAYMENT_VOIDED'
        | 'PAYMENT_DECLINED'
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
    case 'RecordProviderNotification':
    case 'ResolveUnknownOutcome':
      return state.status === 'none'
        ? refusal('PAYMENT_NOT_FOUND', command.data)
        : recordOutcome(command.data, state);
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
      return NOTHING_NEW;
    case 'voided':
      return refusal('PAYMENT_VOIDED', data);
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

/** On a payment that was never asked for it leaves the mark that refuses a request which comes late. */
function voidAuthorization(data: DataOf<'VoidAuthorization'>, state: PaymentState): PaymentDecision {
  switch (state.status) {
    case 'none': {
      const { paymentId, orderId } = data;
      return [{ type: 'AuthorizationVoided', data: { paymentId, orderId } }];
    }
    case 'authorized':
      if (isPending(state.capture?.status)) return refusal('CAPTURE_PENDING', data);
      return nextAttempt(data, state.voiding, 'VOID_REQUESTED', () => [{ type: 'VoidRequested', data }]);
    case 'requested':
      return nextAttempt(data, state.voiding, 'VOID_REQUESTED', () => [{ type: 'VoidRequested', data }]);
    case 'captured':
      return refusal('ALREADY_CAPTURED', data);
    case 'declined':
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
    case 'voided':
      return refusal('PAYMENT_VOIDED', data);
    case 'captured':
      return refundCaptured(data, state);
  }
}

function refundCaptured(data: DataOf<'RefundPayment'>, state: Captured): PaymentDecision {
  const known = state.refunds.get(data.refundId);
  if (known && known.amount !== data.amount) return refusal('REFUND_ID_REUSED', data);
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

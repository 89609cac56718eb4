import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { Answer } from '../answer.js';
import type { RefundIdTaken, RefundPaymentResult, RetryPaymentResult } from '../graphql.generated.js';
import type { PaymentRefusal } from './payment.commands.js';
import type { PaymentAnswer } from './payment.handler.js';

type Refusal = Extract<PaymentAnswer, { outcome: 'refused' }>['refusal'];

interface Refund {
  readonly orderId: OrderId;
  readonly refundId: string;
}

/** How the outcome of a refund reads in GraphQL. */
export function refundAnswer(
  { orderId, refundId }: Refund,
  outcome: PaymentAnswer,
): Answer<RefundPaymentResult> {
  if (outcome.outcome === 'refused') return refundRefusal({ orderId, refundId }, ofPayment(outcome.refusal));
  return {
    __typename: 'RefundAccepted',
    orderId,
    refundId,
    position: outcome.position.toString(),
    repeated: outcome.outcome === 'repeated',
  };
}

/** Whatever has become of the order, money that was taken can be paid back. */
function ofPayment(refusal: Refusal): PaymentRefusal {
  if ('paymentId' in refusal) return refusal;
  throw new Error(`a refund cannot be refused with ${refusal.code}`);
}

function refundRefusal(
  { orderId, refundId }: Refund,
  { paymentId: _derived, ...refusal }: PaymentRefusal,
): Answer<RefundPaymentResult> {
  switch (refusal.code) {
    case 'PAYMENT_NOT_FOUND':
      return { __typename: 'PaymentNotFound', ...refusal, message: 'no payment was asked for', orderId };
    case 'PAYMENT_NOT_CAPTURED':
    case 'PAYMENT_DECLINED':
    case 'PAYMENT_EXPIRED':
    case 'PAYMENT_VOIDED':
      return {
        __typename: 'PaymentNotRefundable',
        code: refusal.code,
        message: NOTHING_TAKEN[refusal.code],
        orderId,
      };
    case 'REFUND_EXCEEDS_CAPTURED':
      return {
        __typename: 'RefundExceedsCaptured',
        message: `${refusal.refundable} minor units are left to refund`,
        ...refusal,
      };
    case 'REFUND_IN_OTHER_CURRENCY':
      return {
        __typename: 'RefundInOtherCurrency',
        message: `it was paid in ${refusal.currency}`,
        ...refusal,
      };
    case 'REFUND_ID_REUSED':
      return taken(refusal.code, refundId, `refund ${refundId} was asked for with another amount`);
    case 'REFUND_ID_RESERVED':
      return taken(refusal.code, refundId, `${refundId} is what the undoing of an order is called`);
    case 'PAYMENT_SETTLED':
    case 'PAYMENT_PENDING':
    case 'RETRY_TOO_LATE':
    case 'PAYMENT_NOT_AUTHORIZED':
    case 'VOID_REQUESTED':
    case 'CAPTURE_PENDING':
    case 'ALREADY_CAPTURED':
    case 'ATTEMPT_OUT_OF_ORDER':
      throw new Error(`a refund cannot be refused with ${refusal.code}`);
  }
}

const NOTHING_TAKEN = {
  PAYMENT_NOT_CAPTURED: 'the money has not been taken yet',
  PAYMENT_DECLINED: 'the payment was declined',
  PAYMENT_EXPIRED: 'the money was held, and never taken',
  PAYMENT_VOIDED: 'the money was let go before it was taken',
} as const;

const taken = (code: string, refundId: string, message: string): Answer<RefundIdTaken> => ({
  __typename: 'RefundIdTaken',
  code,
  message,
  refundId,
});

/** How the outcome of another attempt reads in GraphQL. */
export function retryAnswer(orderId: OrderId, outcome: PaymentAnswer): Answer<RetryPaymentResult> {
  if (outcome.outcome === 'refused') return retryRefusal(orderId, outcome.refusal);
  const repeated = outcome.outcome === 'repeated';
  return { __typename: 'PaymentRetryAccepted', orderId, position: outcome.position.toString(), repeated };
}

const NOT_RETRYABLE: Readonly<Partial<Record<Refusal['code'], string>>> = {
  PAYMENT_NOT_FOUND: 'no payment has been asked for yet',
  PAYMENT_PENDING: 'an attempt is under way',
  PAYMENT_SETTLED: 'the payment has succeeded',
  PAYMENT_DECLINED: 'the payment was declined for good',
  PAYMENT_EXPIRED: 'the authorisation has expired',
  PAYMENT_VOIDED: 'the payment was given up',
  RETRY_TOO_LATE: 'the time for another attempt is over',
  CANCELLATION_REQUESTED: 'the order is being cancelled',
  ORDER_CANCELLED: 'the order is cancelled',
  ORDER_REJECTED: 'the order was rejected',
};

function retryRefusal(orderId: OrderId, { code }: Refusal): Answer<RetryPaymentResult> {
  if (code === 'ORDER_NOT_FOUND')
    return { __typename: 'OrderNotFound', code, message: 'there is no such order', orderId };
  const message = NOT_RETRYABLE[code];
  if (message === undefined) throw new Error(`another attempt cannot be refused with ${code}`);
  return { __typename: 'PaymentNotRetryable', code, message, orderId };
}

import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { Answer } from '../answer.js';
import type { RefundIdTaken, RefundPaymentResult } from '../graphql.generated.js';
import type { PaymentRefusal } from './payment.commands.js';
import type { PaymentOutcome } from './payments.js';

interface Refund {
  readonly orderId: OrderId;
  readonly refundId: string;
}

/** How the outcome of a refund reads in GraphQL. */
export function refundAnswer(
  { orderId, refundId }: Refund,
  outcome: PaymentOutcome,
): Answer<RefundPaymentResult> {
  if (outcome.outcome === 'refused') return refundRefusal({ orderId, refundId }, outcome.refusal);
  return {
    __typename: 'RefundAccepted',
    orderId,
    refundId,
    position: outcome.position.toString(),
    repeated: outcome.outcome === 'repeated',
  };
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

import { UNDO_REFUND_ID } from '@orders/shared-events/contracts/payment.commands.js';
import { NOTHING_NEW, refuse } from '../decision.js';
import { type PaymentDecision, nextAttempt, refusal, withoutMoney } from './next-attempt.js';
import type { DataOf } from './payment.commands.js';
import { type Captured, type PaymentState, refundedOrPending } from './payment.state.js';

/** A refund that failed may be asked for again with another amount: others may have come in between. */
export function refund(data: DataOf<'RefundPayment'>, state: PaymentState): PaymentDecision {
  if (state.status !== 'captured') return nothingTaken(data, state);
  const known = state.refunds.get(data.refundId);
  const isOther = known && known.amount !== data.amount;
  if (isOther && known.status !== 'failed') return refusal('REFUND_ID_REUSED', data);
  if (known?.status === 'succeeded') return NOTHING_NEW;
  return nextAttempt(data, known, 'ATTEMPT_OUT_OF_ORDER', () => within(data, state));
}

/**
 * An operator's refund. One that the provider has refused is asked for again, as the next attempt: two who do so at
 * once ask for the same one. Its id stands for its amount, whatever became of it. An order that is being undone is no
 * obstacle: its money goes back in any case, and what is refunded here is left out of that.
 */
export function requestRefund(
  { currency, ...data }: DataOf<'RequestRefund'>,
  state: PaymentState,
): PaymentDecision {
  if (data.refundId === UNDO_REFUND_ID) return refusal('REFUND_ID_RESERVED', data);
  if (state.status !== 'captured') return nothingTaken(data, state);
  if (currency !== state.currency) {
    return refuse({
      code: 'REFUND_IN_OTHER_CURRENCY',
      paymentId: data.paymentId,
      currency: state.currency,
    });
  }
  const known = state.refunds.get(data.refundId);
  if (known && known.amount !== data.amount) return refusal('REFUND_ID_REUSED', data);
  if (known && known.status !== 'failed') return NOTHING_NEW;
  return within({ ...data, attempt: (known?.attempt ?? 0) + 1 }, state);
}

/** What is refunded, with what is about to be, stays within what was captured. */
function within(data: DataOf<'RefundPayment'>, state: Captured): PaymentDecision {
  const refundable = state.captured - refundedOrPending(state);
  return data.amount > refundable
    ? refuse({ code: 'REFUND_EXCEEDS_CAPTURED', paymentId: data.paymentId, refundable })
    : [{ type: 'RefundRequested', data }];
}

function nothingTaken(
  data: Pick<DataOf<'RefundPayment'>, 'paymentId'>,
  state: Exclude<PaymentState, Captured>,
): PaymentDecision {
  switch (state.status) {
    case 'requested':
    case 'authorized':
      return refusal('PAYMENT_NOT_CAPTURED', data);
    case 'none':
    case 'declined':
    case 'expired':
    case 'voided':
      return withoutMoney(data, state);
  }
}

import type { PaymentId } from '@orders/shared-events/contracts/ids.js';
import type { PaymentEvent } from '@orders/shared-events/contracts/payment.events.js';
import { type Decision, NOTHING_NEW, refuse } from '../decision.js';
import type { PaymentRefusal, PaymentStatusRefusal } from './payment.commands.js';

export type PaymentDecision = Decision<PaymentEvent, PaymentRefusal>;

/** A new request is the attempt after the last recorded failure; a lower one is a repeat, a higher one an error. */
export function nextAttempt(
  data: { readonly paymentId: PaymentId; readonly attempt: number },
  last: { readonly attempt: number; readonly status: string } | undefined,
  whilePending: PaymentStatusRefusal['code'],
  request: () => PaymentDecision,
): PaymentDecision {
  const lastAttempt = last?.attempt ?? 0;
  if (data.attempt <= lastAttempt) return NOTHING_NEW;
  if (last && last.status !== 'failed') return refusal(whilePending, data);
  return data.attempt === lastAttempt + 1 ? request() : refusal('ATTEMPT_OUT_OF_ORDER', data);
}

export const refusal = (
  code: PaymentStatusRefusal['code'],
  { paymentId }: { readonly paymentId: PaymentId },
): PaymentDecision => refuse({ code, paymentId });

const WITHOUT_MONEY = {
  none: 'PAYMENT_NOT_FOUND',
  declined: 'PAYMENT_DECLINED',
  expired: 'PAYMENT_EXPIRED',
  voided: 'PAYMENT_VOIDED',
} as const;

/** Of a payment that neither holds nor has taken money, nothing can be captured or refunded. */
export const withoutMoney = (
  data: { readonly paymentId: PaymentId },
  { status }: { readonly status: keyof typeof WITHOUT_MONEY },
): PaymentDecision => refusal(WITHOUT_MONEY[status], data);

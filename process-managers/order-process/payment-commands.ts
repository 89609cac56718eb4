import { type OrderId, type PaymentId, paymentStream } from '@orders/shared-events/contracts/ids.js';
import { type PaymentBusCommand, UNDO_REFUND_ID } from '@orders/shared-events/contracts/payment.commands.js';
import { type OutstandingCommand, outstanding } from './outstanding.js';
import {
  type Attempt,
  type PaymentLeg,
  type Refund,
  attemptsLeft,
  holdsNoMoney,
  mayBeTriedAgain,
  moneyLeft,
  owedRefunds,
} from './payment-leg.js';

/** Whose payment it is. */
interface Payer {
  readonly orderId: OrderId;
  readonly paymentId: PaymentId;
  readonly payment: PaymentLeg;
}

type Terms = Omit<
  Extract<PaymentBusCommand, { type: 'AuthorizePayment' }>['data'],
  'orderId' | 'paymentId' | 'amount'
> & {
  readonly total: number;
};

/**
 * Repeated while the customer is to act, too: a repeat has the provider asked how far they are, should its
 * notification be lost. After a decline there is nothing to ask.
 */
export function authorize(
  payer: Payer,
  { total, currency, paymentMethod, captureMethod }: Terms,
): OutstandingCommand[] {
  if (payer.payment.turn === 'declined customer') return [];
  const data = { ...idsOf(payer), amount: total, currency, paymentMethod, captureMethod };
  return toPayment(payer, { type: 'AuthorizePayment', data }, { number: 1 });
}

export function capture(payer: Payer): OutstandingCommand[] {
  const attempt = payer.payment.attempts.capture;
  return toPayment(
    payer,
    { type: 'CapturePayment', data: { ...idsOf(payer), attempt: attempt.number } },
    attempt,
  );
}

/** The refunds that others asked for, until their outcome is known; the provider's refusals are tried again. */
export function refunds(payer: Payer): OutstandingCommand[] {
  return owedRefunds(payer.payment)
    .filter(([refundId]) => refundId !== UNDO_REFUND_ID)
    .flatMap(([refundId, known]) => refund(payer, refundId, known, known.amount));
}

/**
 * What gives the money back. A capture on its way is asked for again first: the repeat makes the command side
 * find out what became of it, and only then is it clear whether to void or to refund. So are the refunds that
 * others asked for: what they leave is what is given back.
 */
export function giveBack(payer: Payer): OutstandingCommand[] {
  const { payment } = payer;
  if (holdsNoMoney(payment)) return [];
  if (payment.capturing) return capture(payer);
  return payment.status === 'captured' ? refundAll(payer) : voidAuthorization(payer);
}

function refundAll(payer: Payer): OutstandingCommand[] {
  const { payment } = payer;
  const pending = Object.entries(payment.refunds).filter(([, { status }]) => status === 'pending');
  if (pending.length > 0)
    return pending.flatMap(([refundId, known]) => refund(payer, refundId, known, known.amount));
  return refund(payer, UNDO_REFUND_ID, payment.refunds[UNDO_REFUND_ID], moneyLeft(payment));
}

/** The attempt that is under way, or the next one. Nothing where it is done, or was refused too often. */
function refund(
  payer: Payer,
  refundId: string,
  known: Refund | undefined,
  amount: number,
): OutstandingCommand[] {
  if (known?.status === 'done' || (known?.status === 'failed' && !mayBeTriedAgain(payer.payment, known)))
    return [];
  const number = known?.status === 'failed' ? known.attempt + 1 : (known?.attempt ?? 1);
  const attempt = known?.notBefore === undefined ? { number } : { number, notBefore: known.notBefore };
  const data = { ...idsOf(payer), refundId, amount, attempt: number };
  return toPayment(payer, { type: 'RefundPayment', data }, attempt, refundId);
}

function voidAuthorization(payer: Payer): OutstandingCommand[] {
  if (!attemptsLeft(payer.payment, 'void')) return [];
  const attempt = payer.payment.attempts.void;
  return toPayment(
    payer,
    { type: 'VoidAuthorization', data: { ...idsOf(payer), attempt: attempt.number } },
    attempt,
  );
}

const idsOf = ({ orderId, paymentId }: Payer) => ({ orderId, paymentId });

function toPayment(
  { orderId, paymentId }: Payer,
  command: PaymentBusCommand,
  { number, notBefore }: Attempt,
  about = '',
): OutstandingCommand[] {
  return [outstanding(orderId, paymentStream(paymentId), command, number, { notBefore, about })];
}

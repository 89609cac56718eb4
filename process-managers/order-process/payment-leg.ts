import { later } from '@orders/shared-events/contracts/instants.js';
import { type OrderId, type PaymentId, paymentStream } from '@orders/shared-events/contracts/ids.js';
import type { PaymentBusCommand } from '@orders/shared-events/contracts/payment.commands.js';
import type { PaymentEvent } from '@orders/shared-events/contracts/payment.events.js';
import { type OutstandingCommand, outstanding } from './outstanding.js';

/**
 * What the process knows of its payment.
 *
 * unsettled ─▶ authorized ─▶ captured        declined, voided: no money is held.
 *     │             └──────▶ voided          A success that comes after `declined` or `voided` counts: money is
 *     ├──▶ captured                          held again, and is given back again.
 *     ├──▶ declined                          A failure that comes after a success changes nothing.
 *     └──▶ voided
 */
export interface PaymentLeg {
  readonly status: 'unsettled' | 'authorized' | 'captured' | 'declined' | 'voided';
  /** The provider was asked to capture and its answer is not known: nothing may be voided until it is. */
  readonly capturing: boolean;
  /** Minor units. */
  readonly captured: number;
  readonly refunded: number;
  /** The attempt that is due next for each operation. */
  readonly attempts: { readonly capture: Attempt; readonly void: Attempt; readonly refund: Attempt };
}

/** `number` counts from 1 and rises only on a recorded failure, which also tells how long to wait. */
interface Attempt {
  readonly number: number;
  readonly notBefore?: string;
}

/** The payment events that change what the process does. The others are the aggregate's own bookkeeping. */
export type PaymentNews = Extract<
  PaymentEvent,
  {
    type:
      | 'PaymentAuthorized'
      | 'PaymentDeclined'
      | 'CaptureRequested'
      | 'PaymentCaptured'
      | 'PaymentCaptureFailed'
      | 'AuthorizationVoided'
      | 'VoidFailed'
      | 'PaymentRefunded'
      | 'RefundFailed';
  }
>;

export const unsettled: PaymentLeg = {
  status: 'unsettled',
  capturing: false,
  captured: 0,
  refunded: 0,
  attempts: { capture: { number: 1 }, void: { number: 1 }, refund: { number: 1 } },
};

/** A refused operation is tried this often in all; then it takes another way, or an operator. */
export const MOST_ATTEMPTS = { capture: 3, void: 5, refund: 5 } as const;
type Repeatable = keyof typeof MOST_ATTEMPTS;

/** The refund with which the process undoes its order. There is one; a repeat of it is an attempt. */
export const UNDO_REFUND_ID = 'order-undone';

const FIRST_PAUSE_MS = 500;
const PAUSE_GROWTH = 3;

export const attemptsLeft = (leg: PaymentLeg, operation: Repeatable): boolean =>
  leg.attempts[operation].number <= MOST_ATTEMPTS[operation];

export const moneyLeft = (leg: PaymentLeg): number => leg.captured - leg.refunded;

/** True when no money is held and none can come to be held by what was already asked for. */
export function holdsNoMoney(leg: PaymentLeg): boolean {
  switch (leg.status) {
    case 'unsettled':
    case 'authorized':
      return false;
    case 'captured':
      return moneyLeft(leg) <= 0;
    case 'declined':
    case 'voided':
      return !leg.capturing;
  }
}

/** @param at when the process heard it: pauses count from there */
export function hearPayment(leg: PaymentLeg, event: PaymentNews, at: string): PaymentLeg {
  switch (event.type) {
    case 'PaymentAuthorized':
      return authorized(leg);
    case 'PaymentDeclined':
      return leg.status === 'unsettled' ? { ...leg, status: 'declined' } : leg;
    case 'CaptureRequested':
      return leg.status === 'captured' ? leg : { ...leg, capturing: true };
    case 'PaymentCaptured':
      return { ...leg, status: 'captured', capturing: false, captured: event.data.amount };
    case 'PaymentCaptureFailed':
      return leg.status === 'captured'
        ? leg
        : { ...failed(leg, 'capture', event.data.attempt, at), capturing: false };
    case 'AuthorizationVoided':
      return leg.status === 'captured' ? leg : { ...leg, status: 'voided' };
    case 'VoidFailed':
      return leg.status === 'captured' ? leg : failed(leg, 'void', event.data.attempt, at);
    case 'PaymentRefunded':
      return { ...leg, refunded: leg.refunded + event.data.amount };
    case 'RefundFailed':
      return event.data.refundId === UNDO_REFUND_ID ? failed(leg, 'refund', event.data.attempt, at) : leg;
  }
}

function authorized(leg: PaymentLeg): PaymentLeg {
  switch (leg.status) {
    case 'authorized':
    case 'captured':
      return leg;
    case 'unsettled':
    case 'declined':
      return { ...leg, status: 'authorized' };
    case 'voided':
      // The void that was answered did not cover this authorisation: it needs one of its own.
      return { ...leg, status: 'authorized', attempts: { ...leg.attempts, void: next(leg.attempts.void) } };
  }
}

const next = ({ number }: Attempt): Attempt => ({ number: number + 1 });

function failed(leg: PaymentLeg, operation: Repeatable, attempt: number, at: string): PaymentLeg {
  if (attempt < leg.attempts[operation].number) return leg;
  const notBefore = later(at, FIRST_PAUSE_MS * PAUSE_GROWTH ** (attempt - 1));
  return { ...leg, attempts: { ...leg.attempts, [operation]: { number: attempt + 1, notBefore } } };
}

/** Whose payment it is, and on what terms. */
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

export function authorize(
  payer: Payer,
  { total, currency, paymentMethod, captureMethod }: Terms,
): OutstandingCommand[] {
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

/**
 * What gives the money back. A capture on its way is asked for again first: the repeat makes the command side
 * find out what became of it, and only then is it clear whether to void or to refund.
 */
export function giveBack(payer: Payer): OutstandingCommand[] {
  const { payment } = payer;
  if (holdsNoMoney(payment)) return [];
  if (payment.capturing) return capture(payer);
  return payment.status === 'captured' ? refund(payer) : voidAuthorization(payer);
}

function refund(payer: Payer): OutstandingCommand[] {
  if (!attemptsLeft(payer.payment, 'refund')) return [];
  const attempt = payer.payment.attempts.refund;
  const refundOf = { refundId: UNDO_REFUND_ID, amount: moneyLeft(payer.payment), attempt: attempt.number };
  return toPayment(payer, { type: 'RefundPayment', data: { ...idsOf(payer), ...refundOf } }, attempt);
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
): OutstandingCommand[] {
  return [outstanding(orderId, paymentStream(paymentId), command, number, notBefore)];
}

import { later } from '@orders/shared-events/contracts/instants.js';
import type { PaymentEvent } from '@orders/shared-events/contracts/payment.events.js';
import type { Rules } from './rules.js';

/**
 * What the process knows of its payment.
 *
 * unsettled ─▶ authorized ─▶ captured        declined, voided, expired: no money is held.
 *     │             ├──────▶ voided          A success that comes after one of these counts: money is held again,
 *     ├──▶ captured └──────▶ expired         and is given back again.
 *     ├──▶ declined                          A failure that comes after a success changes nothing.
 *     └──▶ voided
 */
export interface PaymentLeg {
  readonly status: 'unsettled' | 'authorized' | 'captured' | 'declined' | 'voided' | 'expired';
  /** While unsettled: the provider's answer is awaited, or the customer has to act, or was declined and may pay in another way. */
  readonly turn: 'provider' | 'customer' | 'declined customer';
  /** How long the customer may act; only where they were asked to. */
  readonly payableUntil?: string;
  /** The provider cannot be called for now. */
  readonly deferred: boolean;
  /** When it answered again after that. */
  readonly reachedAt?: string;
  /** The provider was asked to capture and its answer is not known: nothing may be voided until it is. */
  readonly capturing: boolean;
  /** Minor units. */
  readonly captured: number;
  readonly refunds: Readonly<Record<string, Refund>>;
  /** The attempt that is due next for each operation. */
  readonly attempts: { readonly capture: Attempt; readonly void: Attempt };
  /** How often an operator has let it be tried as often again. */
  readonly granted: number;
}

/** Amount in minor units; `attempt` is the last one that was asked for, `notBefore` when the next one may be. */
export interface Refund {
  readonly status: 'pending' | 'done' | 'failed';
  readonly amount: number;
  readonly attempt: number;
  readonly notBefore?: string;
}

/** `number` counts from 1 and rises only on a recorded failure, which also tells how long to wait. */
export interface Attempt {
  readonly number: number;
  readonly notBefore?: string;
}

/** The payment events that change what the process does. The others are the aggregate's own bookkeeping. */
export type PaymentNews = Extract<
  PaymentEvent,
  {
    type:
      | 'PaymentRequested'
      | 'PaymentActionRequired'
      | 'PaymentAuthorized'
      | 'PaymentDeclined'
      | 'AuthorizationExpired'
      | 'CaptureRequested'
      | 'PaymentCaptured'
      | 'PaymentCaptureFailed'
      | 'AuthorizationVoided'
      | 'VoidFailed'
      | 'RefundRequested'
      | 'PaymentRefunded'
      | 'RefundFailed'
      | 'ProviderCallDeferred';
  }
>;

export const unsettled: PaymentLeg = {
  status: 'unsettled',
  turn: 'provider',
  deferred: false,
  capturing: false,
  captured: 0,
  refunds: {},
  attempts: { capture: { number: 1 }, void: { number: 1 } },
  granted: 0,
};

/** A refused operation is tried this often; then it takes another way, or an operator, who may grant as many again. */
export const MOST_ATTEMPTS = { capture: 3, void: 5, refund: 5 } as const;
type Operation = keyof typeof MOST_ATTEMPTS;

const FIRST_PAUSE_MS = 500;
const PAUSE_GROWTH = 3;

const mostOf = ({ granted }: PaymentLeg, operation: Operation): number =>
  MOST_ATTEMPTS[operation] * (1 + granted);

export const attemptsLeft = (leg: PaymentLeg, operation: 'capture' | 'void'): boolean =>
  leg.attempts[operation].number <= mostOf(leg, operation);

export const mayBeTriedAgain = (leg: PaymentLeg, { attempt }: Refund): boolean =>
  attempt < mostOf(leg, 'refund');

export const moneyLeft = ({ captured, refunds }: PaymentLeg): number =>
  Object.values(refunds)
    .filter(({ status }) => status === 'done')
    .reduce((left, { amount }) => left - amount, captured);

/**
 * The refunds, by id, that have not come to their end. One that was refused has where the others, those on their way
 * included, leave no room for it any more.
 */
export function owedRefunds(leg: PaymentLeg): readonly (readonly [refundId: string, refund: Refund])[] {
  const refunds = Object.entries(leg.refunds);
  const room = refunds
    .filter(([, { status }]) => status === 'pending')
    .reduce((left, [, { amount }]) => left - amount, moneyLeft(leg));
  return refunds.filter(
    ([, { status, amount }]) => status === 'pending' || (status === 'failed' && amount <= room),
  );
}

/** The provider refuses a refund for good, as far as the process can tell. */
export const refundIsStuck = (leg: PaymentLeg): boolean =>
  owedRefunds(leg).some(([, refund]) => refund.status === 'failed' && !mayBeTriedAgain(leg, refund));

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
    case 'expired':
      return !leg.capturing;
  }
}

/** The first attempt is what the process itself asked for: only what the customer tries after it is news. */
export const isNews = (event: PaymentNews): boolean =>
  event.type !== 'PaymentRequested' || event.data.attempt > 1;

/** @param at when the process heard it: pauses count from there */
export function hearPayment(leg: PaymentLeg, event: PaymentNews, at: string, rules: Rules): PaymentLeg {
  if (event.type === 'ProviderCallDeferred') return { ...leg, deferred: true };
  const reached = leg.deferred ? { ...leg, deferred: false, reachedAt: at } : leg;
  switch (event.type) {
    case 'PaymentRequested':
      return leg.status === 'unsettled' ? { ...reached, turn: 'provider' } : leg;
    case 'PaymentActionRequired':
      return leg.status === 'unsettled' ? customersTurn(reached, event.data.expiresAt) : leg;
    case 'PaymentAuthorized':
      return authorized(reached);
    case 'PaymentDeclined':
      return leg.status === 'unsettled' ? declined(reached, at, rules) : leg;
    case 'AuthorizationExpired':
      return leg.status === 'captured' ? leg : { ...reached, status: 'expired' };
    case 'CaptureRequested':
      return leg.status === 'captured' ? leg : { ...leg, capturing: true };
    case 'PaymentCaptured':
      return { ...reached, status: 'captured', capturing: false, captured: event.data.amount };
    case 'PaymentCaptureFailed':
      return leg.status === 'captured'
        ? leg
        : { ...failed(reached, 'capture', event.data.attempt, at), capturing: false };
    case 'AuthorizationVoided':
      return leg.status === 'captured' ? leg : { ...reached, status: 'voided' };
    case 'VoidFailed':
      return leg.status === 'captured' ? leg : failed(reached, 'void', event.data.attempt, at);
    case 'RefundRequested':
      return withRefund(leg, event.data, { status: 'pending', amount: event.data.amount });
    case 'PaymentRefunded':
      return withRefund(reached, event.data, { status: 'done', amount: event.data.amount });
    case 'RefundFailed':
      return withRefund(reached, event.data, {
        status: 'failed',
        notBefore: pauseAfter('refund', event.data.attempt, at),
      });
  }
}

/** The first such moment sets how long the customer has in all. */
const customersTurn = (leg: PaymentLeg, expiresAt: string): PaymentLeg => ({
  ...leg,
  turn: 'customer',
  payableUntil: leg.payableUntil ?? expiresAt,
});

const declined = (leg: PaymentLeg, at: string, rules: Rules): PaymentLeg =>
  mayPayInAnotherWay(leg, at, rules) ? { ...leg, turn: 'declined customer' } : { ...leg, status: 'declined' };

function mayPayInAnotherWay({ payableUntil }: PaymentLeg, at: string, { afterDecline }: Rules): boolean {
  if (payableUntil === undefined) return false;
  switch (afterDecline) {
    case 'give up':
      return false;
    case 'wait while there is time':
      return at < payableUntil;
    case 'wait for the deadline':
      return true;
  }
}

function authorized(leg: PaymentLeg): PaymentLeg {
  switch (leg.status) {
    case 'authorized':
    case 'captured':
      return leg;
    case 'unsettled':
    case 'declined':
    case 'expired':
      return { ...leg, status: 'authorized' };
    case 'voided':
      // The void that was answered did not cover this authorisation: it needs one of its own.
      return {
        ...leg,
        status: 'authorized',
        attempts: { ...leg.attempts, void: { number: leg.attempts.void.number + 1 } },
      };
  }
}

function failed(leg: PaymentLeg, operation: 'capture' | 'void', attempt: number, at: string): PaymentLeg {
  if (attempt < leg.attempts[operation].number) return leg;
  const next = { number: attempt + 1, notBefore: pauseAfter(operation, attempt, at) };
  return { ...leg, attempts: { ...leg.attempts, [operation]: next } };
}

/** Grows from attempt to attempt, and begins anew with those that an operator grants. */
const pauseAfter = (operation: Operation, attempt: number, at: string): string =>
  later(at, FIRST_PAUSE_MS * PAUSE_GROWTH ** ((attempt - 1) % MOST_ATTEMPTS[operation]));

function withRefund(
  leg: PaymentLeg,
  { refundId, attempt }: { readonly refundId: string; readonly attempt: number },
  change: Pick<Refund, 'status'> & Partial<Refund>,
): PaymentLeg {
  const before = leg.refunds[refundId];
  if (before?.status === 'done') return leg;
  // Money that was paid back is, whichever attempt it was; of anything else only the last attempt counts.
  if (before && change.status !== 'done' && attempt < before.attempt) return leg;
  const amount = before?.amount ?? moneyLeft(leg);
  return { ...leg, refunds: { ...leg.refunds, [refundId]: { amount, attempt, ...change } } };
}

/** What is due next may be tried at once; what was refused as often as it is tried may be tried as often again. */
export function grantAttempts(leg: PaymentLeg): PaymentLeg {
  const isUsedUp = !attemptsLeft(leg, 'void') || refundsUsedUp(leg).length > 0;
  const { capture, void: voiding } = leg.attempts;
  return {
    ...leg,
    granted: isUsedUp ? leg.granted + 1 : leg.granted,
    attempts: { capture: { number: capture.number }, void: { number: voiding.number } },
    refunds: mapped(leg.refunds, ({ notBefore: _over, ...refund }) => refund),
  };
}

/** Somebody voided at the provider what it had refused to void here. */
export const voidedByHand = (leg: PaymentLeg): PaymentLeg =>
  leg.status === 'captured' ? leg : { ...leg, status: 'voided', capturing: false };

/** Somebody paid back in another way what the provider had refused to refund. */
export function paidBackByHand(leg: PaymentLeg): PaymentLeg {
  const usedUp = new Set(refundsUsedUp(leg).map(([refundId]) => refundId));
  const refunds = mapped(leg.refunds, (refund, refundId) =>
    usedUp.has(refundId) ? { ...refund, status: 'done' as const } : refund,
  );
  return { ...leg, refunds };
}

const refundsUsedUp = (leg: PaymentLeg) =>
  Object.entries(leg.refunds).filter(
    ([, refund]) => refund.status === 'failed' && !mayBeTriedAgain(leg, refund),
  );

const mapped = <Value>(
  record: Readonly<Record<string, Value>>,
  change: (value: Value, key: string) => Value,
): Record<string, Value> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));

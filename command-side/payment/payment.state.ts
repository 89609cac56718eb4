import type { Occurred } from '@orders/shared-events/contracts/envelope.js';
import type { OrderId, PaymentId } from '@orders/shared-events/contracts/ids.js';
import type { Currency } from '@orders/shared-events/contracts/money.js';
import type { CaptureMethod, PaymentEvent } from '@orders/shared-events/contracts/payment.events.js';

//  none ──▶ requested ──▶ authorized ──▶ captured (refunds)          MANUAL
//    │       ▲  │  │ └─────────│─────────▶ captured (refunds)          AUTOMATIC: charged in one call
//    │       │  │  │           └──▶ expired
//    │       └──┼──▼                                              once the customer had to act, they may
//    │          │ declined                                        pay in another way until `payableUntil`
//    └──────────┴──▶ voided ◀── authorized, declined                   terminal mark
//
// A success that the provider reports late is recorded from every state: money moved, whatever we thought.

/** What was asked for. Amount in minor units; `attempt` is that of the authorisation or charge. */
export interface Terms {
  readonly paymentId: PaymentId;
  readonly orderId: OrderId;
  readonly attempt: number;
  readonly amount: number;
  readonly currency: Currency;
  readonly paymentMethod: string;
  readonly captureMethod: CaptureMethod;
  /** How long the customer may act or pay in another way; only where the provider wanted them to act. */
  readonly payableUntil?: string;
  readonly noted: Noted;
}

/** Ids of the provider's notifications and names of discrepancies that stand: neither is recorded twice. */
type Noted = readonly string[];
const MOST_NOTED = 100;

/**
 * The last call of one operation. `unknown`: the provider was called and its answer did not come. `deferred`: it cannot
 * be called for now.
 */
export interface Call {
  readonly attempt: number;
  readonly status: 'outstanding' | 'unknown' | 'deferred' | 'failed';
}

export interface Refund {
  readonly refundId: string;
  readonly amount: number;
  readonly attempt: number;
  readonly status: Call['status'] | 'succeeded';
}

export type PaymentState =
  | { readonly status: 'none'; readonly noted?: Noted }
  | (Terms & {
      readonly status: 'requested';
      /** `action-required`: it is the customer's turn, at the provider. */
      readonly call: Exclude<Call['status'], 'failed'> | 'action-required';
      readonly voiding?: Call;
    })
  /** A void that was under way goes on: it ends the time in which the customer may pay in another way. */
  | (Terms & { readonly status: 'declined'; readonly voiding?: Call })
  | (Terms & { readonly status: 'expired' })
  | (Terms & { readonly status: 'authorized'; readonly capture?: Call; readonly voiding?: Call })
  | (Terms & {
      readonly status: 'captured';
      readonly captured: number;
      readonly captureAttempt: number;
      readonly refunds: ReadonlyMap<string, Refund>;
    })
  | { readonly status: 'voided'; readonly terms: Terms | undefined; readonly noted: Noted };

export type Requested = Extract<PaymentState, { status: 'requested' }>;
export type Authorized = Extract<PaymentState, { status: 'authorized' }>;
export type Captured = Extract<PaymentState, { status: 'captured' }>;

/** Refunds that have taken, or may yet take, money back. Minor units. */
export const refundedOrPending = (state: Captured): number =>
  [...state.refunds.values()]
    .filter((refund) => refund.status !== 'failed')
    .reduce((total, refund) => total + refund.amount, 0);

export const isPending = (status: Refund['status'] | undefined): boolean =>
  status === 'outstanding' || status === 'unknown' || status === 'deferred';

/** True where the provider is owed a call that it cannot be called for now. */
export function isDeferred(state: PaymentState): boolean {
  switch (state.status) {
    case 'requested':
      return (state.voiding?.status ?? state.call) === 'deferred';
    case 'authorized':
      return (state.voiding ?? state.capture)?.status === 'deferred';
    case 'captured':
      return [...state.refunds.values()].some(({ status }) => status === 'deferred');
    case 'declined':
      return state.voiding?.status === 'deferred';
    case 'none':
    case 'expired':
    case 'voided':
      return false;
  }
}

export const notedOf = (state: PaymentState): Noted => state.noted ?? [];

/** Undefined where no payment was ever asked for. */
export function termsOf(state: PaymentState): Terms | undefined {
  if (state.status === 'none') return undefined;
  if (state.status === 'voided') return state.terms && { ...state.terms, noted: state.noted };
  const { paymentId, orderId, attempt, amount, currency, paymentMethod, captureMethod, noted } = state;
  const { payableUntil } = state;
  return {
    ...{ paymentId, orderId, attempt, amount, currency, paymentMethod, captureMethod, noted },
    ...(payableUntil === undefined ? {} : { payableUntil }),
  };
}

export function evolvePayment(state: PaymentState, event: Occurred<PaymentEvent>): PaymentState {
  const next = evolved(state, event);
  return 'notificationId' in event.data ? withNote(next, event.data.notificationId) : next;
}

function evolved(state: PaymentState, event: Occurred<PaymentEvent>): PaymentState {
  const noted = notedOf(state);
  const terms = termsOf(state);
  if (event.type === 'PaymentRequested') {
    const { payableUntil } = terms ?? {};
    const kept = payableUntil === undefined ? { noted } : { noted, payableUntil };
    return { ...event.data, ...kept, status: 'requested', call: 'outstanding' };
  }
  if (event.type === 'AuthorizationVoided') return { status: 'voided', terms, noted };
  if (event.type === 'ProviderNotificationIgnored' || event.type === 'ProviderNotificationUnmatched')
    return state;
  return terms ? evolveRequested(state, terms, event) : state;
}

type OfRequested = Exclude<
  Occurred<PaymentEvent>,
  {
    type:
      | 'PaymentRequested'
      | 'AuthorizationVoided'
      | 'ProviderNotificationIgnored'
      | 'ProviderNotificationUnmatched';
  }
>;

function evolveRequested(state: PaymentState, terms: Terms, event: OfRequested): PaymentState {
  switch (event.type) {
    case 'PaymentAuthorized':
      return { ...terms, status: 'authorized', ...voidingOf(state) };
    case 'PaymentDeclined':
      return { ...terms, status: 'declined', ...voidingOf(state) };
    case 'PaymentActionRequired':
      return actionRequired(state, event.data.expiresAt);
    case 'AuthorizationExpired':
      return { ...terms, status: 'expired' };
    case 'PaymentCaptured':
      return captured(terms, event.data.amount, event.data.attempt);
    case 'CaptureRequested':
      return withCapture(state, { attempt: event.data.attempt, status: 'outstanding' });
    case 'PaymentCaptureFailed':
      return withCapture(state, { attempt: event.data.attempt, status: 'failed' });
    case 'VoidRequested':
      return withVoiding(state, { attempt: event.data.attempt, status: 'outstanding' });
    case 'VoidFailed':
      return withVoiding(state, { attempt: event.data.attempt, status: 'failed' });
    case 'RefundRequested':
      return withRefund(state, event.data.refundId, {
        amount: event.data.amount,
        attempt: event.data.attempt,
        status: 'outstanding',
      });
    case 'PaymentRefunded':
      return withRefund(state, event.data.refundId, { attempt: event.data.attempt, status: 'succeeded' });
    case 'RefundFailed':
      return withRefund(state, event.data.refundId, { status: 'failed' });
    case 'PaymentOutcomeUnknown':
      return withCall(state, event.data, 'unknown');
    case 'ProviderCallDeferred':
      return withCall(state, event.data, 'deferred');
    case 'PaymentDiscrepancyDetected':
      return event.data.repaired ? state : withNote(state, discrepancyName(event.data));
  }
}

/** What a discrepancy is known by: that the same one is found again is no news. */
export const discrepancyName = ({
  kind,
  operation,
  attempt,
  refundId = '',
}: Pick<DiscrepancyDetected, 'kind' | 'operation' | 'attempt' | 'refundId'>): string =>
  [kind, operation, refundId, attempt].join(':');

type DiscrepancyDetected = Extract<PaymentEvent, { type: 'PaymentDiscrepancyDetected' }>['data'];

function withNote(state: PaymentState, note: string | undefined): PaymentState {
  if (note === undefined) return state;
  return { ...state, noted: [...notedOf(state), note].slice(-MOST_NOTED) };
}

/** The first such moment sets how long the customer has in all. */
const actionRequired = (state: PaymentState, expiresAt: string): PaymentState =>
  state.status === 'requested'
    ? { ...state, call: 'action-required', payableUntil: state.payableUntil ?? expiresAt }
    : state;

const captured = (terms: Terms, amount: number, captureAttempt: number): Captured => ({
  ...terms,
  status: 'captured',
  captured: amount,
  captureAttempt,
  refunds: new Map(),
});

const withCapture = (state: PaymentState, capture: Call): PaymentState =>
  state.status === 'authorized' ? { ...state, capture } : state;

const withVoiding = (state: PaymentState, voiding: Call): PaymentState =>
  state.status === 'authorized' || state.status === 'requested' || state.status === 'declined'
    ? { ...state, voiding }
    : state;

const voidingOf = (state: PaymentState): { readonly voiding?: Call } =>
  'voiding' in state && state.voiding ? { voiding: state.voiding } : {};

function withRefund(state: PaymentState, refundId: string, change: Partial<Refund>): PaymentState {
  if (state.status !== 'captured') return state;
  const before = state.refunds.get(refundId) ?? { refundId, amount: 0, attempt: 0, status: 'outstanding' };
  return { ...state, refunds: new Map(state.refunds).set(refundId, { ...before, ...change }) };
}

function withCall(
  state: PaymentState,
  { operation, attempt, refundId }: Extract<PaymentEvent, { type: 'PaymentOutcomeUnknown' }>['data'],
  status: 'unknown' | 'deferred',
): PaymentState {
  switch (operation) {
    case 'authorize':
    case 'charge':
      return state.status === 'requested' ? { ...state, call: status } : state;
    case 'capture':
      return withCapture(state, { attempt, status });
    case 'void':
      return withVoiding(state, { attempt, status });
    case 'refund':
      return refundId === undefined ? state : withRefund(state, refundId, { status });
  }
}

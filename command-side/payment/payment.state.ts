import type { Occurred } from '@orders/shared-events/contracts/envelope.js';
import type { OrderId, PaymentId } from '@orders/shared-events/contracts/ids.js';
import type { Currency } from '@orders/shared-events/contracts/money.js';
import type { CaptureMethod, PaymentEvent } from '@orders/shared-events/contracts/payment.events.js';

//  none ──▶ requested ──▶ authorized ──▶ captured (refunds)          MANUAL
//    │          │  └──────────────────▶ captured (refunds)          AUTOMATIC: charged in one call
//    │          ├──▶ declined
//    └──────────┴──▶ voided ◀── authorized                          terminal mark
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
}

/** The last call of one operation. `unknown`: the provider was called and its answer did not come. */
export interface Call {
  readonly attempt: number;
  readonly status: 'outstanding' | 'unknown' | 'failed';
}

export interface Refund {
  readonly refundId: string;
  readonly amount: number;
  readonly attempt: number;
  readonly status: Call['status'] | 'succeeded';
}

export type PaymentState =
  | { readonly status: 'none' }
  | (Terms & {
      readonly status: 'requested';
      readonly call: 'outstanding' | 'unknown';
      readonly voiding?: Call;
    })
  | (Terms & { readonly status: 'declined' })
  | (Terms & { readonly status: 'authorized'; readonly capture?: Call; readonly voiding?: Call })
  | (Terms & {
      readonly status: 'captured';
      readonly captured: number;
      readonly captureAttempt: number;
      readonly refunds: ReadonlyMap<string, Refund>;
    })
  | { readonly status: 'voided'; readonly terms: Terms | undefined };

export type Requested = Extract<PaymentState, { status: 'requested' }>;
export type Authorized = Extract<PaymentState, { status: 'authorized' }>;
export type Captured = Extract<PaymentState, { status: 'captured' }>;

/** Refunds that have taken, or may yet take, money back. Minor units. */
export const refundedOrPending = (state: Captured): number =>
  [...state.refunds.values()]
    .filter((refund) => refund.status !== 'failed')
    .reduce((total, refund) => total + refund.amount, 0);

export const isPending = (status: Refund['status'] | undefined): boolean =>
  status === 'outstanding' || status === 'unknown';

/** Undefined where no payment was ever asked for. */
export function termsOf(state: PaymentState): Terms | undefined {
  if (state.status === 'none') return undefined;
  if (state.status === 'voided') return state.terms;
  const { paymentId, orderId, attempt, amount, currency, paymentMethod, captureMethod } = state;
  return { paymentId, orderId, attempt, amount, currency, paymentMethod, captureMethod };
}

export function evolvePayment(state: PaymentState, event: Occurred<PaymentEvent>): PaymentState {
  if (event.type === 'PaymentRequested') return { ...event.data, status: 'requested', call: 'outstanding' };
  const terms = termsOf(state);
  if (event.type === 'AuthorizationVoided') return { status: 'voided', terms };
  if (!terms) return state;
  switch (event.type) {
    case 'PaymentAuthorized':
      return { ...terms, status: 'authorized', ...('voiding' in state ? { voiding: state.voiding } : {}) };
    case 'PaymentDeclined':
      return { ...terms, status: 'declined' };
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
      return unknown(state, event.data);
    case 'ProviderNotificationIgnored':
      return state;
  }
}

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
  state.status === 'authorized' || state.status === 'requested' ? { ...state, voiding } : state;

function withRefund(state: PaymentState, refundId: string, change: Partial<Refund>): PaymentState {
  if (state.status !== 'captured') return state;
  const before = state.refunds.get(refundId) ?? { refundId, amount: 0, attempt: 0, status: 'outstanding' };
  return { ...state, refunds: new Map(state.refunds).set(refundId, { ...before, ...change }) };
}

function unknown(
  state: PaymentState,
  { operation, attempt, refundId }: Extract<PaymentEvent, { type: 'PaymentOutcomeUnknown' }>['data'],
): PaymentState {
  switch (operation) {
    case 'authorize':
    case 'charge':
      return state.status === 'requested' ? { ...state, call: 'unknown' } : state;
    case 'capture':
      return withCapture(state, { attempt, status: 'unknown' });
    case 'void':
      return withVoiding(state, { attempt, status: 'unknown' });
    case 'refund':
      return refundId === undefined ? state : withRefund(state, refundId, { status: 'unknown' });
  }
}

import type { ProviderOperation } from '@orders/shared-events/contracts/payment.events.js';
import type { ProviderCall } from './owed-calls.js';

/** What the simulated provider does with one call. */
export type Behaviour =
  | { readonly kind: 'succeeds' }
  | { readonly kind: 'fails'; readonly code: string }
  /** It takes effect, and the answer takes a while. */
  | { readonly kind: 'is slow' }
  /** The first answer under the key does not come; whether the call took effect is another matter. */
  | { readonly kind: 'times out'; readonly withEffect: boolean }
  /** The customer has so many milliseconds to act; where they approve, it succeeds, or fails with that code. */
  | { readonly kind: 'asks the customer'; readonly withinMs: number; readonly thenFails?: string }
  /** It takes effect, and what it holds is over as soon as somebody wants to capture it. */
  | { readonly kind: 'expires' }
  /**
   * It takes effect, and a webhook tells so: before the answer, twice beside it, in its place, or long after it.
   */
  | { readonly kind: 'notifies'; readonly how: 'first' | 'twice' | 'only' | 'late' };

type Token = (call: ProviderCall) => Behaviour;

const CUSTOMERS_TIME_MS = 15 * 60_000;
const TOO_SHORT_MS = 4_000;

const succeeds: Behaviour = { kind: 'succeeds' };
const asks = ({ operation }: ProviderCall): boolean => operation === 'authorize' || operation === 'charge';
/** Of the authorisation or charge: the operations after it succeed. */
const first =
  (behaviour: Behaviour): Token =>
  (call) =>
    asks(call) ? behaviour : succeeds;
const fails =
  (operation: ProviderOperation, attempts = Infinity): Token =>
  (call) =>
    call.operation === operation && call.attempt <= attempts
      ? { kind: 'fails', code: 'processing_error' }
      : succeeds;
const timesOut =
  (operation: ProviderOperation, withEffect: boolean): Token =>
  (call) =>
    call.operation === operation ? { kind: 'times out', withEffect } : succeeds;

/**
 * Payment methods that stand for a way in which things go. Without an operation in its name a token is about the
 * authorisation or charge; `_once` fails the first attempt only.
 */
export const testTokens = {
  pm_approve: () => succeeds,
  pm_decline: first({ kind: 'fails', code: 'card_declined' }),
  pm_slow: first({ kind: 'is slow' }),
  pm_3ds: first({ kind: 'asks the customer', withinMs: CUSTOMERS_TIME_MS }),
  pm_3ds_decline: first({
    kind: 'asks the customer',
    withinMs: CUSTOMERS_TIME_MS,
    thenFails: 'card_declined',
  }),
  pm_3ds_expire: first({ kind: 'asks the customer', withinMs: TOO_SHORT_MS }),
  /** Of a charge nothing is held, so nothing expires. */
  pm_expire_authorization: (call) => (call.operation === 'authorize' ? { kind: 'expires' } : succeeds),
  pm_webhook_first: first({ kind: 'notifies', how: 'first' }),
  pm_webhook_twice: first({ kind: 'notifies', how: 'twice' }),
  pm_webhook_only: first({ kind: 'notifies', how: 'only' }),
  pm_webhook_late: first({ kind: 'notifies', how: 'late' }),
  pm_timeout_with_effect: first({ kind: 'times out', withEffect: true }),
  pm_timeout_without_effect: first({ kind: 'times out', withEffect: false }),
  pm_timeout_capture_with_effect: timesOut('capture', true),
  pm_timeout_capture_without_effect: timesOut('capture', false),
  pm_timeout_void_with_effect: timesOut('void', true),
  pm_timeout_void_without_effect: timesOut('void', false),
  pm_timeout_refund_with_effect: timesOut('refund', true),
  pm_timeout_refund_without_effect: timesOut('refund', false),
  pm_fail_capture: fails('capture'),
  pm_fail_capture_once: fails('capture', 1),
  pm_fail_void: fails('void'),
  pm_fail_void_once: fails('void', 1),
  pm_fail_refund: fails('refund'),
  pm_fail_refund_once: fails('refund', 1),
} as const satisfies Record<string, Token>;

/** A token that is none of these is declined. */
export function behaviourOf(call: ProviderCall): Behaviour {
  const tokens: Readonly<Record<string, Token>> = testTokens;
  const behave = Object.hasOwn(tokens, call.paymentMethod) ? tokens[call.paymentMethod] : undefined;
  return behave ? behave(call) : { kind: 'fails', code: 'unknown_payment_method' };
}

/** What the books are told to do with a call, unless another row of theirs stands in the way; times in milliseconds. */
export interface Plan {
  readonly outcome: 'succeeded' | 'failed' | 'lost' | 'action_required';
  /** Of a failure, or of what the customer's approval fails with. */
  readonly code?: string;
  readonly actionMs?: number;
  readonly holdMs?: number;
  readonly webhook?: { readonly times: number; readonly delayMs: number; readonly instead: boolean };
}

const webhooks = {
  first: { times: 1, delayMs: 0, instead: false },
  twice: { times: 2, delayMs: 0, instead: false },
  only: { times: 1, delayMs: 1_000, instead: true },
  late: { times: 1, delayMs: 5_000, instead: false },
};

export function planOf(behaviour: Behaviour): Plan {
  switch (behaviour.kind) {
    case 'succeeds':
    case 'is slow':
      return { outcome: 'succeeded' };
    case 'fails':
      return { outcome: 'failed', code: behaviour.code };
    case 'times out':
      return { outcome: behaviour.withEffect ? 'succeeded' : 'lost' };
    case 'asks the customer': {
      const { withinMs: actionMs, thenFails: code } = behaviour;
      return { outcome: 'action_required', actionMs, ...(code === undefined ? {} : { code }) };
    }
    case 'expires':
      return { outcome: 'succeeded', holdMs: 0 };
    case 'notifies':
      return { outcome: 'succeeded', webhook: webhooks[behaviour.how] };
  }
}

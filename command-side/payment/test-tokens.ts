import type { ProviderOperation } from '@orders/shared-events/contracts/payment.events.js';
import type { ProviderCall } from './owed-calls.js';

/** What the simulated provider does with one call. */
export type Behaviour =
  | { readonly kind: 'succeeds' }
  | { readonly kind: 'fails'; readonly code: string }
  /** It takes effect, and the answer takes a while. */
  | { readonly kind: 'is slow' }
  /** The first answer under the key does not come; whether the call took effect is another matter. */
  | { readonly kind: 'times out'; readonly withEffect: boolean };

const succeeds: Behaviour = { kind: 'succeeds' };
const asks = ({ operation }: ProviderCall): boolean => operation === 'authorize' || operation === 'charge';
const fails =
  (operation: ProviderOperation, attempts = Infinity) =>
  (call: ProviderCall): Behaviour =>
    call.operation === operation && call.attempt <= attempts
      ? { kind: 'fails', code: 'processing_error' }
      : succeeds;
const timesOut =
  (operation: ProviderOperation | 'ask', withEffect: boolean) =>
  (call: ProviderCall): Behaviour =>
    call.operation === operation || (operation === 'ask' && asks(call))
      ? { kind: 'times out', withEffect }
      : succeeds;

/**
 * Payment methods that stand for a way in which things go. Without an operation in its name a token is about the
 * authorisation or charge; `_once` fails the first attempt only.
 */
export const testTokens = {
  pm_approve: () => succeeds,
  pm_decline: (call) => (asks(call) ? { kind: 'fails', code: 'card_declined' } : succeeds),
  pm_slow: (call) => (asks(call) ? { kind: 'is slow' } : succeeds),
  pm_timeout_with_effect: timesOut('ask', true),
  pm_timeout_without_effect: timesOut('ask', false),
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
} as const satisfies Record<string, (call: ProviderCall) => Behaviour>;

/** A token that is none of these is declined. */
export function behaviourOf(call: ProviderCall): Behaviour {
  const tokens: Readonly<Record<string, (call: ProviderCall) => Behaviour>> = testTokens;
  const behave = Object.hasOwn(tokens, call.paymentMethod) ? tokens[call.paymentMethod] : undefined;
  return behave ? behave(call) : { kind: 'fails', code: 'unknown_payment_method' };
}

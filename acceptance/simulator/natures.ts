import type { ProviderCall } from '@orders/command-side/payment/owed-calls.js';
import type { ProviderOperation } from '@orders/shared-events/contracts/payment.events.js';
import type { Intended } from './ledger.js';

/** What the provider makes of a call where nothing goes wrong on the way. */
export type Behaviour =
  | Intended
  /** The call never arrives, and no answer comes. */
  | 'silent'
  | Asking;

/** The customer has to do something. */
export interface Asking {
  readonly outcome: 'action_required';
  /** How long the provider gives them. */
  readonly withinMs: number;
  /** After how long they have done it, or failed to. */
  readonly forMs: number;
  /** What comes of it; never: they do nothing. */
  readonly then: Intended | 'never';
}

/** How long the provider usually gives a customer who has to act. */
const USUAL_ACTION_MS = 60_000;

/** By the payment method. */
type Nature = (call: ProviderCall) => Behaviour;

/**
 * A void or a refund that was refused this often is not refused again: after one more the process would ask for an
 * operator, and nothing would bring its order to an end by itself.
 */
export const MOST_REFUSALS = 4;

const succeeded: Intended = { outcome: 'succeeded' };
const failed = (code: string): Intended => ({ outcome: 'failed', code });
const asks = ({ operation }: ProviderCall): boolean => operation === 'authorize' || operation === 'charge';

/** The first attempts fail for good, each under its own key; the next one succeeds. */
const failing =
  (operation: ProviderOperation, attempts: number): Nature =>
  (call) =>
    call.operation === operation && call.attempt <= attempts ? failed('processing_error') : succeeded;

const waiting =
  (forMs: number, then: Intended | 'never', withinMs = USUAL_ACTION_MS): Nature =>
  (call) =>
    asks(call) ? { outcome: 'action_required', withinMs, forMs, then } : succeeded;

/** Payment methods by how things go with them where nothing else goes wrong. */
export const natures = {
  pm_approve: () => succeeded,
  pm_decline: (call) => (asks(call) ? failed('card_declined') : succeeded),
  pm_fail_capture_once: failing('capture', 1),
  pm_fail_capture: failing('capture', Infinity),
  pm_fail_void: failing('void', 2),
  pm_fail_refund: failing('refund', 2),
  pm_never_answers: (call) => (asks(call) ? 'silent' : succeeded),
  pm_action: waiting(3_000, succeeded),
  pm_action_late: waiting(45_000, succeeded),
  pm_action_fails: waiting(5_000, failed('authentication_failed')),
  pm_action_fails_soon: waiting(1_000, failed('authentication_failed'), 4_000),
  pm_action_never: waiting(0, 'never'),
} as const satisfies Record<string, Nature>;

export type PaymentMethod = keyof typeof natures;

/** A payment method that is none of these is declined. */
export function natureOf(call: ProviderCall): Behaviour {
  const known: Readonly<Record<string, Nature>> = natures;
  const nature = Object.hasOwn(known, call.paymentMethod) ? known[call.paymentMethod] : undefined;
  return nature ? nature(call) : failed('unknown_payment_method');
}

import type { CommandOf } from '@orders/shared-events/contracts/envelope.js';
import type { OrderId, PaymentId } from '@orders/shared-events/contracts/ids.js';
import type { PaymentEvent, ProviderOperation } from '@orders/shared-events/contracts/payment.events.js';
import type { ProviderOutcome } from './provider.js';
import { type Call, type PaymentState, type Requested, termsOf } from './payment.state.js';

/** What the provider did, or did not, of one call. */
export interface ProviderReport {
  readonly paymentId: PaymentId;
  readonly orderId: OrderId;
  readonly operation: ProviderOperation;
  readonly attempt: number;
  readonly refundId?: string;
  readonly outcome: ProviderOutcome | { readonly kind: 'deferred' };
  /** Where it came as a notification: the same one is told again under the same id. */
  readonly notificationId?: string;
}

/**
 * Internal commands that record what the provider did: as it answered or notified, and as it told when it was
 * asked for the outcome of a key; or that it could not be called. They judge nothing: what happened at the provider
 * has happened.
 */
export type ProviderOutcomeCommand =
  | CommandOf<'RecordProviderNotification', ProviderReport>
  | CommandOf<'ResolveUnknownOutcome', ProviderReport>
  | CommandOf<'DeferProviderCall', ProviderReport>;

export type Events = readonly PaymentEvent[];
export type Begun = Exclude<PaymentState, { status: 'none' }>;

/** Each of the two is told once of a call, so that trying for hours takes no more than two events. */
export const isNews = (
  kind: ProviderReport['outcome']['kind'],
  status: Requested['call'] | Call['status'],
): boolean => status === 'outstanding' || (kind === 'deferred' && status === 'unknown');

export function captured(report: ProviderReport, reference: string, state: Begun): Events {
  const terms = termsOf(state);
  return terms
    ? [{ type: 'PaymentCaptured', data: success(report, terms.amount, reference) }]
    : ignored(report);
}

export const lapsed = ({ paymentId, orderId, attempt }: ProviderReport): PaymentEvent => ({
  type: 'AuthorizationExpired',
  data: { paymentId, orderId, attempt },
});

/** The provider did not answer, or could not be called: either way it is owed the call. */
export const notDone = (report: ProviderReport): PaymentEvent => ({
  type: report.outcome.kind === 'deferred' ? 'ProviderCallDeferred' : 'PaymentOutcomeUnknown',
  data: callIn(report),
});

export const discrepancy = (
  report: Omit<ProviderReport, 'outcome'>,
  found: Pick<DiscrepancyDetected, 'kind' | 'recorded' | 'provider' | 'repaired'>,
): PaymentEvent => ({ type: 'PaymentDiscrepancyDetected', data: { ...callIn(report), ...found } });

type DiscrepancyDetected = Extract<PaymentEvent, { type: 'PaymentDiscrepancyDetected' }>['data'];

export const callIn = ({ operation, attempt, refundId, ...report }: Omit<ProviderReport, 'outcome'>) => ({
  ...idsOf(report),
  operation,
  attempt,
  ...(refundId === undefined ? {} : { refundId }),
});

export const ignored = (report: ProviderReport): Events => [
  { type: 'ProviderNotificationIgnored', data: toldIn(report) },
];

export const toldIn = (report: ProviderReport) => ({
  ...idsOf(report),
  operation: report.operation,
  attempt: report.attempt,
  outcome:
    report.outcome.kind === 'failed' ? `failed: ${report.outcome.code}`.slice(0, 100) : report.outcome.kind,
});

export const idsOf = ({ paymentId, orderId }: Pick<ProviderReport, 'paymentId' | 'orderId'>) => ({
  paymentId,
  orderId,
});

export const success = (report: ProviderReport, amount: number, providerReference: string) => ({
  ...idsOf(report),
  attempt: report.attempt,
  amount,
  providerReference,
});

export const failure = (report: ProviderReport, code: string) => ({
  ...idsOf(report),
  attempt: report.attempt,
  code,
});

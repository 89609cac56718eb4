import type { CommandOf } from '@orders/shared-events/contracts/envelope.js';
import type { OrderId, PaymentId } from '@orders/shared-events/contracts/ids.js';
import type { PaymentEvent, ProviderOperation } from '@orders/shared-events/contracts/payment.events.js';
import { NOTHING_NEW } from '../decision.js';
import type { ProviderOutcome } from './provider.js';
import {
  type Authorized,
  type Call,
  type PaymentState,
  type Requested,
  isPending,
  termsOf,
} from './payment.state.js';

export interface ProviderReport {
  readonly paymentId: PaymentId;
  readonly orderId: OrderId;
  readonly operation: ProviderOperation;
  readonly attempt: number;
  readonly refundId?: string;
  readonly outcome: ProviderOutcome;
}

/**
 * Internal commands that record what the provider did: as it answered or notified, and as it told when it was
 * asked for the outcome of a key. They judge nothing: what happened at the provider has happened.
 */
export type ProviderOutcomeCommand =
  | CommandOf<'RecordProviderNotification', ProviderReport>
  | CommandOf<'ResolveUnknownOutcome', ProviderReport>;

type Events = readonly PaymentEvent[];
type Begun = Exclude<PaymentState, { status: 'none' }>;

/** A success is recorded from every state where it means money that we do not know of yet. */
export function recordOutcome(report: ProviderReport, state: Begun): Events {
  switch (report.operation) {
    case 'authorize':
    case 'charge':
      return ofAuthorization(report, state);
    case 'capture':
      return ofCapture(report, state);
    case 'void':
      return ofVoid(report, state);
    case 'refund':
      return ofRefund(report, state);
  }
}

function ofAuthorization(report: ProviderReport, state: Begun): Events {
  const terms = termsOf(state);
  const operation = terms?.captureMethod === 'AUTOMATIC' ? 'charge' : 'authorize';
  if (report.operation !== operation || report.attempt !== terms?.attempt) return ignored(report);
  switch (report.outcome.kind) {
    case 'unknown':
      return state.status === 'requested' && state.call === 'outstanding' ? [unknown(report)] : NOTHING_NEW;
    case 'succeeded':
      return operation === 'charge'
        ? charged(report, report.outcome.reference, state)
        : authorized(report, report.outcome.reference, state);
    case 'failed':
      if (state.status === 'declined') return NOTHING_NEW;
      return state.status === 'requested'
        ? [{ type: 'PaymentDeclined', data: failure(report, report.outcome.code) }]
        : ignored(report);
    case 'already-captured':
      return ignored(report);
  }
}

/** After a void the authorisation holds nothing: the void was the provider's last word on it. */
function authorized(report: ProviderReport, reference: string, state: Begun): Events {
  switch (state.status) {
    case 'requested':
    case 'declined':
      return [{ type: 'PaymentAuthorized', data: success(report, state.amount, reference) }];
    case 'authorized':
    case 'captured':
      return NOTHING_NEW;
    case 'voided':
      return ignored(report);
  }
}

const charged = (report: ProviderReport, reference: string, state: Begun): Events =>
  state.status === 'captured' ? NOTHING_NEW : captured(report, reference, state);

function ofCapture(report: ProviderReport, state: Begun): Events {
  const call = state.status === 'authorized' ? state.capture : undefined;
  switch (report.outcome.kind) {
    case 'unknown':
      return whenOutstanding(report, call, unknown(report));
    case 'succeeded':
      if (state.status === 'captured' && state.captureAttempt === report.attempt) return NOTHING_NEW;
      return state.status === 'authorized' || state.status === 'voided'
        ? captured(report, report.outcome.reference, state)
        : ignored(report);
    case 'failed':
      return whenPending(report, call, {
        type: 'PaymentCaptureFailed',
        data: failure(report, report.outcome.code),
      });
    case 'already-captured':
      return ignored(report);
  }
}

function ofVoid(report: ProviderReport, state: Begun): Events {
  const call = state.status === 'requested' || state.status === 'authorized' ? state.voiding : undefined;
  switch (report.outcome.kind) {
    case 'unknown':
      return whenOutstanding(report, call, unknown(report));
    case 'succeeded':
      if (state.status === 'voided') return NOTHING_NEW;
      return call ? [{ type: 'AuthorizationVoided', data: idsOf(report) }] : ignored(report);
    case 'failed':
      return whenPending(report, call, { type: 'VoidFailed', data: failure(report, report.outcome.code) });
    case 'already-captured':
      return state.status === 'captured'
        ? ignored(report)
        : capturedBeforeVoid(report, report.outcome.reference, state);
  }
}

/** The charge, or the capture, had succeeded after all: both facts, so that the money is given back. */
function capturedBeforeVoid(
  report: ProviderReport,
  reference: string,
  state: Exclude<Begun, { status: 'captured' }>,
): Events {
  const attempt =
    state.status === 'authorized' ? (state.capture?.attempt ?? 1) : (termsOf(state)?.attempt ?? 1);
  return [
    ...captured({ ...report, attempt }, reference, state),
    { type: 'VoidFailed', data: failure(report, 'already_captured') },
  ];
}

function ofRefund(report: ProviderReport, state: Begun): Events {
  const { refundId, attempt, outcome } = report;
  const refund =
    state.status === 'captured' && refundId !== undefined ? state.refunds.get(refundId) : undefined;
  if (!refund || refundId === undefined) return ignored(report);
  if (outcome.kind === 'succeeded' && refund.status === 'succeeded') {
    return refund.attempt === attempt ? NOTHING_NEW : ignored(report);
  }
  const call = refund.status === 'succeeded' ? undefined : { attempt: refund.attempt, status: refund.status };
  switch (outcome.kind) {
    case 'unknown':
      return whenOutstanding(report, call, unknown(report));
    case 'succeeded':
      return [
        { type: 'PaymentRefunded', data: { ...success(report, refund.amount, outcome.reference), refundId } },
      ];
    case 'failed':
      return whenPending(report, call, {
        type: 'RefundFailed',
        data: { ...failure(report, outcome.code), refundId },
      });
    case 'already-captured':
      return ignored(report);
  }
}

function whenOutstanding(report: ProviderReport, call: Call | undefined, event: PaymentEvent): Events {
  return call?.attempt === report.attempt && call.status === 'outstanding' ? [event] : NOTHING_NEW;
}

/** A failure counts while its call is pending; told again it is a repeat; after a success it changes nothing. */
function whenPending(report: ProviderReport, call: Call | undefined, event: PaymentEvent): Events {
  if (call?.attempt !== report.attempt) return ignored(report);
  return isPending(call.status) ? [event] : NOTHING_NEW;
}

function captured(report: ProviderReport, reference: string, state: Begun | Requested | Authorized): Events {
  const terms = termsOf(state);
  return terms
    ? [{ type: 'PaymentCaptured', data: success(report, terms.amount, reference) }]
    : ignored(report);
}

const unknown = ({ operation, attempt, refundId, ...report }: ProviderReport): PaymentEvent => ({
  type: 'PaymentOutcomeUnknown',
  data: { ...idsOf(report), operation, attempt, ...(refundId === undefined ? {} : { refundId }) },
});

const ignored = (report: ProviderReport): Events => [
  {
    type: 'ProviderNotificationIgnored',
    data: {
      ...idsOf(report),
      operation: report.operation,
      attempt: report.attempt,
      outcome:
        report.outcome.kind === 'failed'
          ? `failed: ${report.outcome.code}`.slice(0, 100)
          : report.outcome.kind,
    },
  },
];

const idsOf = ({ paymentId, orderId }: Pick<ProviderReport, 'paymentId' | 'orderId'>) => ({
  paymentId,
  orderId,
});

const success = (report: ProviderReport, amount: number, providerReference: string) => ({
  ...idsOf(report),
  attempt: report.attempt,
  amount,
  providerReference,
});

const failure = (report: ProviderReport, code: string) => ({
  ...idsOf(report),
  attempt: report.attempt,
  code,
});

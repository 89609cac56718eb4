import type { PaymentEvent } from '@orders/shared-events/contracts/payment.events.js';
import { NOTHING_NEW } from '../decision.js';
import { ofAuthorization } from './authorization-outcome.js';
import { type Call, type PaymentState, isPending, notedOf, termsOf } from './payment.state.js';
import {
  type Begun,
  type Events,
  type ProviderReport,
  captured,
  failure,
  idsOf,
  ignored,
  isNews,
  lapsed,
  notDone,
  success,
  toldIn,
} from './provider-report.js';

/**
 * A success is recorded from every state where it means money that we do not know of yet. A notification that has led to
 * an event leads to no other, whatever has happened since.
 */
export function recordOutcome(report: ProviderReport, state: Begun): Events {
  const { notificationId } = report;
  if (notificationId === undefined) return ofCall(report, state);
  if (notedOf(state).includes(notificationId)) return NOTHING_NEW;
  const [first, ...others] = ofCall(report, state);
  return first ? [told(first, notificationId), ...others] : NOTHING_NEW;
}

const told = ({ type, data }: PaymentEvent, notificationId: string): PaymentEvent =>
  ({ type, data: { ...data, notificationId } }) as PaymentEvent;

function ofCall(report: ProviderReport, state: Begun): Events {
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

/** The provider notified of what nobody here has asked for. Undefined where it was no notification. */
export function recordUnmatched(report: ProviderReport, state: PaymentState): Events | undefined {
  const { notificationId } = report;
  if (notificationId === undefined) return undefined;
  if (notedOf(state).includes(notificationId)) return NOTHING_NEW;
  return [{ type: 'ProviderNotificationUnmatched', data: { ...toldIn(report), notificationId } }];
}

function ofCapture(report: ProviderReport, state: Begun): Events {
  const call = state.status === 'authorized' ? state.capture : undefined;
  const { outcome } = report;
  switch (outcome.kind) {
    case 'unknown':
    case 'deferred':
      return whenOwed(report, call);
    case 'succeeded':
      if (isCaptureOf(report, state)) return NOTHING_NEW;
      return state.status === 'authorized' || state.status === 'voided' || state.status === 'expired'
        ? captured(report, outcome.reference, state)
        : ignored(report);
    case 'failed':
      return whenPending(report, call, {
        type: 'PaymentCaptureFailed',
        data: failure(report, outcome.code),
      });
    case 'expired':
      return captureTooLate(report, call, state);
    case 'already-captured':
    case 'action-required':
      return ignored(report);
  }
}

/** Of a payment that was charged in one call it is none. */
const isCaptureOf = ({ attempt }: ProviderReport, state: Begun): boolean =>
  state.status === 'captured' && state.captureMethod === 'MANUAL' && state.captureAttempt === attempt;

/** Nothing is held any more that could be captured: both facts. */
function captureTooLate(report: ProviderReport, call: Call | undefined, state: Begun): Events {
  const failed = { type: 'PaymentCaptureFailed', data: failure(report, 'authorization_expired') } as const;
  const events = whenPending(report, call, failed);
  const attempt = termsOf(state)?.attempt ?? 1;
  return events.includes(failed) ? [failed, lapsed({ ...report, attempt })] : events;
}

/** Whoever voided it: nothing is held any more. While a capture is pending its outcome tells which came first. */
const isHeld = (state: Begun): boolean => state.status === 'authorized' && !isPending(state.capture?.status);

function ofVoid(report: ProviderReport, state: Begun): Events {
  const call = 'voiding' in state ? state.voiding : undefined;
  const { outcome } = report;
  switch (outcome.kind) {
    case 'unknown':
    case 'deferred':
      return whenOwed(report, call);
    case 'succeeded':
    case 'expired':
      if (state.status === 'voided') return NOTHING_NEW;
      return call || isHeld(state) ? [{ type: 'AuthorizationVoided', data: idsOf(report) }] : ignored(report);
    case 'failed':
      return whenPending(report, call, { type: 'VoidFailed', data: failure(report, outcome.code) });
    case 'already-captured':
      return state.status === 'captured' || !termsOf(state)
        ? ignored(report)
        : capturedBeforeVoid(report, outcome.reference, state);
    case 'action-required':
      return ignored(report);
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
    case 'deferred':
      return whenOwed(report, call);
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
    case 'action-required':
    case 'expired':
      return ignored(report);
  }
}

function whenOwed(report: ProviderReport, call: Call | undefined): Events {
  return call?.attempt === report.attempt && isNews(report.outcome.kind, call.status)
    ? [notDone(report)]
    : NOTHING_NEW;
}

/** A failure counts while its call is pending; told again it is a repeat; after a success it changes nothing. */
function whenPending(report: ProviderReport, call: Call | undefined, event: PaymentEvent): Events {
  if (call?.attempt !== report.attempt) return ignored(report);
  return isPending(call.status) ? [event] : NOTHING_NEW;
}

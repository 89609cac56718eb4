import type { CommandOf } from '@orders/shared-events/contracts/envelope.js';
import type { OrderId, PaymentId } from '@orders/shared-events/contracts/ids.js';
import type { PaymentEvent, ProviderOperation } from '@orders/shared-events/contracts/payment.events.js';
import { NOTHING_NEW } from '../decision.js';
import type { ProviderOutcome } from './provider.js';
import { isStillRecorded } from './reconciliation.js';
import {
  type Authorized,
  type Call,
  type PaymentState,
  type Requested,
  discrepancyName,
  isPending,
  notedOf,
  termsOf,
} from './payment.state.js';

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

/**
 * The provider's books differ from the stream. `repair` is what the provider says, where recording it is all that has
 * to be done here: the order's process deals with it like with any late outcome.
 */
export type DetectDiscrepancy = CommandOf<
  'DetectDiscrepancy',
  Omit<ProviderReport, 'outcome' | 'notificationId'> & {
    readonly kind: Discrepancy['kind'];
    readonly recorded: string;
    readonly provider: string;
    readonly repair?: ProviderOutcome;
  }
>;

type Discrepancy = Extract<PaymentEvent, { type: 'PaymentDiscrepancyDetected' }>['data'];

type Events = readonly PaymentEvent[];
type Begun = Exclude<PaymentState, { status: 'none' }>;

/** A success is recorded from every state where it means money that we do not know of yet. */
export function recordOutcome(report: ProviderReport, state: Begun): Events {
  const { notificationId } = report;
  if (notificationId !== undefined && notedOf(state).includes(notificationId)) return NOTHING_NEW;
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

/**
 * With its repair in the same append, where that leads to an event; once, where none does. What was recorded while the
 * books were compared is no discrepancy: the repair is known to this state, or the stream says something else by now,
 * and will be compared again.
 */
export function recordDiscrepancy(data: DetectDiscrepancy['data'], state: Begun): Events {
  const { repair, kind, recorded, provider, ...about } = data;
  const repairs = repair === undefined ? [] : recordOutcome({ ...about, outcome: repair }, state);
  if (repair !== undefined && repairs.length === 0) return NOTHING_NEW;
  const isRepaired = repairs.some(({ type }) => !MENDS_NOTHING.includes(type));
  const isNoted = notedOf(state).includes(discrepancyName(data));
  if (!isRepaired && (isNoted || !isStillRecorded(data, state))) return NOTHING_NEW;
  return [
    discrepancy(about, { kind, recorded, provider, repaired: isRepaired }),
    ...(isRepaired ? repairs : []),
  ];
}

/** None of them makes the two books agree. */
const MENDS_NOTHING: readonly PaymentEvent['type'][] = [
  'ProviderNotificationIgnored',
  'PaymentOutcomeUnknown',
  'PaymentDiscrepancyDetected',
];

const discrepancy = (
  report: Omit<ProviderReport, 'outcome'>,
  found: Pick<Discrepancy, 'kind' | 'recorded' | 'provider' | 'repaired'>,
): PaymentEvent => ({ type: 'PaymentDiscrepancyDetected', data: { ...callIn(report), ...found } });

function ofAuthorization(report: ProviderReport, state: Begun): Events {
  const terms = termsOf(state);
  const operation = terms?.captureMethod === 'AUTOMATIC' ? 'charge' : 'authorize';
  if (report.operation !== operation || terms === undefined) return ignored(report);
  if (report.attempt !== terms.attempt) return ofOtherAttempt(report, state, terms.attempt);
  const { outcome } = report;
  switch (outcome.kind) {
    case 'unknown':
    case 'deferred':
      return state.status === 'requested' && isNews(outcome.kind, state.call)
        ? [notDone(report)]
        : NOTHING_NEW;
    case 'action-required':
      return state.status === 'requested' ? actionRequired(report, outcome, state) : NOTHING_NEW;
    case 'succeeded':
      return operation === 'charge'
        ? charged(report, outcome.reference, state)
        : authorized(report, outcome.reference, state);
    case 'failed':
      if (state.status === 'declined') return NOTHING_NEW;
      return state.status === 'requested'
        ? [{ type: 'PaymentDeclined', data: failure(report, outcome.code) }]
        : ignored(report);
    case 'expired':
      return expired(report, state);
    case 'already-captured':
      return ignored(report);
  }
}

/** A success under another attempt than the one that counts is money that nobody here knows of: somebody has to look. */
function ofOtherAttempt(report: ProviderReport, state: Begun, attempt: number): Events {
  if (report.outcome.kind !== 'succeeded') return ignored(report);
  const found = {
    kind: 'NOT_RECORDED',
    recorded: `attempt ${attempt} is the one that counts`,
    provider: 'succeeded',
  } as const;
  if (notedOf(state).includes(discrepancyName({ ...found, ...callIn(report) }))) return NOTHING_NEW;
  return [discrepancy(report, { ...found, repaired: false })];
}

function actionRequired(
  report: ProviderReport,
  { url, expiresAt }: Extract<ProviderOutcome, { kind: 'action-required' }>,
  { call }: Requested,
): Events {
  if (call === 'action-required') return NOTHING_NEW;
  return [
    { type: 'PaymentActionRequired', data: { ...idsOf(report), attempt: report.attempt, url, expiresAt } },
  ];
}

/** While a capture is pending its outcome tells which of the two came first. */
function expired(report: ProviderReport, state: Begun): Events {
  switch (state.status) {
    case 'expired':
    case 'voided':
    case 'captured':
      return NOTHING_NEW;
    case 'declined':
      return ignored(report);
    case 'authorized':
      if (isPending(state.capture?.status)) return NOTHING_NEW;
      return [lapsed(report)];
    case 'requested':
      return [lapsed(report)];
  }
}

const lapsed = ({ paymentId, orderId, attempt }: ProviderReport): PaymentEvent => ({
  type: 'AuthorizationExpired',
  data: { paymentId, orderId, attempt },
});

/** After a void the authorisation holds nothing: the void was the provider's last word on it. */
function authorized(report: ProviderReport, reference: string, state: Begun): Events {
  switch (state.status) {
    case 'requested':
    case 'declined':
      return [{ type: 'PaymentAuthorized', data: success(report, state.amount, reference) }];
    case 'authorized':
    case 'captured':
    case 'expired':
      return NOTHING_NEW;
    case 'voided':
      return ignored(report);
  }
}

const charged = (report: ProviderReport, reference: string, state: Begun): Events =>
  state.status === 'captured' ? NOTHING_NEW : captured(report, reference, state);

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
      return call ? [{ type: 'AuthorizationVoided', data: idsOf(report) }] : ignored(report);
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

/** Each of the two is told once of a call, so that trying for hours takes no more than two events. */
const isNews = (
  kind: ProviderReport['outcome']['kind'],
  status: Requested['call'] | Call['status'],
): boolean => status === 'outstanding' || (kind === 'deferred' && status === 'unknown');

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

/** The provider did not answer, or could not be called: either way it is owed the call. */
const notDone = (report: ProviderReport): PaymentEvent => ({
  type: report.outcome.kind === 'deferred' ? 'ProviderCallDeferred' : 'PaymentOutcomeUnknown',
  data: callIn(report),
});

const callIn = ({ operation, attempt, refundId, ...report }: Omit<ProviderReport, 'outcome'>) => ({
  ...idsOf(report),
  operation,
  attempt,
  ...(refundId === undefined ? {} : { refundId }),
});

const ignored = (report: ProviderReport): Events => {
  const { notificationId } = report;
  const data = notificationId === undefined ? toldIn(report) : { ...toldIn(report), notificationId };
  return [{ type: 'ProviderNotificationIgnored', data }];
};

const toldIn = (report: ProviderReport) => ({
  ...idsOf(report),
  operation: report.operation,
  attempt: report.attempt,
  outcome:
    report.outcome.kind === 'failed' ? `failed: ${report.outcome.code}`.slice(0, 100) : report.outcome.kind,
});

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

import { NOTHING_NEW } from '../decision.js';
import type { ProviderOutcome } from './provider.js';
import { type Requested, discrepancyName, isPending, notedOf, termsOf } from './payment.state.js';
import {
  type Begun,
  type Events,
  type ProviderReport,
  callIn,
  captured,
  discrepancy,
  failure,
  idsOf,
  ignored,
  isNews,
  lapsed,
  notDone,
  success,
} from './provider-report.js';

/** What became of an authorisation, or of a charge, which is one that captures at once. */
export function ofAuthorization(report: ProviderReport, state: Begun): Events {
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

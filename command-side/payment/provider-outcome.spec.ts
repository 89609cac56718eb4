import { describe, it } from '@jest/globals';
import type { ProviderOperation } from '@orders/shared-events/contracts/payment.events.js';
import { orderId, paymentId, paymentRequested, total } from '@orders/shared-events/testing/examples.js';
import { given } from '@orders/shared-events/testing/given.js';
import { type PaymentCommand, payment } from './payment.js';
import type { ProviderOutcome } from './provider.js';

const ids = { paymentId, orderId };
const reported = (operation: ProviderOperation, outcome: ProviderOutcome, attempt = 1): PaymentCommand => ({
  type: 'RecordProviderNotification',
  data: { ...ids, operation, attempt, outcome, ...(operation === 'refund' ? { refundId: 'refund-1' } : {}) },
});
const succeeded: ProviderOutcome = { kind: 'succeeded', reference: 'ref-1' };
const failed: ProviderOutcome = { kind: 'failed', code: 'processing_error' };
const unanswered: ProviderOutcome = { kind: 'unknown' };
const alreadyCaptured: ProviderOutcome = { kind: 'already-captured', reference: 'ref-1' };

const manual = paymentRequested('MANUAL');
const automatic = paymentRequested('AUTOMATIC');
const money = { ...ids, attempt: 1, amount: total, providerReference: 'ref-1' };
const failure = { ...ids, attempt: 1, code: 'processing_error' };
const authorized = { type: 'PaymentAuthorized', data: money } as const;
const declined = { type: 'PaymentDeclined', data: failure } as const;
const captureRequested = { type: 'CaptureRequested', data: { ...ids, attempt: 1, amount: total } } as const;
const captured = { type: 'PaymentCaptured', data: money } as const;
const captureFailed = { type: 'PaymentCaptureFailed', data: failure } as const;
const voidRequested = { type: 'VoidRequested', data: { ...ids, attempt: 1 } } as const;
const voided = { type: 'AuthorizationVoided', data: ids } as const;
const voidFailed = { type: 'VoidFailed', data: failure } as const;
const refundRequested = {
  type: 'RefundRequested',
  data: { ...ids, refundId: 'refund-1', amount: total, attempt: 1 },
} as const;
const refunded = { type: 'PaymentRefunded', data: { ...money, refundId: 'refund-1' } } as const;
const refundFailed = { type: 'RefundFailed', data: { ...failure, refundId: 'refund-1' } } as const;
const unknownOf = (operation: ProviderOperation) =>
  ({
    type: 'PaymentOutcomeUnknown',
    data: { ...ids, operation, attempt: 1, ...(operation === 'refund' ? { refundId: 'refund-1' } : {}) },
  }) as const;
const ignoredOf = (operation: ProviderOperation, outcome: string, attempt = 1) =>
  ({ type: 'ProviderNotificationIgnored', data: { ...ids, operation, attempt, outcome } }) as const;

describe('the outcome of an authorisation', () => {
  it('is recorded', () => {
    given(payment, manual).when(reported('authorize', succeeded)).then(authorized);
    given(payment, manual).when(reported('authorize', failed)).then(declined);
    given(payment, manual).when(reported('authorize', unanswered)).then(unknownOf('authorize'));
  });
  it('is recorded after it was unknown', () => {
    given(payment, manual, unknownOf('authorize')).when(reported('authorize', succeeded)).then(authorized);
    given(payment, manual, unknownOf('authorize')).when(reported('authorize', failed)).then(declined);
  });
  it('is recorded when it succeeds after a void was requested: there is something to void', () =>
    given(payment, manual, voidRequested).when(reported('authorize', succeeded)).then(authorized));
  it('is recorded when it succeeds after a failure was reported', () =>
    given(payment, manual, declined).when(reported('authorize', succeeded)).then(authorized));
  it('changes nothing when it is told again', () => {
    given(payment, manual, authorized).when(reported('authorize', succeeded)).ignored();
    given(payment, manual, authorized, captureRequested, captured)
      .when(reported('authorize', succeeded))
      .ignored();
    given(payment, manual, declined).when(reported('authorize', failed)).ignored();
    given(payment, manual, unknownOf('authorize')).when(reported('authorize', unanswered)).ignored();
    given(payment, manual, authorized).when(reported('authorize', unanswered)).ignored();
  });
  it('is noted as ignored when a failure comes after the success', () =>
    given(payment, manual, authorized)
      .when(reported('authorize', failed))
      .then(ignoredOf('authorize', 'failed: processing_error')));
  it('is noted as ignored after the void, which was the last word', () =>
    given(payment, manual, voidRequested, voided)
      .when(reported('authorize', succeeded))
      .then(ignoredOf('authorize', 'succeeded')));
  it('is noted as ignored for an attempt, or an operation, that was never asked for', () => {
    given(payment, manual)
      .when(reported('authorize', succeeded, 2))
      .then(ignoredOf('authorize', 'succeeded', 2));
    given(payment, manual).when(reported('charge', succeeded)).then(ignoredOf('charge', 'succeeded'));
    given(payment, voided).when(reported('authorize', succeeded)).then(ignoredOf('authorize', 'succeeded'));
  });
  it('is refused for a payment that nobody knows', () =>
    given(payment).when(reported('authorize', succeeded)).refused('PAYMENT_NOT_FOUND'));
});

describe('the outcome of a charge', () => {
  it('is recorded', () => {
    given(payment, automatic).when(reported('charge', succeeded)).then(captured);
    given(payment, automatic).when(reported('charge', failed)).then(declined);
    given(payment, automatic).when(reported('charge', unanswered)).then(unknownOf('charge'));
  });
  it('is never dropped when it succeeds late', () => {
    for (const events of [[declined], [voidRequested], [voidRequested, voided]]) {
      given(payment, automatic, ...events)
        .when(reported('charge', succeeded))
        .then(captured);
    }
  });
  it('changes nothing when it is told again', () =>
    given(payment, automatic, captured).when(reported('charge', succeeded)).ignored());
  it('is noted as ignored when a failure comes after the success', () =>
    given(payment, automatic, captured)
      .when(reported('charge', failed))
      .then(ignoredOf('charge', 'failed: processing_error')));
});

describe('the outcome of a capture', () => {
  const pending = given(payment, manual, authorized, captureRequested);
  it('is recorded', () => {
    pending.when(reported('capture', succeeded)).then(captured);
    pending.when(reported('capture', failed)).then(captureFailed);
    pending.when(reported('capture', unanswered)).then(unknownOf('capture'));
  });
  it('is never dropped when it succeeds late', () => {
    for (const events of [
      [captureFailed],
      [captureFailed, voidRequested],
      [captureFailed, voidRequested, voided],
    ]) {
      given(payment, manual, authorized, captureRequested, ...events)
        .when(reported('capture', succeeded))
        .then(captured);
    }
  });
  it('changes nothing when it is told again', () => {
    given(payment, manual, authorized, captureRequested, captured)
      .when(reported('capture', succeeded))
      .ignored();
    given(payment, manual, authorized, captureRequested, captureFailed)
      .when(reported('capture', failed))
      .ignored();
  });
  it('is noted as ignored when it no longer changes anything', () => {
    given(payment, manual, authorized, captureRequested, captured)
      .when(reported('capture', failed))
      .then(ignoredOf('capture', 'failed: processing_error'));
    given(payment, manual).when(reported('capture', succeeded)).then(ignoredOf('capture', 'succeeded'));
    given(payment, manual, authorized)
      .when(reported('capture', failed))
      .then(ignoredOf('capture', 'failed: processing_error'));
  });
});

describe('the outcome of a void', () => {
  const pending = given(payment, manual, authorized, voidRequested);
  it('is recorded', () => {
    pending.when(reported('void', succeeded)).then(voided);
    pending.when(reported('void', failed)).then(voidFailed);
    pending.when(reported('void', unanswered)).then(unknownOf('void'));
    given(payment, manual, voidRequested).when(reported('void', succeeded)).then(voided);
  });
  it('is recorded when it succeeds after a failure was reported', () =>
    given(payment, manual, authorized, voidRequested, voidFailed)
      .when(reported('void', succeeded))
      .then(voided));
  it('records the charge that had succeeded after all, so that it is refunded', () =>
    given(payment, automatic, voidRequested)
      .when(reported('void', alreadyCaptured))
      .then(captured, { type: 'VoidFailed', data: { ...failure, code: 'already_captured' } }));
  it('records the capture that had succeeded after all', () =>
    given(payment, manual, authorized, captureRequested, captureFailed, voidRequested)
      .when(reported('void', alreadyCaptured))
      .then(captured, { type: 'VoidFailed', data: { ...failure, code: 'already_captured' } }));
  it('changes nothing when it is told again', () => {
    given(payment, manual, voidRequested, voided).when(reported('void', succeeded)).ignored();
    given(payment, manual, authorized, voidRequested, voidFailed).when(reported('void', failed)).ignored();
  });
  it('is noted as ignored where nothing was to be voided', () => {
    given(payment, manual, authorized).when(reported('void', succeeded)).then(ignoredOf('void', 'succeeded'));
    given(payment, manual, voidRequested, declined)
      .when(reported('void', succeeded))
      .then(ignoredOf('void', 'succeeded'));
    given(payment, automatic, captured)
      .when(reported('void', alreadyCaptured))
      .then(ignoredOf('void', 'already-captured'));
  });
});

describe('the outcome of a refund', () => {
  const pending = given(payment, automatic, captured, refundRequested);
  it('is recorded', () => {
    pending.when(reported('refund', succeeded)).then(refunded);
    pending.when(reported('refund', failed)).then(refundFailed);
    pending.when(reported('refund', unanswered)).then(unknownOf('refund'));
  });
  it('is never dropped when it succeeds late', () =>
    given(payment, automatic, captured, refundRequested, refundFailed)
      .when(reported('refund', succeeded))
      .then(refunded));
  it('changes nothing when it is told again', () => {
    given(payment, automatic, captured, refundRequested, refunded)
      .when(reported('refund', succeeded))
      .ignored();
    given(payment, automatic, captured, refundRequested, refundFailed)
      .when(reported('refund', failed))
      .ignored();
  });
  it('is noted as ignored when it no longer changes anything', () => {
    given(payment, automatic, captured, refundRequested, refunded)
      .when(reported('refund', failed))
      .then(ignoredOf('refund', 'failed: processing_error'));
    given(payment, automatic, captured, refundRequested, refunded)
      .when(reported('refund', succeeded, 2))
      .then(ignoredOf('refund', 'succeeded', 2));
    given(payment, automatic, captured)
      .when(reported('refund', succeeded))
      .then(ignoredOf('refund', 'succeeded'));
  });
});

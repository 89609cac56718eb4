import { describe, it } from '@jest/globals';
import type { PaymentEvent, ProviderOperation } from '@orders/shared-events/contracts/payment.events.js';
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
  it('is noted as ignored for an operation that was never asked for, and a failure of another attempt', () => {
    given(payment, manual)
      .when(reported('authorize', failed, 2))
      .then(ignoredOf('authorize', 'failed: processing_error', 2));
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
    given(payment, manual, authorized, captureRequested, captured)
      .when(reported('capture', succeeded, 2))
      .then(ignoredOf('capture', 'succeeded', 2));
    given(payment, automatic, captured)
      .when(reported('capture', succeeded))
      .then(ignoredOf('capture', 'succeeded'));
  });
  it('of an attempt that has failed says nothing of the one that is under way', () => {
    const second = { ...captureRequested, data: { ...captureRequested.data, attempt: 2 } };
    const again = given(payment, manual, authorized, captureRequested, captureFailed, second);
    again.when(reported('capture', failed)).then(ignoredOf('capture', 'failed: processing_error'));
    again.when(reported('capture', unanswered)).ignored();
    again.when(reported('capture', succeeded)).then(captured);
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
  it('is recorded where nobody here has asked for it: nothing is held any more', () => {
    given(payment, manual, authorized).when(reported('void', succeeded)).then(voided);
    given(payment, manual, authorized, captureRequested, captureFailed)
      .when(reported('void', succeeded))
      .then(voided);
  });
  it('is recorded where the authorisation was declined meanwhile', () =>
    given(payment, manual, voidRequested, declined).when(reported('void', succeeded)).then(voided));
  it('records the charge that had succeeded after all, so that it is refunded', () =>
    given(payment, automatic, voidRequested)
      .when(reported('void', alreadyCaptured))
      .then(captured, { type: 'VoidFailed', data: { ...failure, code: 'already_captured' } }));
  it('records the capture that had succeeded after all', () =>
    given(payment, manual, authorized, captureRequested, captureFailed, voidRequested)
      .when(reported('void', alreadyCaptured))
      .then(captured, { type: 'VoidFailed', data: { ...failure, code: 'already_captured' } }));
  it('records that capture by its own attempt', () => {
    const second = { ...captureRequested, data: { ...captureRequested.data, attempt: 2 } };
    const secondFailed = { ...captureFailed, data: { ...failure, attempt: 2 } };
    const failedTwice = [captureRequested, captureFailed, second, secondFailed];
    given(payment, manual, authorized, ...failedTwice, voidRequested)
      .when(reported('void', alreadyCaptured))
      .then(
        { ...captured, data: { ...money, attempt: 2 } },
        { type: 'VoidFailed', data: { ...failure, code: 'already_captured' } },
      );
  });
  it('changes nothing when it is told again', () => {
    given(payment, manual, voidRequested, voided).when(reported('void', succeeded)).ignored();
    given(payment, manual, authorized, voidRequested, voidFailed).when(reported('void', failed)).ignored();
  });
  it('is noted as ignored where nothing was to be voided', () => {
    given(payment, manual, authorized, captureRequested)
      .when(reported('void', succeeded))
      .then(ignoredOf('void', 'succeeded'));
    given(payment, manual, declined).when(reported('void', succeeded)).then(ignoredOf('void', 'succeeded'));
    given(payment, automatic, captured)
      .when(reported('void', alreadyCaptured))
      .then(ignoredOf('void', 'already-captured'));
    given(payment, voided)
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

describe('a success of another attempt than the one that counts', () => {
  const found = {
    type: 'PaymentDiscrepancyDetected',
    data: {
      ...ids,
      operation: 'authorize',
      attempt: 2,
      kind: 'NOT_RECORDED',
      recorded: 'attempt 1 is the one that counts',
      provider: 'succeeded',
      repaired: false,
    },
  } as const;
  it('is money that nobody here knows of', () =>
    given(payment, manual)
      .when(reported('authorize', succeeded, 2))
      .then(found));
  it('is told once', () =>
    given(payment, manual, found)
      .when(reported('authorize', succeeded, 2))
      .ignored());
});

describe('an action that the provider wants of the customer', () => {
  const url = 'https://provider.example/actions/1';
  const wanted: ProviderOutcome = { kind: 'action-required', url, expiresAt: '2026-01-01T00:15:00.000Z' };
  const required = {
    type: 'PaymentActionRequired',
    data: { ...ids, attempt: 1, url, expiresAt: '2026-01-01T00:15:00.000Z' },
  } as const;
  it('is recorded', () => given(payment, manual).when(reported('authorize', wanted)).then(required));
  it('is recorded after a repeat found out what became of the call', () =>
    given(payment, manual, unknownOf('authorize')).when(reported('authorize', wanted)).then(required));
  it('is told once', () => given(payment, manual, required).when(reported('authorize', wanted)).ignored());
  it('is over with the outcome', () => {
    given(payment, manual, required).when(reported('authorize', succeeded)).then(authorized);
    given(payment, automatic, required).when(reported('charge', failed)).then(declined);
    given(payment, manual, authorized).when(reported('authorize', wanted)).ignored();
  });
});

describe('an authorisation that was not captured in time', () => {
  const lapsed = { type: 'AuthorizationExpired', data: { ...ids, attempt: 1 } } as const;
  const expired: ProviderOutcome = { kind: 'expired' };
  it('is recorded, also where its success was never told', () => {
    given(payment, manual, authorized).when(reported('authorize', expired)).then(lapsed);
    given(payment, manual).when(reported('authorize', expired)).then(lapsed);
  });
  it('is told once, and its success after it is no news', () => {
    given(payment, manual, authorized, lapsed).when(reported('authorize', expired)).ignored();
    given(payment, manual, lapsed).when(reported('authorize', succeeded)).ignored();
  });
  it('waits for the outcome of a capture that is on its way, which tells which came first', () => {
    const capturing = given(payment, manual, authorized, captureRequested);
    capturing.when(reported('authorize', expired)).ignored();
    capturing.when(reported('capture', succeeded)).then(captured);
    capturing
      .when(reported('capture', expired))
      .then({ type: 'PaymentCaptureFailed', data: { ...failure, code: 'authorization_expired' } }, lapsed);
  });
  it('is told by its own attempt where a capture finds out', () => {
    const second = { ...manual, data: { ...manual.data, attempt: 2 } };
    const authorizedThen = { ...authorized, data: { ...money, attempt: 2 } };
    given(payment, manual, declined, second, authorizedThen, captureRequested)
      .when(reported('capture', expired))
      .then(
        { type: 'PaymentCaptureFailed', data: { ...failure, code: 'authorization_expired' } },
        { ...lapsed, data: { ...lapsed.data, attempt: 2 } },
      );
  });
  it('means nothing once the money is captured or given back', () => {
    given(payment, automatic, captured)
      .when(reported('authorize', expired))
      .then(ignoredOf('authorize', 'expired'));
    given(payment, manual, authorized, captureRequested, captured)
      .when(reported('authorize', expired))
      .ignored();
    given(payment, manual, voidRequested, voided).when(reported('authorize', expired)).ignored();
  });
  it('is as good as voided to a void', () =>
    given(payment, manual, authorized, voidRequested).when(reported('void', expired)).then(voided));
  it('is not lost where it was captured after all', () =>
    given(payment, manual, authorized, captureRequested, captureFailed, lapsed)
      .when(reported('capture', succeeded))
      .then(captured));
});

describe('a call that cannot be made for now', () => {
  const deferred: PaymentCommand = {
    type: 'DeferProviderCall',
    data: { ...ids, operation: 'capture', attempt: 1, outcome: { kind: 'deferred' } },
  };
  const recorded = {
    type: 'ProviderCallDeferred',
    data: { ...ids, operation: 'capture', attempt: 1 },
  } as const;
  const capturing = [manual, authorized, captureRequested] as const;
  it('is recorded once', () => {
    given(payment, ...capturing)
      .when(deferred)
      .then(recorded);
    given(payment, ...capturing, unknownOf('capture'))
      .when(deferred)
      .then(recorded);
    given(payment, ...capturing, recorded)
      .when(deferred)
      .ignored();
  });
  it('has its outcome recorded once it was made', () =>
    given(payment, ...capturing, recorded)
      .when(reported('capture', succeeded))
      .then(captured));
  it('is no news once the outcome is known', () =>
    given(payment, ...capturing, captured)
      .when(deferred)
      .ignored());
});

describe('a notification', () => {
  const notified = (outcome: ProviderOutcome, notificationId = 'evt_1'): PaymentCommand => ({
    type: 'RecordProviderNotification',
    data: { ...ids, operation: 'authorize', attempt: 1, outcome, notificationId },
  });
  const by = <Event extends PaymentEvent>(notificationId: string, event: Event): Event => ({
    ...event,
    data: { ...event.data, notificationId },
  });
  const noted = {
    type: 'ProviderNotificationIgnored',
    data: {
      ...ids,
      operation: 'authorize',
      attempt: 1,
      outcome: 'failed: processing_error',
      notificationId: 'evt_1',
    },
  } as const;
  const unmatched = {
    type: 'ProviderNotificationUnmatched',
    data: { ...ids, operation: 'authorize', attempt: 1, outcome: 'succeeded', notificationId: 'evt_1' },
  } as const;
  it('records an outcome like an answer, whichever comes first', () => {
    given(payment, manual).when(notified(succeeded)).then(by('evt_1', authorized));
    given(payment, manual, authorized).when(notified(succeeded)).ignored();
  });
  it('that changes nothing is noted once', () => {
    given(payment, manual, authorized).when(notified(failed)).then(noted);
    given(payment, manual, authorized, noted).when(notified(failed)).ignored();
    given(payment, manual, authorized, noted)
      .when(notified(failed, 'evt_2'))
      .then({ ...noted, data: { ...noted.data, notificationId: 'evt_2' } });
  });
  it('that changes nothing is known by its id whatever became of the payment since', () => {
    const again = { ...manual, data: { ...manual.data, attempt: 2 } };
    for (const events of [
      [authorized, noted, captureRequested, captured],
      [authorized, noted, voidRequested, voided],
      [declined, noted, again],
    ]) {
      given(payment, manual, ...events)
        .when(notified(failed))
        .ignored();
    }
  });
  it('that changed something is known by its id whatever became of the payment since', () => {
    const again = { ...manual, data: { ...manual.data, attempt: 2 } };
    for (const [outcome, events] of [
      [succeeded, [by('evt_1', authorized), voidRequested, voided]],
      [succeeded, [by('evt_1', authorized), captureRequested, captured, refundRequested, refunded]],
      [failed, [by('evt_1', declined), again]],
      [failed, [by('evt_1', declined), again, authorized]],
    ] as const) {
      given(payment, manual, ...events)
        .when(notified(outcome))
        .ignored();
    }
    // Without the id it would be news of what is over.
    given(payment, manual, authorized, voidRequested, voided)
      .when(notified(succeeded))
      .then({ ...noted, data: { ...noted.data, outcome: 'succeeded' } });
  });
  it('that leads to two events is known by the first', () =>
    given(payment, automatic, voidRequested)
      .when({
        type: 'RecordProviderNotification',
        data: { ...ids, operation: 'void', attempt: 1, outcome: alreadyCaptured, notificationId: 'evt_1' },
      })
      .then(by('evt_1', captured), {
        type: 'VoidFailed',
        data: { ...failure, code: 'already_captured' },
      }));
  it('is known by its id as long as it is among the last hundred', () => {
    const ids = Array.from({ length: 101 }, (_unused, index) => `evt_${index}`);
    const all = ids.map((notificationId) => ({ ...noted, data: { ...noted.data, notificationId } }));
    const told = given(payment, manual, authorized, ...all);
    told.when(notified(failed, 'evt_100')).ignored();
    told.when(notified(failed, 'evt_1')).ignored();
    told.when(notified(failed, 'evt_0')).then({ ...noted, data: { ...noted.data, notificationId: 'evt_0' } });
  });
  it('of a payment that nobody has asked for is noted once, and does not stand in its way', () => {
    given(payment).when(notified(succeeded)).then(unmatched);
    given(payment, unmatched).when(notified(succeeded)).ignored();
    given(payment, unmatched, manual).when(reported('authorize', succeeded)).then(authorized);
  });
});

describe('a discrepancy between the books', () => {
  interface About {
    readonly operation: ProviderOperation;
    readonly recorded: string;
    readonly provider: string;
  }
  const lost: About = { operation: 'capture', recorded: 'no outcome', provider: 'captured' };
  const detected = (about: About, repair?: ProviderOutcome): PaymentCommand => ({
    type: 'DetectDiscrepancy',
    data: {
      ...{ ...ids, ...about, attempt: 1, kind: 'NOT_RECORDED' },
      ...(repair === undefined ? {} : { repair }),
    },
  });
  const found = (about: About, repaired: boolean) =>
    ({
      type: 'PaymentDiscrepancyDetected',
      data: { ...ids, ...about, attempt: 1, kind: 'NOT_RECORDED', repaired },
    }) as const;
  const capturing = [manual, authorized, captureRequested] as const;
  it('is recorded with its repair in one append', () =>
    given(payment, ...capturing)
      .when(detected(lost, succeeded))
      .then(found(lost, true), captured));
  it('is recorded as not repaired where nothing can be, or nothing is to be', () => {
    given(payment, ...capturing)
      .when(detected(lost))
      .then(found(lost, false));
    const unasked = { ...lost, recorded: 'requested' };
    given(payment, manual).when(detected(unasked, succeeded)).then(found(unasked, false));
  });
  it('is not repaired by the success of an attempt that no longer counts', () => {
    const again = { ...manual, data: { ...manual.data, attempt: 2 } };
    const first = {
      operation: 'authorize',
      recorded: 'attempt 2 is the one that counts',
      provider: `${total} EUR`,
    } as const;
    given(payment, manual, declined, again).when(detected(first, succeeded)).then(found(first, false));
  });
  it("is none where the provider's word was recorded meanwhile", () =>
    given(payment, ...capturing, captured)
      .when(detected(lost, succeeded))
      .ignored());
  it('is none where the stream says something else by now than what was compared', () => {
    const late = { operation: 'authorize', recorded: 'no outcome', provider: `${total} EUR` } as const;
    given(payment, manual, voidRequested, voided).when(detected(late, succeeded)).ignored();
    given(payment, ...capturing, captured)
      .when(detected(lost))
      .ignored();
  });
  it('that is not mended is told once', () =>
    given(payment, ...capturing, found(lost, false))
      .when(detected(lost))
      .ignored());
  it('that could not be mended is, once it can be', () =>
    given(payment, ...capturing, found(lost, false))
      .when(detected(lost, succeeded))
      .then(found(lost, true), captured));
  it('is not mended by an outcome that is not known', () =>
    given(payment, ...capturing)
      .when(detected(lost, { kind: 'unknown' }))
      .then(found(lost, false)));
  it('that was mended does not hide the next one about the same call', () => {
    const first = { operation: 'authorize', recorded: 'no outcome', provider: `${total} EUR` } as const;
    const next = { operation: 'authorize', recorded: 'authorized', provider: 'expired' } as const;
    given(payment, manual, found(first, true), authorized)
      .when(detected(next, { kind: 'expired' }))
      .then(found(next, true), { type: 'AuthorizationExpired', data: { ...ids, attempt: 1 } });
  });
  it('is refused for a payment that nobody knows', () =>
    given(payment).when(detected(lost)).refused('PAYMENT_NOT_FOUND'));
});

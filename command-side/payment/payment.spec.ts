import { describe, expect, it } from '@jest/globals';
import { orderId, paymentId, paymentRequested, total } from '@orders/shared-events/testing/examples.js';
import { given, secondsFromNow, stateAfter } from '@orders/shared-events/testing/given.js';
import { payment } from './payment.js';

const ids = { paymentId, orderId };
const authorize = (captureMethod: 'AUTOMATIC' | 'MANUAL') => {
  const { attempt: _first, ...terms } = paymentRequested(captureMethod).data;
  return { type: 'AuthorizePayment', data: terms } as const;
};
const capture = (attempt = 1) => ({ type: 'CapturePayment', data: { ...ids, attempt } }) as const;
const voids = (attempt = 1) => ({ type: 'VoidAuthorization', data: { ...ids, attempt } }) as const;
const refund = { type: 'RefundPayment', data: { ...ids, refundId: 'r1', amount: 1, attempt: 1 } } as const;

const manual = paymentRequested('MANUAL');
const automatic = paymentRequested('AUTOMATIC');
const money = { ...ids, attempt: 1, amount: total, providerReference: 'ref-1' };
const authorized = { type: 'PaymentAuthorized', data: money } as const;
const declined = { type: 'PaymentDeclined', data: { ...ids, attempt: 1, code: 'card_declined' } } as const;
const captureRequested = { type: 'CaptureRequested', data: { ...ids, attempt: 1, amount: total } } as const;
const captureFailed = {
  type: 'PaymentCaptureFailed',
  data: { ...ids, attempt: 1, code: 'processing_error' },
} as const;
const captured = { type: 'PaymentCaptured', data: money } as const;
const voidRequested = { type: 'VoidRequested', data: { ...ids, attempt: 1 } } as const;
const voidFailed = { type: 'VoidFailed', data: { ...ids, attempt: 1, code: 'processing_error' } } as const;
const voided = { type: 'AuthorizationVoided', data: ids } as const;
const refunded = (amount = total, refundId = 'refund-1') =>
  ({ type: 'PaymentRefunded', data: { ...money, amount, refundId } }) as const;

describe('AuthorizePayment', () => {
  it('happens: the intent is recorded', () => {
    given(payment).when(authorize('MANUAL')).then(manual);
    given(payment).when(authorize('AUTOMATIC')).then(automatic);
  });
  it('is ignored when it comes again, whatever has become of it', () => {
    for (const events of [[], [authorized], [declined], [authorized, captureRequested, captured]]) {
      given(payment, manual, ...events)
        .when(authorize('MANUAL'))
        .ignored();
    }
  });
  it('is refused after the terminal mark', () => {
    given(payment, voided).when(authorize('MANUAL')).refused('PAYMENT_VOIDED', { paymentId });
    given(payment, manual, voidRequested, voided).when(authorize('MANUAL')).refused('PAYMENT_VOIDED');
  });
});

describe('CapturePayment', () => {
  it('happens', () => given(payment, manual, authorized).when(capture()).then(captureRequested));
  it('happens again after a failure, as the next attempt', () =>
    given(payment, manual, authorized, captureRequested, captureFailed)
      .when(capture(2))
      .then({ type: 'CaptureRequested', data: { ...ids, attempt: 2, amount: total } }));
  it('is ignored when that attempt has been asked for', () => {
    given(payment, manual, authorized, captureRequested).when(capture()).ignored();
    given(payment, manual, authorized, captureRequested, captureFailed).when(capture()).ignored();
  });
  it('is ignored once captured', () => given(payment, automatic, captured).when(capture()).ignored());
  it('is refused while another attempt is pending', () =>
    given(payment, manual, authorized, captureRequested).when(capture(2)).refused('CAPTURE_PENDING'));
  it('is refused when an attempt is left out', () =>
    given(payment, manual, authorized).when(capture(2)).refused('ATTEMPT_OUT_OF_ORDER'));
  it('is refused once a void is requested: the first append has won', () => {
    given(payment, manual, authorized, voidRequested).when(capture()).refused('VOID_REQUESTED');
    given(payment, manual, voidRequested, authorized).when(capture()).refused('VOID_REQUESTED');
  });
  it('is refused where nothing is authorised', () => {
    given(payment).when(capture()).refused('PAYMENT_NOT_FOUND');
    given(payment, manual).when(capture()).refused('PAYMENT_NOT_AUTHORIZED');
    given(payment, manual, declined).when(capture()).refused('PAYMENT_DECLINED');
    given(payment, manual, voidRequested, voided).when(capture()).refused('PAYMENT_VOIDED');
  });
});

describe('VoidAuthorization', () => {
  it('leaves a terminal mark where nothing was requested', () => given(payment).when(voids()).then(voided));
  it('happens while the authorisation is pending', () =>
    given(payment, manual).when(voids()).then(voidRequested));
  it('happens while the charge is pending', () =>
    given(payment, automatic).when(voids()).then(voidRequested));
  it('happens while the outcome of the authorisation is unknown', () =>
    given(payment, manual, {
      type: 'PaymentOutcomeUnknown',
      data: { ...ids, operation: 'authorize', attempt: 1 },
    })
      .when(voids())
      .then(voidRequested));
  it('happens on an authorisation', () =>
    given(payment, manual, authorized).when(voids()).then(voidRequested));
  it('happens after a capture failed', () =>
    given(payment, manual, authorized, captureRequested, captureFailed).when(voids()).then(voidRequested));
  it('happens again after a failure, as the next attempt', () =>
    given(payment, manual, authorized, voidRequested, voidFailed)
      .when(voids(2))
      .then({ type: 'VoidRequested', data: { ...ids, attempt: 2 } }));
  it('is ignored when that attempt has been asked for', () => {
    given(payment, manual, authorized, voidRequested).when(voids()).ignored();
    given(payment, manual, authorized, voidRequested, voidFailed).when(voids()).ignored();
  });
  it('is ignored where nothing is held', () => {
    given(payment, manual, declined).when(voids()).ignored();
    given(payment, voided).when(voids()).ignored();
  });
  it('is refused while another attempt is pending, or one is left out', () => {
    given(payment, manual, voidRequested).when(voids(2)).refused('VOID_REQUESTED');
    given(payment, manual).when(voids(2)).refused('ATTEMPT_OUT_OF_ORDER');
  });
  it('is refused while a capture is pending: the first append has won', () =>
    given(payment, manual, authorized, captureRequested).when(voids()).refused('CAPTURE_PENDING'));
  it('is refused once captured', () =>
    given(payment, automatic, captured).when(voids()).refused('ALREADY_CAPTURED'));
});

describe('the state', () => {
  it('records a log that no decider would write without judging it', () => {
    expect(stateAfter(payment, [authorized, captureRequested, refunded()])).toEqual({ status: 'none' });
    expect(stateAfter(payment, [manual, refunded(), captureRequested])).toMatchObject({
      status: 'requested',
    });
  });
});

describe('RetryPayment', () => {
  const until = '2099-01-01T00:00:00.000Z';
  const required = (expiresAt = until) =>
    ({
      type: 'PaymentActionRequired',
      data: { ...ids, attempt: 1, url: 'https://provider.example/a', expiresAt },
    }) as const;
  const other = { type: 'RetryPayment', data: { ...ids, paymentMethod: 'pm_other' } } as const;
  const again = {
    type: 'PaymentRequested',
    data: { ...manual.data, paymentMethod: 'pm_other', attempt: 2 },
  } as const;
  it('happens after a decline, as the next attempt, as long as the customer was given', () =>
    given(payment, manual, required(), declined).when(other).then(again));
  it('happens once more after another decline', () =>
    given(payment, manual, required(), declined, again, {
      ...declined,
      data: { ...declined.data, attempt: 2 },
    })
      .when(other)
      .then({ ...again, data: { ...again.data, attempt: 3 } }));
  it('is ignored while that way to pay is being tried', () =>
    given(payment, manual, required(), declined, again).when(other).ignored());
  it('is refused while another way to pay is being tried', () =>
    given(payment, manual, required(), declined, again)
      .when({ ...other, data: { ...other.data, paymentMethod: 'pm_third' } })
      .refused('PAYMENT_PENDING'));
  it('is refused when the time is over', () => {
    const ends = given(payment, manual, required(secondsFromNow(60)), declined);
    ends.when(other, secondsFromNow(59)).then(again);
    ends.when(other, secondsFromNow(60)).refused('RETRY_TOO_LATE');
  });
  it('is refused when the time is over that the first action set, whatever a later one says', () => {
    const declinedAgain = { ...declined, data: { ...declined.data, attempt: 2 } };
    const requiredAgain = { ...required(), data: { ...required().data, attempt: 2 } };
    given(payment, manual, required(secondsFromNow(60)), declined, again, requiredAgain, declinedAgain)
      .when(other, secondsFromNow(60))
      .refused('RETRY_TOO_LATE');
  });
  it('is refused where the customer was never asked to act', () =>
    given(payment, manual, declined).when(other).refused('PAYMENT_DECLINED'));
  it('is refused in every other state', () => {
    given(payment).when(other).refused('PAYMENT_NOT_FOUND');
    given(payment, manual, required()).when(other).refused('PAYMENT_PENDING');
    given(payment, manual, authorized).when(other).refused('PAYMENT_SETTLED');
    given(payment, automatic, captured).when(other).refused('PAYMENT_SETTLED');
    given(payment, manual, voidRequested, voided).when(other).refused('PAYMENT_VOIDED');
    given(payment, manual, authorized, { type: 'AuthorizationExpired', data: { ...ids, attempt: 1 } })
      .when(other)
      .refused('PAYMENT_EXPIRED');
  });
  it('is refused once a void was requested after the decline, which ends the time to pay', () => {
    given(payment, manual, required(), declined).when(voids()).then(voidRequested);
    given(payment, manual, required(), declined, voidRequested).when(other).refused('VOID_REQUESTED');
    given(payment, manual, required(), declined, voidRequested, voided).when(other).refused('PAYMENT_VOIDED');
  });
  it('is refused once a void was requested, also where the decline came after that', () => {
    const voiding = given(payment, manual, required(), voidRequested, declined);
    voiding.when(other).refused('VOID_REQUESTED');
    voiding.when(voids()).ignored();
    voiding.when(voids(2)).refused('VOID_REQUESTED');
    given(payment, manual, required(), voidRequested, declined, voidFailed).when(voids()).ignored();
    given(payment, manual, required(), voidRequested, declined, voidFailed)
      .when(voids(2))
      .then({ type: 'VoidRequested', data: { ...ids, attempt: 2 } });
  });
  it('and a void that comes after it gives back what it may hold', () =>
    given(payment, manual, required(), declined, again).when(voids()).then(voidRequested));
});

describe('a payment whose authorisation has expired', () => {
  const expired = given(payment, manual, authorized, {
    type: 'AuthorizationExpired',
    data: { ...ids, attempt: 1 },
  });
  it('holds nothing to capture, void or refund', () => {
    expired.when(capture()).refused('PAYMENT_EXPIRED');
    expired.when(voids()).ignored();
    expired.when(refund).refused('PAYMENT_EXPIRED');
    expired.when(authorize('MANUAL')).ignored();
  });
});

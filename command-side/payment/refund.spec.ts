import { describe, it } from '@jest/globals';
import { UNDO_REFUND_ID } from '@orders/shared-events/contracts/payment.commands.js';
import {
  EUR,
  USD,
  orderId,
  paymentId,
  paymentRequested,
  total,
} from '@orders/shared-events/testing/examples.js';
import { given } from '@orders/shared-events/testing/given.js';
import { payment } from './payment.js';

const ids = { paymentId, orderId };
const refund = (attempt = 1, amount = total, refundId = 'refund-1') =>
  ({ type: 'RefundPayment', data: { ...ids, refundId, amount, attempt } }) as const;
const request = (amount = total, refundId = 'refund-1', currency = EUR) =>
  ({ type: 'RequestRefund', data: { ...ids, refundId, amount, currency } }) as const;

const manual = paymentRequested('MANUAL');
const money = { ...ids, attempt: 1, amount: total, providerReference: 'ref-1' };
const authorized = { type: 'PaymentAuthorized', data: money } as const;
const declined = { type: 'PaymentDeclined', data: { ...ids, attempt: 1, code: 'card_declined' } } as const;
const expired = { type: 'AuthorizationExpired', data: { ...ids, attempt: 1 } } as const;
const voided = { type: 'AuthorizationVoided', data: ids } as const;
const paid = [paymentRequested('AUTOMATIC'), { type: 'PaymentCaptured', data: money }] as const;
const refundRequested = (amount = total, attempt = 1, refundId = 'refund-1') =>
  ({ type: 'RefundRequested', data: { ...ids, refundId, amount, attempt } }) as const;
const refunded = (amount = total, refundId = 'refund-1') =>
  ({ type: 'PaymentRefunded', data: { ...money, amount, refundId } }) as const;
const failedAt = (attempt: number, refundId = 'refund-1') =>
  ({ type: 'RefundFailed', data: { ...ids, attempt, refundId, code: 'processing_error' } }) as const;
const refundFailed = failedAt(1);

describe('RefundPayment', () => {
  it('happens', () =>
    given(payment, ...paid)
      .when(refund())
      .then(refundRequested()));
  it('happens in parts, up to what was captured', () =>
    given(payment, ...paid, refundRequested(4_000), refunded(4_000))
      .when(refund(1, 2_500, 'refund-2'))
      .then(refundRequested(2_500, 1, 'refund-2')));
  it('happens again after a failure, as the next attempt', () =>
    given(payment, ...paid, refundRequested(), refundFailed)
      .when(refund(2))
      .then(refundRequested(total, 2)));
  it('is ignored when that attempt has been asked for', () => {
    given(payment, ...paid, refundRequested())
      .when(refund())
      .ignored();
    given(payment, ...paid, refundRequested(), refundFailed)
      .when(refund())
      .ignored();
  });
  it('is ignored once refunded', () => {
    given(payment, ...paid, refundRequested(), refunded())
      .when(refund())
      .ignored();
    given(payment, ...paid, refundRequested(), refunded())
      .when(refund(2))
      .ignored();
  });
  it('is refused where it, with what is pending, exceeds what was captured', () => {
    given(payment, ...paid)
      .when(refund(1, total + 1))
      .refused('REFUND_EXCEEDS_CAPTURED', { refundable: total });
    given(payment, ...paid, refundRequested(4_000))
      .when(refund(1, 2_501, 'refund-2'))
      .refused('REFUND_EXCEEDS_CAPTURED', { refundable: 2_500 });
  });
  it('is refused for a failed refund whose room has been taken', () =>
    given(payment, ...paid, refundRequested(), refundFailed, refundRequested(1, 1, 'refund-2'))
      .when(refund(2))
      .refused('REFUND_EXCEEDS_CAPTURED', { refundable: total - 1 }));
  it('is refused for a known refund with another amount', () =>
    given(payment, ...paid, refundRequested())
      .when(refund(1, 1))
      .refused('REFUND_ID_REUSED'));
  it('is refused while another attempt is pending', () =>
    given(payment, ...paid, refundRequested())
      .when(refund(2))
      .refused('ATTEMPT_OUT_OF_ORDER'));
  it('is refused where nothing was captured', () => {
    given(payment).when(refund()).refused('PAYMENT_NOT_FOUND');
    given(payment, manual).when(refund()).refused('PAYMENT_NOT_CAPTURED');
    given(payment, manual, authorized).when(refund()).refused('PAYMENT_NOT_CAPTURED');
    given(payment, manual, declined).when(refund()).refused('PAYMENT_DECLINED');
    given(payment, voided).when(refund()).refused('PAYMENT_VOIDED');
  });
  it('happens for what failed, with what others have left', () =>
    given(payment, ...paid, refundRequested(), refundFailed)
      .when(refund(2, 100))
      .then(refundRequested(100, 2)));
});

describe('RequestRefund', () => {
  it('happens', () =>
    given(payment, ...paid)
      .when(request(1_000))
      .then(refundRequested(1_000)));
  it('happens in parts, up to what was captured', () =>
    given(payment, ...paid, refundRequested(4_000), refunded(4_000))
      .when(request(2_500, 'refund-2'))
      .then(refundRequested(2_500, 1, 'refund-2')));
  it('happens again for what the provider refused, as the attempt after the last', () => {
    given(payment, ...paid, refundRequested(), refundFailed)
      .when(request())
      .then(refundRequested(total, 2));
    given(payment, ...paid, refundRequested(), refundFailed, refundRequested(total, 2), failedAt(2))
      .when(request())
      .then(refundRequested(total, 3));
  });
  it('is ignored while it is pending, so that two who ask again at once ask for one attempt', () => {
    given(payment, ...paid, refundRequested())
      .when(request())
      .ignored();
    given(payment, ...paid, refundRequested(), refundFailed, refundRequested(total, 2))
      .when(request())
      .ignored();
  });
  it('is ignored once refunded', () =>
    given(payment, ...paid, refundRequested(), refunded())
      .when(request())
      .ignored());
  it('is refused for a known refund with another amount, whatever became of it', () => {
    for (const events of [[], [refunded()], [refundFailed]])
      given(payment, ...paid, refundRequested(), ...events)
        .when(request(1))
        .refused('REFUND_ID_REUSED');
  });
  it('is refused where it, with what is pending, exceeds what was captured', () => {
    given(payment, ...paid)
      .when(request(total + 1))
      .refused('REFUND_EXCEEDS_CAPTURED', { refundable: total });
    given(payment, ...paid, refundRequested(4_000))
      .when(request(2_501, 'refund-2'))
      .refused('REFUND_EXCEEDS_CAPTURED', { refundable: 2_500 });
    given(payment, ...paid, refundRequested(), refundFailed, refundRequested(1, 1, 'refund-2'))
      .when(request())
      .refused('REFUND_EXCEEDS_CAPTURED', { refundable: total - 1 });
  });
  it('is refused in another currency than that of the payment, also as a repeat', () => {
    for (const events of [[], [refundRequested()]])
      given(payment, ...paid, ...events)
        .when(request(total, 'refund-1', USD))
        .refused('REFUND_IN_OTHER_CURRENCY', { currency: EUR });
  });
  it("is refused under the id with which an order's process undoes it", () =>
    given(payment, ...paid)
      .when(request(1, UNDO_REFUND_ID))
      .refused('REFUND_ID_RESERVED'));
  it('of an order that is being undone has what that leaves: nothing while it is pending, all once it has failed', () => {
    const undone = given(payment, ...paid, refundRequested(total, 1, UNDO_REFUND_ID));
    undone.when(request(1)).refused('REFUND_EXCEEDS_CAPTURED', { refundable: 0 });
    given(payment, ...paid, refundRequested(total, 1, UNDO_REFUND_ID), failedAt(1, UNDO_REFUND_ID))
      .when(request())
      .then(refundRequested());
  });
  it('is refused where nothing was captured', () => {
    given(payment).when(request()).refused('PAYMENT_NOT_FOUND');
    given(payment, manual).when(request()).refused('PAYMENT_NOT_CAPTURED');
    given(payment, manual, authorized).when(request()).refused('PAYMENT_NOT_CAPTURED');
    given(payment, manual, declined).when(request()).refused('PAYMENT_DECLINED');
    given(payment, manual, authorized, expired).when(request()).refused('PAYMENT_EXPIRED');
    given(payment, voided).when(request()).refused('PAYMENT_VOIDED');
  });
});

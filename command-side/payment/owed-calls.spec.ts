import { describe, expect, it } from '@jest/globals';
import type { PaymentEvent } from '@orders/shared-events/contracts/payment.events.js';
import { orderId, paymentId, paymentRequested, total } from '@orders/shared-events/testing/examples.js';
import { stateAfter } from '@orders/shared-events/testing/given.js';
import { owedCalls } from './owed-calls.js';
import { payment } from './payment.js';

const ids = { paymentId, orderId };
const owedAfter = (...events: PaymentEvent[]) => owedCalls(stateAfter(payment, events)).map(({ key }) => key);
const manual = paymentRequested('MANUAL');
const automatic = paymentRequested('AUTOMATIC');
const money = { ...ids, attempt: 1, amount: total, providerReference: 'ref-1' };
const authorized: PaymentEvent = { type: 'PaymentAuthorized', data: money };
const captured: PaymentEvent = { type: 'PaymentCaptured', data: money };
const voidRequested: PaymentEvent = { type: 'VoidRequested', data: { ...ids, attempt: 1 } };
const voidFailed: PaymentEvent = { type: 'VoidFailed', data: { ...ids, attempt: 1, code: 'x' } };
const captureRequested = (attempt: number): PaymentEvent => ({
  type: 'CaptureRequested',
  data: { ...ids, attempt, amount: total },
});
const captureFailed: PaymentEvent = { type: 'PaymentCaptureFailed', data: { ...ids, attempt: 1, code: 'x' } };
const refundRequested = (refundId: string, amount: number, attempt = 1): PaymentEvent => ({
  type: 'RefundRequested',
  data: { ...ids, refundId, amount, attempt },
});
const refundFailed: PaymentEvent = {
  type: 'RefundFailed',
  data: { ...ids, refundId: 'a', attempt: 1, code: 'x' },
};

describe('what the provider is owed', () => {
  it('is nothing before anything is asked for', () => expect(owedAfter()).toEqual([]));

  it('is the authorisation, or the charge, until its outcome is recorded', () => {
    expect(owedAfter(manual)).toEqual([`${paymentId}:authorize:1`]);
    expect(owedAfter(automatic)).toEqual([`${paymentId}:charge:1`]);
    expect(owedAfter(manual, authorized)).toEqual([]);
    expect(owedAfter(automatic, captured)).toEqual([]);
  });

  it('keeps its key while the outcome is unknown', () =>
    expect(
      owedAfter(automatic, {
        type: 'PaymentOutcomeUnknown',
        data: { ...ids, operation: 'charge', attempt: 1 },
      }),
    ).toEqual([`${paymentId}:charge:1`]));

  it('is only the void once that is requested, and nothing after the void failed', () => {
    expect(owedAfter(manual, voidRequested)).toEqual([`${paymentId}:void:1`]);
    expect(owedAfter(manual, authorized, voidRequested)).toEqual([`${paymentId}:void:1`]);
    expect(owedAfter(manual, authorized, voidRequested, voidFailed)).toEqual([]);
  });

  it('is the capture; a failure raises the attempt, and with it the key', () => {
    expect(owedAfter(manual, authorized, captureRequested(1))).toEqual([`${paymentId}:capture:1`]);
    expect(owedAfter(manual, authorized, captureRequested(1), captureFailed)).toEqual([]);
    expect(owedAfter(manual, authorized, captureRequested(1), captureFailed, captureRequested(2))).toEqual([
      `${paymentId}:capture:2`,
    ]);
  });

  it('is each refund that is pending, by its own amount', () => {
    const state = stateAfter(payment, [
      automatic,
      captured,
      refundRequested('a', 100),
      refundRequested('b', 50),
    ]);
    expect(owedCalls(state)).toMatchObject([
      { operation: 'refund', refundId: 'a', amount: 100, key: `${paymentId}:refund:a:1` },
      { operation: 'refund', refundId: 'b', amount: 50, key: `${paymentId}:refund:b:1` },
    ]);
    expect(owedAfter(automatic, captured, refundRequested('a', 100), refundFailed)).toEqual([]);
  });

  it('names the call that a capture, a void or a refund belongs to', () => {
    const [capture] = owedCalls(stateAfter(payment, [manual, authorized, captureRequested(1)]));
    expect(capture).toMatchObject({ amount: total, authorizationKey: `${paymentId}:authorize:1` });
    const [voids] = owedCalls(stateAfter(payment, [automatic, voidRequested]));
    expect(voids).toMatchObject({ authorizationKey: `${paymentId}:charge:1` });
  });
});

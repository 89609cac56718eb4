import { describe, expect, it } from '@jest/globals';
import type { PaymentEvent } from '@orders/shared-events/contracts/payment.events.js';
import { orderId, paymentId, paymentRequested, total } from '@orders/shared-events/testing/examples.js';
import { stateAfter } from '@orders/shared-events/testing/given.js';
import { callOf, owedCalls } from './owed-calls.js';
import { payment } from './payment.js';

const ids = { paymentId, orderId };
const owedAfter = (...events: PaymentEvent[]) => owedCalls(stateAfter(payment, events)).map(({ key }) => key);
const manual = paymentRequested('MANUAL');
const automatic = paymentRequested('AUTOMATIC');
const money = { ...ids, attempt: 1, amount: total, providerReference: 'ref-1' };
const authorized: PaymentEvent = { type: 'PaymentAuthorized', data: money };
const captured: PaymentEvent = { type: 'PaymentCaptured', data: money };
const declined: PaymentEvent = { type: 'PaymentDeclined', data: { ...ids, attempt: 1, code: 'x' } };
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
    expect(owedAfter(manual, voidRequested, declined)).toEqual([`${paymentId}:void:1`]);
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

describe('a key', () => {
  it.each([
    [[manual], { operation: 'authorize', attempt: 1 }],
    [[automatic], { operation: 'charge', attempt: 1 }],
    [[manual, authorized, captureRequested(1)], { operation: 'capture', attempt: 1 }],
    [[manual, voidRequested], { operation: 'void', attempt: 1 }],
    [
      [automatic, captured, refundRequested('a:1:b.c_-', 1, 17)],
      { operation: 'refund', refundId: 'a:1:b.c_-', attempt: 17 },
    ],
  ] as const)('tells which call it is (%#)', (events, call) =>
    expect(owedAfter(...events).map(callOf)).toEqual([{ paymentId, ...call }]),
  );

  it.each([
    '',
    'nonsense',
    `${paymentId}:charge`,
    `${paymentId}:charge:`,
    `${paymentId}:charge:0`,
    `${paymentId}:charge:01`,
    `${paymentId}:charge:-1`,
    `${paymentId}:charge:1.5`,
    `${paymentId}:charge:1e3`,
    `${paymentId}:charge:9999999999`,
    `${paymentId}:charge:a:1`,
    `${paymentId}:refund:1`,
    `${paymentId}:refund::1`,
    `${paymentId}:refund:a b:1`,
    `${paymentId}:refund:${'a'.repeat(65)}:1`,
    `${paymentId}:transfer:1`,
    `not-a-payment:charge:1`,
    ` ${paymentId}:charge:1`,
    `${paymentId}:charge:1\n`,
  ])('is none of ours: %j', (key) => expect(callOf(key)).toBeUndefined());
});

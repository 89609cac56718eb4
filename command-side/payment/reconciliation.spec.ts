import { describe, expect, it } from '@jest/globals';
import type { PaymentEvent } from '@orders/shared-events/contracts/payment.events.js';
import {
  EUR,
  orderId,
  origin,
  paymentId,
  paymentRequested,
  total,
} from '@orders/shared-events/testing/examples.js';
import { NOW, secondsFromNow, stateAfter } from '@orders/shared-events/testing/given.js';
import { isRefused } from '../decision.js';
import { type PaymentState, payment } from './payment.js';
import type { ProviderEntry, ProviderOutcome } from './provider.js';
import { type Difference, differences, isUnderWay } from './reconciliation.js';

const ids = { paymentId, orderId };
const succeeded: ProviderOutcome = { kind: 'succeeded', reference: 'ref-1' };
const failed: ProviderOutcome = { kind: 'failed', code: 'processing_error' };
const expired: ProviderOutcome = { kind: 'expired' };
const actionRequired = {
  kind: 'action-required',
  url: 'https://provider.example/1',
  expiresAt: secondsFromNow(600),
} as const;
const alreadyCaptured: ProviderOutcome = { kind: 'already-captured', reference: 'ref-1' };

const manual = paymentRequested('MANUAL');
const automatic = paymentRequested('AUTOMATIC');
const again = { ...manual, data: { ...manual.data, attempt: 2 } };
const money = { ...ids, attempt: 1, amount: total, providerReference: 'ref-1' };
const failure = { ...ids, attempt: 1, code: 'processing_error' };
const authorized = { type: 'PaymentAuthorized', data: money } as const;
const declined = { type: 'PaymentDeclined', data: failure } as const;
const lapsed = { type: 'AuthorizationExpired', data: { ...ids, attempt: 1 } } as const;
const captureRequested = { type: 'CaptureRequested', data: { ...ids, attempt: 1, amount: total } } as const;
const captured = { type: 'PaymentCaptured', data: money } as const;
const captureFailed = { type: 'PaymentCaptureFailed', data: failure } as const;
const secondCapture = { type: 'CaptureRequested', data: { ...captureRequested.data, attempt: 2 } } as const;
const capturedBySecond = { type: 'PaymentCaptured', data: { ...money, attempt: 2 } } as const;
const voidRequested = { type: 'VoidRequested', data: { ...ids, attempt: 1 } } as const;
const voidFailed = { type: 'VoidFailed', data: failure } as const;
const voided = { type: 'AuthorizationVoided', data: ids } as const;
const refundRequested = {
  type: 'RefundRequested',
  data: { ...ids, refundId: 'refund-1', amount: 100, attempt: 1 },
} as const;
const refunded = { type: 'PaymentRefunded', data: { ...money, amount: 100, refundId: 'refund-1' } } as const;
const refundFailed = { type: 'RefundFailed', data: { ...failure, refundId: 'refund-1' } } as const;
const wantsAction = {
  type: 'PaymentActionRequired',
  data: { ...ids, attempt: 1, url: actionRequired.url, expiresAt: actionRequired.expiresAt },
} as const;

type Operation = ProviderEntry['operation'];
const entry = (
  operation: Operation,
  outcome: ProviderOutcome = succeeded,
  change: Partial<ProviderEntry> = {},
): ProviderEntry => ({
  ...ids,
  operation,
  outcome,
  attempt: 1,
  amount: operation === 'refund' ? 100 : total,
  currency: EUR,
  ageMs: 60_000,
  ...(operation === 'refund' ? { refundId: 'refund-1' } : {}),
  ...change,
});
const after = (...events: readonly PaymentEvent[]): PaymentState => stateAfter(payment, events);

/** What is found, and the types of the events that come of it. */
function found(events: readonly PaymentEvent[], entries: readonly ProviderEntry[]) {
  const all = differences(entries, after(...events));
  const recorded: PaymentEvent[] = [];
  for (const difference of all) recorded.push(...decided([...events, ...recorded], difference));
  return { all, types: recorded.map(({ type }) => type), last: after(...events, ...recorded) };
}

function decided(events: readonly PaymentEvent[], difference: Difference): readonly PaymentEvent[] {
  const command = { type: 'DetectDiscrepancy', data: { ...ids, ...difference }, now: NOW, origin } as const;
  const decision = payment.decide(command, after(...events));
  return isRefused(decision) ? [] : decision;
}

const detected = 'PaymentDiscrepancyDetected';
const notRecorded = (recorded: string, provider: string) => ({ kind: 'NOT_RECORDED', recorded, provider });
const amount = `${total} EUR`;

describe('books that agree', () => {
  it.each<[string, PaymentEvent[], ProviderEntry[]]>([
    ['a charge', [automatic, captured], [entry('charge')]],
    ['an authorisation', [manual, authorized], [entry('authorize')]],
    ['a capture', [manual, authorized, captureRequested, captured], [entry('authorize'), entry('capture')]],
    ['a decline', [manual, declined], [entry('authorize', failed)]],
    ['a second way to pay', [manual, wantsAction, declined, again], [entry('authorize', failed)]],
    [
      'a second attempt to capture',
      [manual, authorized, captureRequested, captureFailed, secondCapture, capturedBySecond],
      [entry('authorize'), entry('capture', failed), entry('capture', succeeded, { attempt: 2 })],
    ],
    ['a void', [manual, authorized, voidRequested, voided], [entry('authorize'), entry('void')]],
    [
      'a second attempt to void',
      [manual, authorized, voidRequested, voidFailed, voided],
      [entry('authorize'), entry('void', failed), entry('void', succeeded, { attempt: 2 })],
    ],
    [
      'a void that came first',
      [manual, voidRequested, voided],
      [entry('authorize', { kind: 'failed', code: 'authorization_voided' }), entry('void')],
    ],
    ['an expiry', [manual, authorized, lapsed], [entry('authorize', expired)]],
    ['an expiry after the capture', [manual, authorized, captureRequested, captured], [entry('capture')]],
    ['a refund', [automatic, captured, refundRequested, refunded], [entry('charge'), entry('refund')]],
    ['what was never sent', [manual], []],
    ['what waits for the customer', [manual, wantsAction], [entry('authorize', actionRequired)]],
    ['what waits for them, and they have not been told', [manual], [entry('authorize', actionRequired)]],
    ['a payment that may not be asked for', [voided], []],
  ])('%s', (_what, events, entries) => {
    expect(found(events, entries).all).toEqual([]);
  });
});

describe('what the provider did and nobody here has recorded', () => {
  it.each<[string, PaymentEvent[], ProviderEntry, string, string]>([
    ['a charge whose answer got lost', [automatic], entry('charge'), 'no outcome', 'PaymentCaptured'],
    ['a charge after a decline', [automatic, declined], entry('charge'), 'declined', 'PaymentCaptured'],
    [
      'a charge after the void',
      [automatic, voidRequested, voided],
      entry('charge'),
      'voided',
      'PaymentCaptured',
    ],
    ['an authorisation', [manual], entry('authorize'), 'no outcome', 'PaymentAuthorized'],
    [
      'the customer\u2019s approval',
      [manual, wantsAction],
      entry('authorize'),
      'no outcome',
      'PaymentAuthorized',
    ],
    [
      'an authorisation after a decline',
      [manual, declined],
      entry('authorize'),
      'declined',
      'PaymentAuthorized',
    ],
  ])('%s', (_what, events, provider, recorded, repair) => {
    const { all, types, last } = found(events, [provider]);
    expect(all).toMatchObject([{ ...notRecorded(recorded, amount), repair: succeeded }]);
    expect(types).toEqual([detected, repair]);
    expect(differences([provider], last)).toEqual([]);
  });

  it.each<[string, PaymentEvent[], string]>([
    ['that was asked for', [manual, authorized, captureRequested], 'no outcome'],
    ['that nobody asked for', [manual, authorized], 'authorized'],
    ['after the void', [manual, authorized, voidRequested, voided], 'voided'],
    ['after the expiry', [manual, authorized, lapsed], 'expired'],
  ])('a capture %s', (_what, events, recorded) => {
    const { all, types } = found(events, [entry('authorize'), entry('capture')]);
    expect(all).toMatchObject([
      { ...notRecorded(recorded, amount), operation: 'capture', repair: succeeded },
    ]);
    expect(types).toEqual([detected, 'PaymentCaptured']);
  });

  it('an authorisation and its capture, in that order', () =>
    expect(found([manual], [entry('capture'), entry('authorize')]).types).toEqual([
      detected,
      'PaymentAuthorized',
      detected,
      'PaymentCaptured',
    ]));

  it.each<[string, PaymentEvent[], ProviderEntry, PaymentEvent['type'][]]>([
    ['a decline', [manual], entry('authorize', failed), ['PaymentDeclined']],
    [
      'a capture that failed',
      [manual, authorized, captureRequested],
      entry('capture', failed),
      ['PaymentCaptureFailed'],
    ],
    ['an expiry', [manual, authorized], entry('authorize', expired), ['AuthorizationExpired']],
    [
      'a void that came too late',
      [automatic, voidRequested],
      entry('void', alreadyCaptured),
      ['PaymentCaptured', 'VoidFailed'],
    ],
    ['a void', [manual, authorized, voidRequested], entry('void'), ['AuthorizationVoided']],
    ['a void that nobody asked for', [manual, authorized], entry('void'), ['AuthorizationVoided']],
    [
      'a void by hand, after ours was refused',
      [manual, authorized, voidRequested, voidFailed],
      entry('void', succeeded, { attempt: 2 }),
      ['AuthorizationVoided'],
    ],
  ])('%s', (_what, events, provider, repairs) => {
    const others = provider.operation === 'authorize' ? [] : [entry('authorize')];
    const entries = events.includes(manual) ? [...others, provider] : [provider];
    expect(found(events, entries).types).toEqual([detected, ...repairs]);
  });

  it('a refund that was asked for, or had failed', () => {
    const books = [entry('charge'), entry('refund')];
    for (const events of [[refundRequested], [refundRequested, refundFailed]]) {
      expect(found([automatic, captured, ...events], books).types).toEqual([detected, 'PaymentRefunded']);
    }
  });
});

describe('what is told and not mended', () => {
  it.each<[string, PaymentEvent[], ProviderEntry[], object]>([
    [
      'a charge under another attempt than the one that counts',
      [automatic, wantsAction, declined, { ...automatic, data: { ...automatic.data, attempt: 2 } }],
      [entry('charge')],
      notRecorded('attempt 2 is the one that counts', amount),
    ],
    [
      'a second capture',
      [manual, authorized, captureRequested, captured],
      [entry('authorize'), entry('capture'), entry('capture', succeeded, { attempt: 2 })],
      { ...notRecorded('captured by attempt 1', amount), attempt: 2 },
    ],
    [
      'a refund that nobody asked for',
      [automatic, captured],
      [entry('charge'), entry('refund')],
      { ...notRecorded('never asked for', '100 EUR'), refundId: 'refund-1' },
    ],
    [
      'a refund that was paid twice',
      [
        automatic,
        captured,
        { ...refundRequested, data: { ...refundRequested.data, attempt: 2 } },
        { ...refunded, data: { ...refunded.data, attempt: 2 } },
      ],
      [entry('charge'), entry('refund'), entry('refund', succeeded, { attempt: 2 })],
      { ...notRecorded('refunded by attempt 2', '100 EUR'), attempt: 1 },
    ],
    [
      'a capture of another amount',
      [manual, authorized, captureRequested],
      [entry('authorize'), entry('capture', succeeded, { amount: total - 1 })],
      notRecorded('no outcome', `${total - 1} EUR`),
    ],
    [
      'a void that nobody asked for, while a capture is pending',
      [manual, authorized, captureRequested],
      [entry('authorize'), entry('void')],
      notRecorded('authorized', amount),
    ],
    [
      'a void of what was captured',
      [manual, authorized, captureRequested, captured],
      [entry('authorize'), entry('capture'), entry('void')],
      notRecorded('captured', amount),
    ],
    [
      'money of a payment that may not be asked for',
      [voided],
      [entry('charge')],
      notRecorded('never asked for', amount),
    ],
    [
      'a charge that only we have',
      [automatic, captured],
      [],
      { kind: 'NOT_AT_PROVIDER', recorded: 'captured', provider: 'no such call' },
    ],
    [
      'an authorisation that only we have',
      [manual, authorized],
      [],
      { kind: 'NOT_AT_PROVIDER', operation: 'authorize' },
    ],
    [
      'a capture that failed there',
      [manual, authorized, captureRequested, captured],
      [entry('authorize'), entry('capture', failed)],
      { kind: 'NOT_AT_PROVIDER', recorded: 'captured', provider: 'failed: processing_error' },
    ],
    [
      'a refund that only we have',
      [automatic, captured, refundRequested, refunded],
      [entry('charge')],
      { kind: 'NOT_AT_PROVIDER', operation: 'refund', refundId: 'refund-1' },
    ],
    [
      'a void that only we have',
      [manual, authorized, voidRequested, voided],
      [entry('authorize')],
      { kind: 'NOT_AT_PROVIDER', operation: 'void', recorded: 'voided', provider: `still holds ${amount}` },
    ],
    [
      'another amount',
      [automatic, captured],
      [entry('charge', succeeded, { amount: total + 1 })],
      { kind: 'AMOUNT_DIFFERS', recorded: amount, provider: `${total + 1} EUR` },
    ],
    [
      'another currency',
      [automatic, captured],
      [entry('charge', succeeded, { currency: 'USD' })],
      { kind: 'AMOUNT_DIFFERS', recorded: amount, provider: `${total} USD` },
    ],
    [
      'another amount paid back',
      [automatic, captured, refundRequested, refunded],
      [entry('charge'), entry('refund', succeeded, { amount: 99 })],
      { kind: 'AMOUNT_DIFFERS', recorded: '100 EUR', provider: '99 EUR' },
    ],
    [
      'the same charge twice, once without our key',
      [automatic, captured],
      [entry('charge'), entry('charge')],
      { kind: 'AMOUNT_DIFFERS', recorded: amount, provider: `${amount} and ${amount}` },
    ],
  ])('%s', (_what, events, entries, difference) => {
    const { all, types } = found(events, entries);
    expect(all).toEqual([expect.objectContaining(difference)]);
    expect(types).toEqual([detected]);
  });
});

describe('what changed at the provider a moment ago', () => {
  it('is under way', () => {
    const entries = [entry('charge'), entry('refund', succeeded, { ageMs: 999 })];
    expect(isUnderWay(entries, 1_000)).toBe(true);
    expect(isUnderWay(entries, 999)).toBe(false);
  });
});

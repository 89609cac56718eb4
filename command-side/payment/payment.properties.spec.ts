import { describe, expect, it } from '@jest/globals';
import type { PaymentEvent } from '@orders/shared-events/contracts/payment.events.js';
import { EUR, USD, orderId, paymentId, paymentRequested } from '@orders/shared-events/testing/examples.js';
import { NOW } from '@orders/shared-events/testing/given.js';
import fc from 'fast-check';
import { isRefused } from '../decision.js';
import { owedCalls } from './owed-calls.js';
import { type PaymentCommand, type PaymentState, payment } from './payment.js';
import type { ProviderOutcome } from './provider.js';

const ids = { paymentId, orderId };
const attempt = fc.integer({ min: 1, max: 3 });
const refundId = fc.constantFrom('refund-1', 'refund-2');
const amount = fc.constantFrom(1_000, 3_000, 6_500, 9_000);

const asked = (captureMethod: 'AUTOMATIC' | 'MANUAL'): fc.Arbitrary<PaymentCommand> => {
  const { attempt: _first, ...terms } = paymentRequested(captureMethod).data;
  return fc.oneof(
    fc.constant({ type: 'AuthorizePayment' as const, data: terms }),
    attempt.map((n) => ({ type: 'CapturePayment' as const, data: { ...ids, attempt: n } })),
    attempt.map((n) => ({ type: 'VoidAuthorization' as const, data: { ...ids, attempt: n } })),
    fc
      .record({ refundId, amount, attempt })
      .map((data) => ({ type: 'RefundPayment' as const, data: { ...ids, ...data } })),
    fc
      .record({ refundId, amount, currency: fc.constantFrom(EUR, USD) })
      .map((data) => ({ type: 'RequestRefund' as const, data: { ...ids, ...data } })),
  );
};
const outcome: fc.Arbitrary<ProviderOutcome> = fc.constantFrom(
  { kind: 'succeeded', reference: 'r' },
  { kind: 'failed', code: 'x' },
  { kind: 'unknown' },
);

/** A command, or the provider's answer to one of the calls that are owed at that moment. */
const step = (captureMethod: 'AUTOMATIC' | 'MANUAL') =>
  fc.oneof(
    asked(captureMethod).map((command) => () => command),
    fc.tuple(fc.nat(), outcome).map(
      ([index, answered]) =>
        (state: PaymentState) =>
          answerTo(state, index, answered),
    ),
  );
const history = fc
  .constantFrom('AUTOMATIC' as const, 'MANUAL' as const)
  .chain((method) => fc.array(step(method), { maxLength: 40 }));

function answerTo(state: PaymentState, index: number, answered: ProviderOutcome): PaymentCommand | undefined {
  const owed = owedCalls(state);
  const call = owed[index % owed.length];
  if (!call) return undefined;
  const { operation, attempt: at, refundId: refund } = call;
  return {
    type: 'RecordProviderNotification',
    data: {
      ...ids,
      operation,
      attempt: at,
      outcome: answered,
      ...(refund === undefined ? {} : { refundId: refund }),
    },
  };
}

function run(
  steps: ((state: PaymentState) => PaymentCommand | undefined)[],
  check: (
    command: PaymentCommand,
    events: readonly PaymentEvent[],
    after: PaymentState,
    log: readonly PaymentEvent[],
  ) => void,
): void {
  let state = payment.initialState;
  const log: PaymentEvent[] = [];
  for (const next of steps) {
    const command = next(state);
    if (!command) continue;
    const decision = payment.decide({ ...command, now: NOW }, state);
    const events = isRefused(decision) ? [] : decision;
    state = events.reduce((folded, event) => payment.evolve(folded, { ...event, occurredAt: NOW }), state);
    log.push(...events);
    check(command, events, state, log);
  }
}

/** Sum of the amounts of all events of a type. */
const taken = (log: readonly PaymentEvent[], type: PaymentEvent['type']): number =>
  log.reduce(
    (sum, event) => (event.type === type && 'amount' in event.data ? sum + event.data.amount : sum),
    0,
  );

describe('a payment, whatever is asked and answered', () => {
  it('is captured at most once, and at most what was asked for', () =>
    fc.assert(
      fc.property(history, (steps) =>
        run(steps, (_command, _events, _after, log) => {
          expect(log.filter(({ type }) => type === 'PaymentCaptured').length).toBeLessThanOrEqual(1);
          expect(taken(log, 'PaymentCaptured')).toBeLessThanOrEqual(paymentRequested('MANUAL').data.amount);
        }),
      ),
    ));

  it('is never refunded, or about to be, beyond what was captured', () =>
    fc.assert(
      fc.property(history, (steps) =>
        run(steps, (_command, _events, after, log) => {
          const pending = owedCalls(after).filter(({ operation }) => operation === 'refund');
          const owed = pending.reduce((sum, call) => sum + call.amount, 0);
          expect(taken(log, 'PaymentRefunded') + owed).toBeLessThanOrEqual(taken(log, 'PaymentCaptured'));
        }),
      ),
    ));

  it('changes nothing when a command is repeated at once', () =>
    fc.assert(
      fc.property(history, (steps) =>
        run(steps, (command, events, after) => {
          if (events.some(({ type }) => type === 'ProviderNotificationIgnored')) return;
          const decision = payment.decide({ ...command, now: NOW }, after);
          const changed = isRefused(decision) ? [] : decision;
          expect(changed.filter(({ type }) => type !== 'ProviderNotificationIgnored')).toEqual([]);
        }),
      ),
    ));

  it('owes the provider at most one call a key, and never again one that succeeded', () =>
    fc.assert(
      fc.property(history, (steps) => {
        const succeeded = new Set<string>();
        let owedBefore: readonly string[] = [];
        run(steps, (command, events, after) => {
          const keys = owedCalls(after).map(({ key }) => key);
          expect(new Set(keys).size).toBe(keys.length);
          if (isSuccess(command) && events.length > 0) {
            for (const key of owedBefore) if (!keys.includes(key)) succeeded.add(key);
          }
          for (const key of keys) expect(succeeded.has(key)).toBe(false);
          owedBefore = keys;
        });
      }),
    ));
});

const isSuccess = (command: PaymentCommand): boolean =>
  command.type === 'RecordProviderNotification' && command.data.outcome.kind === 'succeeded';

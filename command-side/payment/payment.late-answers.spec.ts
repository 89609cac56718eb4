import { expect, it } from '@jest/globals';
import type { PaymentEvent } from '@orders/shared-events/contracts/payment.events.js';
import { EUR, orderId, paymentId, paymentRequested } from '@orders/shared-events/testing/examples.js';
import { NOW, secondsFromNow } from '@orders/shared-events/testing/given.js';
import fc from 'fast-check';
import { isRefused } from '../decision.js';
import { type ProviderCall, owedCalls } from './owed-calls.js';
import { type PaymentCommand, type PaymentState, payment } from './payment.js';
import type { ProviderOutcome } from './provider.js';

/** What the provider would make of a call, if nothing stands in its way; `lost`: it does not arrive. */
type Wish = 'succeeded' | 'failed' | 'action-required' | 'lost';

/** A provider by the port's rules: a key is decided once, a void is the last word on its authorisation. */
class Provider {
  readonly #outcomes = new Map<string, { readonly call: ProviderCall; outcome: ProviderOutcome }>();

  carryOut(call: ProviderCall, wish: Wish): void {
    if (wish === 'lost' || this.#outcomes.has(call.key)) return;
    const outcome = this.#decide(call, wish);
    this.#outcomes.set(call.key, { call, outcome });
    if (call.operation === 'void' && outcome.kind === 'succeeded') this.#close(call);
  }

  /** The customer has done what they had to, or failed to. */
  act(index: number, isApproved: boolean): void {
    const waiting = this.entries.filter(({ outcome }) => outcome.kind === 'action-required');
    const entry = waiting[index % waiting.length];
    if (entry) entry.outcome = isApproved ? done(entry.call.key) : FAILED;
  }

  /** What is held is not held any more. */
  expire(): void {
    for (const entry of this.entries)
      if (entry.call.operation === 'authorize' && entry.outcome.kind === 'succeeded' && this.held > 0)
        entry.outcome = { kind: 'expired' };
  }

  get entries() {
    return [...this.#outcomes.values()];
  }

  sum(...operations: readonly ProviderCall['operation'][]): number {
    return this.entries
      .filter(({ call, outcome }) => operations.includes(call.operation) && outcome.kind === 'succeeded')
      .reduce((sum, { call }) => sum + call.amount, 0);
  }

  get captured(): number {
    return this.sum('charge', 'capture');
  }

  get held(): number {
    return this.captured > 0 || this.sum('void') > 0 ? 0 : this.sum('authorize');
  }

  #decide(call: ProviderCall, wish: Exclude<Wish, 'lost'>): ProviderOutcome {
    switch (call.operation) {
      case 'authorize':
      case 'charge':
        if (wish === 'action-required')
          return { kind: wish, url: 'https://provider.example/1', expiresAt: secondsFromNow(60) };
        return wish === 'succeeded' ? done(call.key) : FAILED;
      case 'capture':
        if (this.#outcomes.get(call.authorizationKey)?.outcome.kind === 'expired') return { kind: 'expired' };
        return wish === 'failed' || this.held === 0 ? FAILED : done(call.key);
      case 'void':
        if (this.captured > 0) return { kind: 'already-captured', reference: 'taken' };
        return wish === 'failed' ? FAILED : done(call.key);
      case 'refund':
        return wish === 'failed' || this.sum('refund') + call.amount > this.captured
          ? FAILED
          : done(call.key);
    }
  }

  #close(call: ProviderCall): void {
    const key = call.authorizationKey;
    const entry = this.#outcomes.get(key);
    if (!entry) this.#outcomes.set(key, { call: { ...call, key, operation: 'authorize' }, outcome: FAILED });
    else if (entry.outcome.kind === 'action-required') entry.outcome = FAILED;
  }
}

const FAILED: ProviderOutcome = { kind: 'failed', code: 'x' };
const done = (key: string): ProviderOutcome => ({ kind: 'succeeded', reference: `of ${key}` });

const ids = { paymentId, orderId };
const attempt = fc.constantFrom(1, 1, 1, 2, 3);
const refundId = fc.constantFrom('refund-1', 'refund-2');
const amount = fc.constantFrom(1_000, 3_000, 6_500);

const asked = (method: 'AUTOMATIC' | 'MANUAL'): fc.Arbitrary<PaymentCommand> => {
  const { attempt: _first, ...terms } = paymentRequested(method).data;
  const capture = attempt.map((n) => ({ type: 'CapturePayment' as const, data: { ...ids, attempt: n } }));
  return fc.oneof(
    fc.constant({ type: 'AuthorizePayment' as const, data: terms }),
    ...(method === 'MANUAL' ? [capture, capture, capture] : []),
    fc.constant({ type: 'RetryPayment' as const, data: { ...ids, paymentMethod: 'pm_other' } }),
    attempt.map((n) => ({ type: 'VoidAuthorization' as const, data: { ...ids, attempt: n } })),
    fc
      .record({ refundId, amount, attempt })
      .map((data) => ({ type: 'RefundPayment' as const, data: { ...ids, ...data } })),
    fc
      .record({ refundId, amount })
      .map((data) => ({ type: 'RequestRefund' as const, data: { ...ids, ...data, currency: EUR } })),
  );
};

type Deed =
  | { readonly kind: 'ask'; readonly command: PaymentCommand }
  /** A call that was owed at some time arrives, or not, maybe long after that. */
  | { readonly kind: 'call'; readonly index: number; readonly wish: Wish }
  /** The provider tells of any of its calls, maybe once more. */
  | { readonly kind: 'tell'; readonly index: number; readonly by: 'answer' | 'notification' }
  | { readonly kind: 'act'; readonly index: number; readonly isApproved: boolean }
  | { readonly kind: 'expire' };

const deed = (method: 'AUTOMATIC' | 'MANUAL'): fc.Arbitrary<Deed> =>
  fc.oneof(
    { weight: 16, arbitrary: asked(method).map((command) => ({ kind: 'ask' as const, command })) },
    {
      weight: 16,
      arbitrary: fc.record({
        kind: fc.constant('call' as const),
        index: fc.nat(),
        wish: fc.constantFrom<Wish>('succeeded', 'succeeded', 'failed', 'action-required', 'lost'),
      }),
    },
    {
      weight: 16,
      arbitrary: fc.record({
        kind: fc.constant('tell' as const),
        index: fc.nat(),
        by: fc.constantFrom('answer' as const, 'notification'),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('act' as const),
        index: fc.nat(),
        isApproved: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'expire' as const }) },
  );
const history = fc
  .constantFrom('AUTOMATIC' as const, 'MANUAL' as const)
  .chain((method) =>
    fc
      .array(deed(method), { minLength: 8, maxLength: 40, size: 'max' })
      .map((deeds): Deed[] => [begin(method), ...deeds]),
  );

/** Without it there is no payment. */
function begin(method: 'AUTOMATIC' | 'MANUAL'): Deed {
  const { attempt: _first, ...terms } = paymentRequested(method).data;
  return { kind: 'ask', command: { type: 'AuthorizePayment', data: terms } };
}

/** The stream of a payment and the provider, as they come to be. */
class Told {
  readonly provider = new Provider();
  readonly log: PaymentEvent[] = [];
  state: PaymentState = payment.initialState;
  readonly #everOwed = new Map<string, ProviderCall>();

  do(one: Deed): void {
    switch (one.kind) {
      case 'ask':
        return this.#decide(one.command);
      case 'call': {
        const calls = [...this.#everOwed.values()];
        const call = calls[one.index % calls.length];
        return call && this.provider.carryOut(call, one.wish);
      }
      case 'tell': {
        const { entries } = this.provider;
        const entry = entries[one.index % entries.length];
        return entry && this.tell(entry, one.by);
      }
      case 'act':
        return this.provider.act(one.index, one.isApproved);
      case 'expire':
        return this.provider.expire();
    }
  }

  tell({ call, outcome }: Provider['entries'][number], by: 'answer' | 'notification'): void {
    const { operation, attempt, refundId } = call;
    const named = refundId === undefined ? {} : { refundId };
    const known = by === 'notification' ? { notificationId: `${call.key}:${outcome.kind}` } : {};
    const data = { ...ids, operation: this.#operationOf(operation), attempt, outcome, ...named, ...known };
    this.#decide({ type: 'RecordProviderNotification', data });
  }

  /** Whatever is owed is carried out, and everything is told until it is no news. */
  settle(): void {
    for (let known = -1; known < this.log.length;) {
      known = this.log.length;
      for (const call of owedCalls(this.state)) this.provider.carryOut(call, 'succeeded');
      for (const entry of this.provider.entries) this.tell(entry, 'notification');
    }
  }

  /** What a void has closed is of the kind that was asked for. */
  #operationOf(operation: ProviderCall['operation']): ProviderCall['operation'] {
    const isCharged = this.log.some(
      ({ type, data }) => type === 'PaymentRequested' && data.captureMethod === 'AUTOMATIC',
    );
    return operation === 'authorize' && isCharged ? 'charge' : operation;
  }

  #decide(command: PaymentCommand): void {
    const decision = payment.decide({ ...command, now: NOW }, this.state);
    for (const event of isRefused(decision) ? [] : decision) {
      this.log.push(event);
      this.state = payment.evolve(this.state, { ...event, occurredAt: NOW });
    }
    for (const call of owedCalls(this.state)) this.#everOwed.set(call.key, call);
  }
}

const sumOf = (log: readonly PaymentEvent[], type: PaymentEvent['type']): number =>
  log.reduce((sum, { type: its, data }) => (its === type && 'amount' in data ? sum + data.amount : sum), 0);

it('a payment never says more than the provider did, and all of it once all is told, however late', () =>
  fc.assert(
    fc.property(history, (deeds) => {
      const told = new Told();
      const { provider, log } = told;
      for (const one of deeds) {
        told.do(one);
        expect(log.filter(({ type }) => type === 'PaymentCaptured').length).toBeLessThanOrEqual(1);
        expect(sumOf(log, 'PaymentCaptured')).toBeLessThanOrEqual(provider.captured);
        expect(sumOf(log, 'PaymentRefunded')).toBeLessThanOrEqual(provider.sum('refund'));
        const owed = owedCalls(told.state).filter(({ operation }) => operation === 'refund');
        const back = sumOf(log, 'PaymentRefunded') + owed.reduce((sum, call) => sum + call.amount, 0);
        expect(back).toBeLessThanOrEqual(sumOf(log, 'PaymentCaptured'));
      }
      told.settle();
      expect(sumOf(log, 'PaymentCaptured')).toBe(provider.captured);
      expect(sumOf(log, 'PaymentRefunded')).toBe(provider.sum('refund'));
      expect(told.state.status === 'authorized').toBe(provider.held > 0);
    }),
    { numRuns: 2_000 },
  ));

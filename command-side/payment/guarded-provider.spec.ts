import { beforeEach, describe, expect, it } from '@jest/globals';
import { EUR, orderId, paymentId } from '@orders/shared-events/testing/examples.js';
import { until } from '@orders/shared-events/testing/until.js';
import { type CallResult, GuardedProvider, type GuardSettings } from './guarded-provider.js';
import type { ProviderCall } from './owed-calls.js';
import { type PaymentProvider, type ProviderOutcome, ProviderUnavailable } from './provider.js';

const call: ProviderCall = {
  paymentId,
  orderId,
  amount: 1_000,
  currency: EUR,
  paymentMethod: 'pm_approve',
  operation: 'charge',
  attempt: 1,
  key: `${paymentId}:charge:1`,
  authorizationKey: `${paymentId}:charge:1`,
};
const succeeded: ProviderOutcome = { kind: 'succeeded', reference: 'ref-1' };
const declined: ProviderOutcome = { kind: 'failed', code: 'card_declined' };

type Behaviour = () => Promise<ProviderOutcome>;
const answers =
  (outcome: ProviderOutcome): Behaviour =>
  () =>
    Promise.resolve(outcome);
const is =
  (error: Error): Behaviour =>
  () =>
    Promise.reject(error);
const away = is(new ProviderUnavailable('gone'));
const silent: Behaviour = () => new Promise(() => undefined);

/** Behaves as it is told to, and counts. */
class Provider implements PaymentProvider {
  calls = 0;
  behaviour: Behaviour = answers(succeeded);
  authorize = () => this.#call();
  charge = () => this.#call();
  capture = () => this.#call();
  void = () => this.#call();
  refund = () => this.#call();
  find = () => this.#call();
  #call(): Promise<ProviderOutcome> {
    this.calls += 1;
    return this.behaviour();
  }
}

let provider: Provider;
let told: CallResult[];
let turns: boolean[];
beforeEach(() => {
  provider = new Provider();
  told = [];
  turns = [];
});

const SETTINGS: GuardSettings = { timeoutMs: 5_000, window: 8, failurePercent: 50, halfOpenAfterMs: 5_000 };
const guarded = (settings: Partial<GuardSettings> = {}) =>
  new GuardedProvider(
    provider,
    { ...SETTINGS, ...settings },
    {
      called: (result) => told.push(result),
      turned: (isThere) => turns.push(isThere),
    },
  );
const outcomes = () => told.map(({ outcome }) => outcome);
/** What each of so many calls, one after the other, comes to. */
async function charges(guard: GuardedProvider, count: number, behaviour: Behaviour): Promise<string[]> {
  provider.behaviour = behaviour;
  const results: string[] = [];
  for (let index = 0; index < count; index++) {
    results.push(
      await guard.charge(call).then(
        ({ kind }) => kind,
        (error: unknown) => (error instanceof Error ? error.message : ''),
      ),
    );
  }
  return results;
}
const broken = 'the circuit breaker is open';
const opened = async (settings: Partial<GuardSettings> = {}): Promise<GuardedProvider> => {
  const guard = guarded(settings);
  await charges(guard, 2, away);
  expect(guard.breaker).toBe('open');
  [provider.calls, told] = [0, []];
  return guard;
};

describe('a provider that answers', () => {
  it('is passed on, with its refusals: the breaker stays closed', async () => {
    const guard = guarded();
    expect(await charges(guard, 8, answers(declined))).toEqual(Array(8).fill('failed'));
    expect(await guard.find(call.key)).toEqual(declined);
    expect(guard.breaker).toBe('closed');
    expect(told[0]).toEqual({ operation: 'charge', outcome: 'failed', seconds: expect.any(Number) });
    expect(told[8]?.operation).toBe('find');
  });

  it('that it will tell later what came of it answers, too', async () => {
    const guard = guarded();
    expect(await charges(guard, 8, answers({ kind: 'unknown' }))).toEqual(Array(8).fill('unknown'));
    expect(guard.breaker).toBe('closed');
  });

  it('with a fault of its own is passed on, and is no outage', async () => {
    const guard = guarded();
    expect(await charges(guard, 8, is(new Error('a bug')))).toEqual(Array(8).fill('a bug'));
    expect(guard.breaker).toBe('closed');
    expect(outcomes()[0]).toBe('error');
  });
});

describe('an answer that does not come in time', () => {
  it('is unknown, not a failure', async () => {
    const guard = guarded({ timeoutMs: 5 });
    expect(await charges(guard, 1, silent)).toEqual(['unknown']);
    expect(outcomes()).toEqual(['timeout']);
  });

  it('of what became of a key is no answer to that: it must be asked again', async () => {
    provider.behaviour = silent;
    await expect(guarded({ timeoutMs: 5 }).find(call.key)).rejects.toThrow(ProviderUnavailable);
  });

  it('counts against the breaker', async () => {
    const guard = guarded({ timeoutMs: 5 });
    await charges(guard, 1, silent);
    expect(guard.breaker).toBe('closed');
    await charges(guard, 1, silent);
    expect(guard.breaker).toBe('open');
  });
});

describe('the breaker', () => {
  it('opens when more than its share of the last calls came to nothing, and lets none through', async () => {
    const guard = guarded();
    await charges(guard, 4, answers(succeeded));
    await charges(guard, 4, away);
    expect(guard.breaker).toBe('closed');
    await charges(guard, 1, away);
    expect(guard.breaker).toBe('open');
    expect(provider.calls).toBe(9);
    expect(await charges(guard, 2, answers(succeeded))).toEqual([broken, broken]);
    await expect(guard.find(call.key)).rejects.toThrow(ProviderUnavailable);
    expect(provider.calls).toBe(9);
    expect(told.at(-1)).toEqual({ operation: 'find', outcome: 'refused' });
  });

  it('stays closed while too few calls were made to say', async () => {
    const guard = guarded();
    await charges(guard, 1, away);
    expect(guard.breaker).toBe('closed');
  });

  it('closes on the first answer after its time', async () => {
    const guard = await opened({ halfOpenAfterMs: 20 });
    await until(async () => (await charges(guard, 1, answers(declined)))[0] === 'failed');
    expect(guard.breaker).toBe('closed');
    expect(await charges(guard, 1, answers(succeeded))).toEqual(['succeeded']);
  });

  it('opens again where that call comes to nothing as well', async () => {
    const guard = await opened({ halfOpenAfterMs: 20 });
    await until(async () => (await charges(guard, 1, away))[0] === 'gone');
    expect(guard.breaker).toBe('open');
    expect(provider.calls).toBe(1);
  });

  it('tells once that the provider is away, however often it is tried, and once that it is back', async () => {
    const guard = await opened({ halfOpenAfterMs: 20 });
    for (let times = 0; times < 2; times++)
      await until(async () => (await charges(guard, 1, away))[0] === 'gone');
    expect(turns).toEqual([false]);
    await until(async () => (await charges(guard, 1, answers(succeeded)))[0] === 'succeeded');
    expect(turns).toEqual([false, true]);
  });

  it('lets one call through while it is half open, and nobody else wait for it', async () => {
    const guard = await opened({ halfOpenAfterMs: 20 });
    let answer: (outcome: ProviderOutcome) => void = () => undefined;
    provider.behaviour = () => new Promise((resolve) => (answer = resolve));
    let probe: Promise<unknown> = Promise.resolve();
    await until(() => {
      probe = guard.charge(call).catch(() => undefined);
      return Promise.resolve(provider.calls === 1);
    });
    expect(guard.breaker).toBe('half_open');
    const others = await Promise.allSettled([guard.charge(call), guard.find(call.key)]);
    expect(others.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(provider.calls).toBe(1);
    answer(succeeded);
    expect(await probe).toEqual(succeeded);
    expect(guard.breaker).toBe('closed');
  });
});

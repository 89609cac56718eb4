import { beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Addressed } from '@orders/shared-events/contracts/envelope.js';
import { CommandId, paymentStream } from '@orders/shared-events/contracts/ids.js';
import { orderId, origin, paymentId, paymentRequested } from '@orders/shared-events/testing/examples.js';
import { Orders } from '../order/orders.js';
import { SimulatedLog } from '../testing/simulated-log.js';
import { GuardedProvider } from './guarded-provider.js';
import type { ProviderCall } from './owed-calls.js';
import { OnPayment, PaymentHandler } from './payment.handler.js';
import type { PaymentCommand } from './payment.js';
import { Payments } from './payments.js';
import { ProviderCalls } from './provider-calls.js';
import { type PaymentProvider, type ProviderOutcome, ProviderUnavailable } from './provider.js';

type Answer = ProviderOutcome | Error | 'never';

/** Answers as it is told to, in order, and keeps what it was asked. */
class ScriptedProvider implements PaymentProvider {
  readonly asked: string[] = [];
  answers: Answer[] = [];
  found: (ProviderOutcome | undefined | 'never')[] = [];

  authorize = (call: ProviderCall) => this.#answer(call);
  charge = (call: ProviderCall) => this.#answer(call);
  capture = (call: ProviderCall) => this.#answer(call);
  void = (call: ProviderCall) => this.#answer(call);
  refund = (call: ProviderCall) => this.#answer(call);
  find = (key: string) => {
    this.asked.push(`find ${key}`);
    const found = this.found.shift();
    return found === 'never' ? new Promise<never>(() => undefined) : Promise.resolve(found);
  };

  async #answer({ operation, attempt }: ProviderCall): Promise<ProviderOutcome> {
    this.asked.push(`${operation} ${attempt}`);
    await Promise.resolve();
    const answer = this.answers.shift() ?? succeeded;
    if (answer === 'never') return new Promise(() => undefined);
    if (answer instanceof Error) throw answer;
    return answer;
  }
}

const succeeded: ProviderOutcome = { kind: 'succeeded', reference: 'ref-1' };
const unanswered: ProviderOutcome = { kind: 'unknown' };
const find = `find ${paymentId}:charge:1`;

/** So many calls that the breaker never opens. */
const GUARD = { timeoutMs: 20, window: 1_000, failurePercent: 99, halfOpenAfterMs: 1 };

let deferred: string[];
let log: SimulatedLog;
let provider: ScriptedProvider;
const started = () => {
  const payments = new Payments(log);
  const calls = new ProviderCalls(new GuardedProvider(provider, GUARD), payments, (operation) =>
    deferred.push(operation),
  );
  return new PaymentHandler(payments, calls, new Orders(log));
};
beforeEach(() => {
  deferred = [];
  log = new SimulatedLog();
  provider = new ScriptedProvider();
});

const addressed = (command: PaymentCommand): OnPayment =>
  new OnPayment({
    commandId: CommandId.parse(randomUUID()),
    stream: paymentStream(paymentId),
    command,
    origin,
  } satisfies Addressed<PaymentCommand>);
const { attempt: _first, ...terms } = paymentRequested('AUTOMATIC').data;
const authorize = () => addressed({ type: 'AuthorizePayment', data: terms });
const voids = () => addressed({ type: 'VoidAuthorization', data: { paymentId, orderId, attempt: 1 } });
const refunds = (refundId: string) =>
  addressed({
    type: 'RequestRefund',
    data: { paymentId, orderId, refundId, amount: 1, currency: terms.currency },
  });
const types = () => log.events.map(({ type }) => type);

describe('what the provider is owed', () => {
  it('is called after the intent is in the log, and its outcome recorded', async () => {
    let intentFirst = false;
    provider.charge = () => {
      intentFirst = types().includes('PaymentRequested');
      return Promise.resolve(succeeded);
    };
    await started().execute(authorize());
    expect(intentFirst).toBe(true);
    expect(types()).toEqual(['PaymentRequested', 'PaymentCaptured']);
  });

  it('is called once: a repeat after the outcome asks for nothing', async () => {
    const payment = started();
    await payment.execute(authorize());
    await payment.execute(authorize());
    expect(provider.asked).toEqual(['charge 1']);
  });

  it('is asked for before it is called again, after a crash between intent and outcome', async () => {
    provider.answers = [new Error('crash')];
    await expect(started().execute(authorize())).rejects.toThrow('crash');
    provider.found = [succeeded];
    await started().execute(authorize());
    expect(provider.asked).toEqual(['charge 1', find]);
    expect(types()).toEqual(['PaymentRequested', 'PaymentCaptured']);
  });

  it('is deferred once where it cannot be made, and made under the same key by a repeat', async () => {
    provider.answers = [new ProviderUnavailable('gone'), new ProviderUnavailable('gone')];
    const payment = started();
    await payment.execute(authorize());
    expect(provider.asked).toEqual(['charge 1']);
    await payment.execute(authorize());
    await payment.execute(authorize());
    expect(provider.asked).toEqual(['charge 1', find, 'charge 1', find, 'charge 1']);
    expect(types()).toEqual(['PaymentRequested', 'ProviderCallDeferred', 'PaymentCaptured']);
    expect(deferred).toEqual(['charge']);
  });

  it('is asked for at once when the answer does not come', async () => {
    provider.answers = [unanswered];
    provider.found = [succeeded];
    await started().execute(authorize());
    expect(provider.asked).toEqual(['charge 1', find]);
    expect(types()).toEqual(['PaymentRequested', 'PaymentOutcomeUnknown', 'PaymentCaptured']);
  });

  it('is given up for now when no answer comes, under the same key, and taken up by a repeat', async () => {
    provider.answers = [unanswered, 'never'];
    const payment = started();
    await payment.execute(authorize());
    expect(provider.asked).toEqual(['charge 1', find, 'charge 1']);
    expect(types()).toEqual(['PaymentRequested', 'PaymentOutcomeUnknown']);
    await payment.execute(authorize());
    expect(types()).toEqual(['PaymentRequested', 'PaymentOutcomeUnknown', 'PaymentCaptured']);
  });

  it('is asked for again by a repeat where the provider did not tell what became of it', async () => {
    provider.answers = [unanswered];
    provider.found = ['never', succeeded];
    const payment = started();
    await payment.execute(authorize());
    expect(types()).toEqual(['PaymentRequested', 'PaymentOutcomeUnknown', 'ProviderCallDeferred']);
    await payment.execute(authorize());
    expect(provider.asked).toEqual(['charge 1', find, find]);
    expect(types().at(-1)).toBe('PaymentCaptured');
  });

  it('is asked for before it is called again, also where something else is asked for meanwhile', async () => {
    provider.answers = [succeeded, unanswered, unanswered];
    const payment = started();
    await payment.execute(authorize());
    await payment.execute(refunds('r1'));
    expect(types().at(-1)).toBe('PaymentOutcomeUnknown');
    provider.asked.length = 0;
    provider.found = [succeeded];
    await payment.execute(refunds('r2'));
    expect(provider.asked).toEqual([`find ${paymentId}:refund:r1:1`, 'refund 1']);
    expect(types().slice(-3)).toEqual(['RefundRequested', 'PaymentRefunded', 'PaymentRefunded']);
  });

  it('is called by one of those who find it owed at the same time', async () => {
    const payment = started();
    await Promise.all([authorize(), authorize(), authorize()].map((command) => payment.execute(command)));
    expect(provider.asked.filter((asked) => asked === 'charge 1')).toHaveLength(1);
    expect(types()).toEqual(['PaymentRequested', 'PaymentCaptured']);
  });

  it('is a void while a charge is unanswered: what came of the charge is recorded, and owed no more', async () => {
    provider.answers = [unanswered, unanswered, { kind: 'already-captured', reference: 'ref-1' }];
    const payment = started();
    await payment.execute(authorize());
    await payment.execute(voids());
    expect(types()).toEqual([
      'PaymentRequested',
      'PaymentOutcomeUnknown',
      'VoidRequested',
      'PaymentCaptured',
      'VoidFailed',
    ]);
  });

  it('is recorded as the service of the provider, caused by the command', async () => {
    const command = authorize();
    await started().execute(command);
    expect(log.events[1]?.metadata).toMatchObject({
      actor: { kind: 'service', subject: 'payment-provider' },
      $causationId: command.addressed.commandId,
      $correlationId: origin.correlationId,
    });
  });
});

describe('a success that comes late', () => {
  it('after the void was asked for is recorded before the void ends it', async () => {
    let answerCharge: (outcome: ProviderOutcome) => void = () => undefined;
    provider.charge = () => new Promise((resolve) => (answerCharge = resolve));
    provider.void = () => {
      answerCharge(succeeded);
      return Promise.resolve({ kind: 'already-captured', reference: 'ref-1' });
    };
    const payment = started();
    await Promise.all([payment.execute(authorize()), payment.execute(voids())]);
    expect(types().filter((type) => type === 'PaymentCaptured')).toHaveLength(1);
  });
});

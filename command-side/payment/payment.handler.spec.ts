import { beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { NewEvent } from '@orders/shared-events/contracts/envelope.js';
import { CommandId, EventId, orderStream, paymentStream } from '@orders/shared-events/contracts/ids.js';
import type { OrderEvent } from '@orders/shared-events/contracts/order.events.js';
import type { PaymentEvent } from '@orders/shared-events/contracts/payment.events.js';
import {
  customer,
  orderId,
  orderPlaced,
  origin,
  paymentId,
  paymentRequested,
  total,
} from '@orders/shared-events/testing/examples.js';
import { NOW, secondsFromNow } from '@orders/shared-events/testing/given.js';
import { Orders } from '../order/orders.js';
import { SimulatedLog } from '../testing/simulated-log.js';
import type { ProviderCall } from './owed-calls.js';
import { OnPayment, PaymentHandler } from './payment.handler.js';
import { Payments } from './payments.js';
import { ProviderCalls } from './provider-calls.js';
import type { PaymentProvider, ProviderOutcome } from './provider.js';

const ids = { paymentId, orderId };
const requested = paymentRequested('AUTOMATIC');
const actionRequired: PaymentEvent = {
  type: 'PaymentActionRequired',
  data: { ...ids, attempt: 1, url: 'https://provider.example/1', expiresAt: secondsFromNow(60) },
};
const declined: PaymentEvent = {
  type: 'PaymentDeclined',
  data: { ...ids, attempt: 1, code: 'card_declined' },
};
const voided: PaymentEvent = { type: 'AuthorizationVoided', data: ids };
const captured: PaymentEvent = {
  type: 'PaymentCaptured',
  data: { ...ids, attempt: 1, amount: total, providerReference: 'ref-1' },
};
const cancelling: OrderEvent = { type: 'OrderCancellationRequested', data: { orderId, reason: 'no' } };

let log: SimulatedLog;
let handler: PaymentHandler;
let charged: Pick<ProviderCall, 'key' | 'paymentMethod'>[];

beforeEach(() => {
  log = new SimulatedLog();
  charged = [];
  const payments = new Payments(log);
  const calls = new ProviderCalls(provider, payments);
  handler = new PaymentHandler(payments, calls, new Orders(log));
});

const answer = (outcome: ProviderOutcome) => () => Promise.resolve(outcome);
const succeeded: ProviderOutcome = { kind: 'succeeded', reference: 'ref-2' };
/** Remembers what it was asked to charge. */
const provider: PaymentProvider = {
  charge: ({ key, paymentMethod }) => {
    charged.push({ key, paymentMethod });
    return Promise.resolve(succeeded);
  },
  authorize: answer(succeeded),
  capture: answer(succeeded),
  void: answer(succeeded),
  refund: answer(succeeded),
  find: () => Promise.resolve(undefined),
};

const stored = (event: OrderEvent | PaymentEvent): NewEvent => ({
  id: EventId.parse(randomUUID()),
  type: event.type,
  data: event.data,
  metadata: {
    ...{ $correlationId: origin.correlationId, $causationId: origin.causationId, actor: customer },
    ...{ commandId: CommandId.parse(randomUUID()), occurredAt: NOW, schemaVersion: 1 },
  },
});
const given = (order: readonly OrderEvent[], payment: readonly PaymentEvent[]) => {
  log.write(orderStream(orderId), order.map(stored));
  log.write(paymentStream(paymentId), payment.map(stored));
};
const retry = (paymentMethod = 'pm_other') =>
  handler.execute(
    new OnPayment({
      commandId: CommandId.parse(randomUUID()),
      stream: paymentStream(paymentId),
      command: { type: 'RetryPayment', data: { ...ids, paymentMethod } },
      origin,
    }),
  );
const types = () =>
  log.events.filter(({ streamId }) => streamId.startsWith('payment')).map(({ type }) => type);
const mayTryAgain = [requested, actionRequired, declined];

describe('another attempt to pay', () => {
  it('is charged with the other way to pay, under a key of its own, after the intent is in the log', async () => {
    given([orderPlaced], mayTryAgain);
    expect(await retry()).toMatchObject({ outcome: 'happened' });
    expect(charged).toEqual([{ key: `${paymentId}:charge:2`, paymentMethod: 'pm_other' }]);
    expect(types().slice(3)).toEqual(['PaymentRequested', 'PaymentCaptured']);
  });

  it('is charged once, however often it is asked for at once', async () => {
    given([orderPlaced], mayTryAgain);
    const outcomes = await Promise.all([retry(), retry(), retry()]);
    expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual(['happened', 'repeated', 'repeated']);
    expect(charged).toHaveLength(1);
  });

  it.each([
    ['there is none', [], [], 'ORDER_NOT_FOUND'],
    ['is being cancelled', [orderPlaced, cancelling], mayTryAgain, 'CANCELLATION_REQUESTED'],
    [
      'is cancelled',
      [orderPlaced, cancelling, { type: 'OrderCancelled', data: { orderId } }],
      mayTryAgain,
      'ORDER_CANCELLED',
    ],
    [
      'was rejected',
      [orderPlaced, { type: 'OrderRejected', data: { orderId, reason: 'PAYMENT_DECLINED' } }],
      mayTryAgain,
      'ORDER_REJECTED',
    ],
    [
      'went on',
      [orderPlaced, { type: 'OrderConfirmed', data: { orderId } }],
      [requested, captured],
      'PAYMENT_SETTLED',
    ],
  ] as [string, OrderEvent[], PaymentEvent[], string][])(
    'is refused where the order %s',
    async (_where, order, payment, code) => {
      given(order, payment);
      expect(await retry()).toMatchObject({ outcome: 'refused', refusal: { code } });
      expect(charged).toEqual([]);
    },
  );

  it.each([
    ['nothing was asked for yet', [], 'PAYMENT_NOT_FOUND'],
    ['the first attempt is under way', [requested], 'PAYMENT_PENDING'],
    ['the customer is to act', [requested, actionRequired], 'PAYMENT_PENDING'],
    ['it was declined for good', [requested, declined], 'PAYMENT_DECLINED'],
    ['it was given up', [...mayTryAgain, voided], 'PAYMENT_VOIDED'],
  ] as [string, PaymentEvent[], string][])('is refused where %s', async (_where, payment, code) => {
    given([orderPlaced], payment);
    expect(await retry()).toMatchObject({ outcome: 'refused', refusal: { code } });
    expect(charged).toEqual([]);
  });

  it('is refused once the time for it is over', async () => {
    given([orderPlaced], mayTryAgain);
    log.clock += 60_000;
    expect(await retry()).toMatchObject({ refusal: { code: 'RETRY_TOO_LATE' } });
  });

  it('is refused by the mark that the process sets just before it, and charges nothing', async () => {
    given([orderPlaced], mayTryAgain);
    log.beforeAppend = (stream) => {
      log.beforeAppend = () => undefined;
      log.write(stream, [stored(voided)]);
    };
    expect(await retry()).toMatchObject({ refusal: { code: 'PAYMENT_VOIDED' } });
    expect(charged).toEqual([]);
  });
});

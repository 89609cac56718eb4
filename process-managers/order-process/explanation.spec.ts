import { describe, expect, it } from '@jest/globals';
import { orderProcessStream } from '@orders/shared-events/contracts/ids.js';
import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import { silent } from '@orders/shared-events/testing/logger.js';
import { z } from 'zod';
import { durationsOf, processSettings } from '../configuration.js';
import { ProcessActions } from '../process-actions.js';
import { ProcessRunner } from '../process.js';
import { Processes } from '../processes.js';
import { MemoryLog, fromLog } from '../testing/memory-log.js';
import { anOrder } from '../testing/order-story.js';
import { quietEffects } from '../testing/quiet-effects.js';
import { type Circumstances, type Explanation, UNANSWERED_AFTER, explain } from './explanation.js';
import type { StageVisit } from './deadlines.js';
import type { OperatorAction } from './operator-actions.js';
import { viewOf } from './process-view.js';

const durations = durationsOf(z.object(processSettings).parse({}));
const order = anOrder();
const manual = anOrder({ captureMethod: 'MANUAL' });
const goods = anOrder({ lines: [{ requiresShipping: true }] });
const NOTHING: Circumstances = { asked: undefined, quarantine: undefined };

type Told = DomainEvent | { readonly deadline: StageVisit } | { readonly does: OperatorAction };

/** What is told of an order after that, as its process's own stream has it. */
async function after(
  { orderId }: ReturnType<typeof anOrder>,
  told: readonly Told[],
  circumstances = NOTHING,
): Promise<Explanation> {
  const log = new MemoryLog();
  const effects = quietEffects(log);
  const runner = new ProcessRunner(new Processes((stream) => log.read(stream)), effects, silent);
  const actions = new ProcessActions(
    { append: (...how) => log.append(...how), readStream: (stream) => log.readStream(stream) },
    effects,
    silent,
  );
  for (const [index, turn] of told.entries()) {
    if ('deadline' in turn) await runner.passDeadline(orderId, turn.deadline);
    else if ('does' in turn) await actions.perform(orderId, turn.does, { ...request, key: String(index) });
    else await runner.hear(orderId, fromLog(turn, BigInt(index + 1)));
  }
  const view = await viewOf(log.read(orderProcessStream(orderId)), durations);
  if (!view) throw new Error('there is no process');
  return explain(view, circumstances);
}

const request = {
  ...{ actor: { kind: 'operator', subject: 'anna' } as const, reason: 'TICKET-1' },
  context: { correlationId: 'of-the-request', traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` },
};

describe('an explanation', () => {
  it.each<[stage: string, of: ReturnType<typeof anOrder>, told: readonly Told[], waitsFor: string[]]>([
    ['payment', order, [order.placed], ['the payment provider to charge 2500 EUR']],
    ['payment', manual, [manual.placed], ['the payment provider to authorise 2500 EUR']],
    [
      'customerAction',
      order,
      [order.placed, order.actionRequired()],
      ['the customer to do what the provider wants of them'],
    ],
    [
      'providerRetry',
      order,
      [order.placed, order.deferred('charge')],
      ['the payment provider, which cannot be called'],
    ],
    ['reservation', order, [order.placed, order.captured], ['1 of SKU-A to be reserved']],
    [
      'capture',
      manual,
      [manual.placed, manual.authorized, manual.reserved()],
      ['the payment provider to capture 2500 EUR'],
    ],
    [
      'confirmation',
      order,
      [order.placed, order.captured, order.reserved()],
      ['1 of SKU-A to be confirmed', 'the order to be confirmed'],
    ],
    [
      'shipment',
      goods,
      [goods.placed, goods.captured, goods.reserved(), goods.firm(), goods.confirmed],
      ['somebody to ship the goods (the mutation shipOrder)'],
    ],
    [
      'completion',
      order,
      [order.placed, order.captured, order.reserved(), order.firm(), order.confirmed],
      ['the order to be completed', '1 of SKU-A to be taken out of stock'],
    ],
    [
      'compensation',
      order,
      [order.placed, order.captured, order.outOfStock()],
      ['the payment provider to refund what was captured', 'then, the order to be rejected'],
    ],
    [
      'compensation',
      manual,
      [manual.placed, manual.authorized, manual.reserved(), manual.cancellationRequested],
      [
        ...['the payment provider to void the payment', '1 of SKU-A to be released'],
        'then, the order to be cancelled',
      ],
    ],
  ])('in %s says what is waited for', async (stage, of, told, waitsFor) => {
    const explanation = await after(of, told);
    expect([explanation.stage, explanation.waitsFor]).toEqual([stage, waitsFor]);
    expect(explanation.summary).toContain(waitsFor[0]);
    expect(explanation.until).not.toBeNull();
    expect(explanation.next.onDeadline).not.toBeNull();
  });

  it('of an order that is done says that nothing is waited for', async () => {
    const told = [order.placed, order.captured, order.reserved(), order.firm(), order.confirmed];
    const explanation = await after(order, [...told, order.completed, order.committed()]);
    expect(explanation).toMatchObject({
      summary: 'It is done: nothing is waited for',
      ...{ waitsFor: [], until: null, obstacles: [], next: { onDeadline: null } },
    });
  });

  it('says that nobody answers, once that has been so for long', async () => {
    const asked = (resends: number) => ({ asked: { resends, nextResendAt: null }, quarantine: undefined });
    const often = await after(order, [order.placed], asked(UNANSWERED_AFTER));
    expect(often.obstacles).toMatchObject([{ what: 'UNANSWERED', remedies: ['retry'] }]);
    const seldom = await after(order, [order.placed], asked(UNANSWERED_AFTER - 1));
    expect([seldom.obstacles, seldom.sentAgain]).toEqual([[], UNANSWERED_AFTER - 1]);
  });

  it.each([
    [false, 'it met what cannot be dealt with: damaged'],
    [true, 'it met what cannot be dealt with, which a newer build wrote: damaged'],
  ])('says what an order in quarantine met, written by a newer build: %s', async (newer, because) => {
    const quarantine = { reason: 'damaged', newer, since: '2026-01-01T00:00:00.000Z' };
    const { obstacles } = await after(order, [order.placed], { asked: undefined, quarantine });
    expect(obstacles).toEqual([{ what: 'QUARANTINE', because, remedies: ['release'] }]);
  });

  it('says why an operator is asked for, and what can be done', async () => {
    const confirming = [order.placed, order.captured, order.reserved(), order.firm()];
    const deadline = { stage: 'confirmation', generation: 3 } as const;
    const overdue = await after(order, [...confirming, { deadline }]);
    expect(overdue).toMatchObject({
      summary: 'It stands still in confirmation: the stage took too long',
      obstacles: [{ what: 'INTERVENTION', remedies: ['retry', 'resolve', 'compensate'] }],
      until: null,
    });
    const voids = [1, 2, 3, 4, 5].map(manual.voidFailed);
    const stuck = await after(manual, [manual.placed, manual.authorized, manual.outOfStock(), ...voids]);
    expect(stuck.obstacles).toMatchObject([{ what: 'INTERVENTION', remedies: ['retry', 'resolve'] }]);
  });

  it('tells in its chain what led there, and who did what', async () => {
    const { chain } = await after(order, [order.placed, order.captured, { does: 'pause' }]);
    expect(chain.map(({ what, askedFor }) => [what, ...askedFor])).toEqual([
      ['started'],
      ['heard OrderPlaced', `AuthorizePayment payment-${order.paymentId}`],
      ['heard PaymentCaptured', 'ReserveStock stock-SKU-A'],
      ['paused by anna: TICKET-1'],
    ]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { START, Story, TOTAL, anOrder, deadlineOf, story } from '../testing/order-story.js';
import { pending } from './pending.js';
import { CURRENT_DEFINITION } from './rules.js';

const order = anOrder();
const manual = anOrder({ captureMethod: 'MANUAL' });
const shippable = anOrder({ lines: [{ requiresShipping: true }] });
const twoSkus = anOrder({ lines: [{ sku: 'SKU-B' }, { sku: 'SKU-A' }, { sku: 'SKU-B', quantity: 2 }] });
const { placed, captured, reserved, firm, confirmed, completed, committed } = order;

describe('an order that is charged at once', () => {
  it('is charged first', () => {
    const { process } = story(order, placed);
    expect(pending(process)).toEqual([
      {
        commandId: expect.any(String),
        stream: `payment-${order.paymentId}`,
        command: {
          type: 'AuthorizePayment',
          data: {
            paymentId: order.paymentId,
            orderId: order.orderId,
            amount: TOTAL,
            currency: 'EUR',
            paymentMethod: 'pm_approve',
            captureMethod: 'AUTOMATIC',
          },
        },
      },
    ]);
  });

  it('then reserves its stock', () => {
    expect(story(order, placed, captured).awaits).toEqual(['ReserveStock SKU-A']);
  });

  it('then confirms the reservations, and only when they are firm the order', () => {
    expect(story(order, placed, captured, reserved()).awaits).toEqual(['ConfirmReservation SKU-A']);
    expect(story(order, placed, captured, reserved(), firm()).awaits).toEqual(['ConfirmOrder']);
  });

  it('is completed at once when nothing has to be shipped, and then commits its stock', () => {
    const confirmedStory = story(order, placed, captured, reserved(), firm(), confirmed);
    expect(confirmedStory.awaits).toEqual(['CompleteOrder']);
    expect(confirmedStory.then(completed).awaits).toEqual(['CommitReservation SKU-A']);
    expect(confirmedStory.then(committed()).process.stage).toBe('done');
    expect(confirmedStory.awaits).toEqual([]);
  });

  it('waits for the shipment when a line has to be shipped', () => {
    const waiting = story(
      shippable,
      shippable.placed,
      shippable.captured,
      shippable.reserved(),
      shippable.firm(),
      shippable.confirmed,
    );
    expect(waiting.process.stage).toBe('shipment');
    expect(waiting.awaits).toEqual([]);
    expect(waiting.then(shippable.shipped).awaits).toEqual(['CompleteOrder', 'CommitReservation SKU-A']);
    expect(waiting.then(shippable.committed(), shippable.completed).process.stage).toBe('done');
  });
});

describe('the stock of several lines', () => {
  it('is one reservation a SKU, asked for one after the other in the order of the SKUs', () => {
    const first = story(twoSkus, twoSkus.placed, twoSkus.captured);
    expect(first.awaits).toEqual(['ReserveStock SKU-A']);
    const second = first.then(twoSkus.reserved('SKU-A'));
    expect(second.awaits).toEqual(['ReserveStock SKU-B']);
    expect(pending(second.process)[0]?.command.data).toMatchObject({ sku: 'SKU-B', quantity: 3 });
  });

  it('is confirmed together', () => {
    const all = [twoSkus.placed, twoSkus.captured, twoSkus.reserved('SKU-A'), twoSkus.reserved('SKU-B')];
    const confirming = story(twoSkus, ...all);
    expect(confirming.awaits).toEqual(['ConfirmReservation SKU-A', 'ConfirmReservation SKU-B']);
    expect(confirming.then(twoSkus.firm('SKU-B')).awaits).toEqual(['ConfirmReservation SKU-A']);
  });

  it('may expire until it is firm', () => {
    const all = [twoSkus.placed, twoSkus.captured, twoSkus.reserved('SKU-A'), twoSkus.reserved('SKU-B')];
    const confirming = story(twoSkus, ...all, twoSkus.firm('SKU-B'));
    expect(pending(confirming.process).map(({ command }) => command)).toMatchObject([
      { type: 'ConfirmReservation', data: { sku: 'SKU-A' } },
      { type: 'ExpireReservation', data: { sku: 'SKU-A' } },
    ]);
  });

  it('is released where it was asked for, and only there, when a later SKU is out of stock', () => {
    const abc = anOrder({ lines: [{ sku: 'A' }, { sku: 'B' }, { sku: 'C' }] });
    const undone = story(abc, abc.placed, abc.captured, abc.reserved('A'), abc.outOfStock('B'));
    expect(undone.awaits).toEqual(['RefundPayment 1', 'ReleaseReservation A']);
  });

  it('may be reserved until five minutes after it was first asked for', () => {
    const [command] = pending(story(order, placed, captured).process);
    expect(command?.command.data).toMatchObject({ expiresAt: '2026-01-01T00:05:00.020Z' });
  });
});

describe('an order that is authorised first', () => {
  it('is captured once its stock is reserved', () => {
    const authorized = story(manual, manual.placed, manual.authorized);
    expect(authorized.awaits).toEqual(['ReserveStock SKU-A']);
    expect(authorized.then(manual.reserved()).awaits).toEqual(['CapturePayment 1']);
    expect(authorized.then(manual.captureRequested()).awaits).toEqual(['CapturePayment 1']);
    expect(authorized.then(manual.captured).awaits).toEqual(['ConfirmReservation SKU-A']);
  });

  it('is captured again after a refusal, with the next attempt and after a pause', () => {
    const refused = story(
      manual,
      manual.placed,
      manual.authorized,
      manual.reserved(),
      manual.captureFailed(),
    );
    expect(refused.awaits).toEqual(['CapturePayment 2']);
    expect(pending(refused.process)[0]?.notBefore).toBe('2026-01-01T00:00:00.540Z');
  });

  it('is undone when it was refused three times', () => {
    const refused = story(
      manual,
      manual.placed,
      manual.authorized,
      manual.reserved(),
      manual.captureFailed(1),
      manual.captureFailed(2),
      manual.captureFailed(3),
    );
    expect(refused.awaits).toEqual(['VoidAuthorization 1', 'ReleaseReservation SKU-A']);
    expect(refused.then(manual.voided, manual.released()).awaits).toEqual(['RejectOrder PAYMENT_FAILED']);
  });
});

describe('an order that cannot be fulfilled', () => {
  it('is rejected at once when the payment is declined: nothing is held', () => {
    const declined = story(order, placed, order.declined);
    expect(declined.awaits).toEqual(['RejectOrder PAYMENT_DECLINED']);
    expect(declined.then(order.rejected('PAYMENT_DECLINED')).process.stage).toBe('done');
  });

  it('is refunded when the stock is out and the money was charged', () => {
    const undone = story(order, placed, captured, order.outOfStock());
    expect(undone.awaits).toEqual(['RefundPayment 1']);
    expect(pending(undone.process)[0]?.command.data).toMatchObject({ amount: TOTAL });
    expect(undone.then(order.refunded).awaits).toEqual(['RejectOrder OUT_OF_STOCK']);
  });

  it('is voided when the stock is out and the money was only authorised', () => {
    const undone = story(manual, manual.placed, manual.authorized, manual.outOfStock());
    expect(undone.awaits).toEqual(['VoidAuthorization 1']);
    expect(undone.then(manual.voided).awaits).toEqual(['RejectOrder OUT_OF_STOCK']);
  });

  it('is told that the reservation took too long where stock says so', () => {
    expect(story(order, placed, captured, order.tooLate(), order.refunded).awaits).toEqual([
      'RejectOrder RESERVATION_TIMED_OUT',
    ]);
  });

  it('is not rejected while stock is held', () => {
    const lost = story(twoSkus, twoSkus.placed, twoSkus.captured, twoSkus.reserved('SKU-A'));
    lost.then(twoSkus.outOfStock('SKU-B'), twoSkus.refunded);
    expect(lost.awaits).toEqual(['ReleaseReservation SKU-A']);
    expect(lost.then(twoSkus.released('SKU-A')).awaits).toEqual(['RejectOrder OUT_OF_STOCK']);
  });

  it('is not rejected while money is held', () => {
    const lost = story(twoSkus, twoSkus.placed, twoSkus.captured, twoSkus.reserved('SKU-A'));
    lost.then(twoSkus.outOfStock('SKU-B'), twoSkus.released('SKU-A'));
    expect(lost.awaits).toEqual(['RefundPayment 1']);
  });

  it('reserves once more what expired, for another five minutes', () => {
    const again = story(order, placed, captured, reserved(), order.expired());
    expect(again.awaits).toEqual(['ReserveStock SKU-A']);
    const [first] = pending(story(order, placed, captured).process);
    const [second] = pending(again.process);
    expect(second?.commandId).not.toBe(first?.commandId);
    expect(second?.command.data).toMatchObject({ expiresAt: '2026-01-01T00:05:00.040Z' });
  });

  it('is undone when its stock expired twice', () => {
    const lost = story(order, placed, captured, reserved(), order.expired(), reserved(), order.expired());
    expect(lost.awaits).toEqual(['RefundPayment 1']);
    expect(lost.then(order.refunded).awaits).toEqual(['RejectOrder RESERVATION_LOST']);
  });

  it('is undone when somebody else voided its payment', () => {
    const voided = story(manual, manual.placed, manual.authorized, manual.voided);
    expect(voided.awaits).toEqual(['ReleaseReservation SKU-A']);
  });
});

describe('a refused compensation', () => {
  const refunding = () => story(order, placed, captured, order.outOfStock());

  it('is tried again with the next attempt, each time after a longer pause', () => {
    const once = refunding().then(order.refundFailed(1));
    expect(once.awaits).toEqual(['RefundPayment 2']);
    expect(pending(once.process)[0]?.notBefore).toBe('2026-01-01T00:00:00.540Z');
    const twice = once.then(order.refundFailed(2));
    expect(pending(twice.process)[0]?.notBefore).toBe('2026-01-01T00:00:01.550Z');
  });

  it('asks for an operator after five attempts, and does not reject the order', () => {
    const refused = refunding().then(...[1, 2, 3, 4, 5].map((attempt) => order.refundFailed(attempt)));
    expect(refused.process.intervention).toBe('REFUND_FAILED');
    expect(refused.awaits).toEqual([]);
    expect(refused.process.stage).toBe('compensation');
  });

  it('asks for an operator when a void is refused five times', () => {
    const voiding = story(manual, manual.placed, manual.authorized, manual.outOfStock());
    voiding.then(...[1, 2, 3, 4, 5].map((attempt) => manual.voidFailed(attempt)));
    expect(voiding.process.intervention).toBe('VOID_FAILED');
    expect(voiding.awaits).toEqual([]);
  });

  it('goes on when it succeeds after all', () => {
    const refused = refunding().then(...[1, 2, 3, 4, 5].map((attempt) => order.refundFailed(attempt)));
    refused.then(order.refunded);
    expect(refused.awaits).toEqual(['RejectOrder OUT_OF_STOCK']);
    expect(refused.then(order.rejected('OUT_OF_STOCK')).process).toMatchObject({
      stage: 'done',
      intervention: undefined,
    });
  });

  it('does not count an attempt twice', () => {
    const once = refunding().then(order.refundFailed(1), order.refundFailed(1));
    expect(once.awaits).toEqual(['RefundPayment 2']);
  });
});

describe('a cancellation', () => {
  it('before the payment is settled voids it first', () => {
    const cancelled = story(order, placed, order.cancellationRequested);
    expect(cancelled.awaits).toEqual(['VoidAuthorization 1']);
    expect(cancelled.then(order.voided).awaits).toEqual(['CancelOrder']);
    expect(cancelled.then(order.cancelled).process.stage).toBe('done');
  });

  it('while it is the customer’s turn, or they may pay in another way, closes what they were asked for', () => {
    for (const told of [[order.actionRequired()], [order.actionRequired(), order.declined]]) {
      const cancelled = story(order, placed, ...told, order.cancellationRequested);
      expect(cancelled.awaits).toEqual(['VoidAuthorization 1']);
      expect(cancelled.then(order.voided).awaits).toEqual(['CancelOrder']);
    }
  });

  it('while the provider is away waits for it, and gives back what there is then', () => {
    const away = () =>
      story(manual, manual.placed, manual.deferred('authorize'), manual.cancellationRequested);
    expect(away().awaits).toEqual(['VoidAuthorization 1']);
    expect(away().then(manual.deferred('void')).awaits).toEqual(['VoidAuthorization 1']);
    expect(away().then(manual.voided).awaits).toEqual(['CancelOrder']);
    expect(away().then(manual.captured, manual.voidFailed()).awaits).toEqual(['RefundPayment 1']);
  });

  it('of a charged order, before it is confirmed, refunds and releases', () => {
    const cancelled = story(order, placed, captured, reserved(), order.cancellationRequested);
    expect(cancelled.awaits).toEqual(['RefundPayment 1', 'ReleaseReservation SKU-A']);
    expect(cancelled.then(order.refunded, order.released()).awaits).toEqual(['CancelOrder']);
  });

  it('of an order whose refund was refused for good ends once an operator has refunded it under another id', () => {
    const stuck = story(order, placed, captured, order.cancellationRequested);
    for (let attempt = 1; attempt <= 5; attempt++) stuck.then(order.refundFailed(attempt));
    expect(stuck.process.intervention).toBe('REFUND_FAILED');
    expect(stuck.then(order.released()).awaits).toEqual([]);
    stuck.then(order.refundRequested('by-hand', TOTAL), order.refundedTo('by-hand', TOTAL));
    expect(stuck.awaits).toEqual(['CancelOrder']);
    expect(stuck.then(order.cancelled).process).toMatchObject({ stage: 'done', intervention: undefined });
  });

  it('of an authorised order voids and releases', () => {
    const cancelled = story(manual, manual.placed, manual.authorized, manual.cancellationRequested);
    expect(cancelled.awaits).toEqual(['VoidAuthorization 1', 'ReleaseReservation SKU-A']);
  });

  it('of a confirmed order refunds and releases', () => {
    const cancelled = story(shippable, shippable.placed, shippable.captured, shippable.reserved());
    cancelled.then(shippable.firm(), shippable.confirmed, shippable.cancellationRequested);
    expect(cancelled.awaits).toEqual(['RefundPayment 1', 'ReleaseReservation SKU-A']);
    expect(cancelled.then(shippable.refunded, shippable.released()).awaits).toEqual(['CancelOrder']);
  });

  it('while the money is being captured waits for the outcome, then refunds', () => {
    const capturing = story(manual, manual.placed, manual.authorized, manual.reserved());
    capturing.then(manual.captureRequested(), manual.cancellationRequested);
    expect(capturing.awaits).toEqual(['CapturePayment 1', 'ReleaseReservation SKU-A']);
    expect(capturing.then(manual.captured).awaits).toEqual(['RefundPayment 1', 'ReleaseReservation SKU-A']);
  });

  it('while the money is being captured voids when the capture fails', () => {
    const capturing = story(manual, manual.placed, manual.authorized, manual.reserved());
    capturing.then(manual.captureRequested(), manual.cancellationRequested, manual.captureFailed());
    expect(capturing.awaits).toEqual(['VoidAuthorization 1', 'ReleaseReservation SKU-A']);
  });

  it('that comes when the capture was asked for but not begun lets the void decide the race', () => {
    const capturing = story(manual, manual.placed, manual.authorized, manual.reserved());
    capturing.then(manual.cancellationRequested);
    expect(capturing.awaits[0]).toBe('VoidAuthorization 1');
    expect(capturing.then(manual.captureRequested()).awaits[0]).toBe('CapturePayment 1');
  });

  it('of an order that is being undone for another reason ends as a cancellation', () => {
    const both = story(order, placed, captured, order.outOfStock(), order.cancellationRequested);
    expect(both.then(order.refunded).awaits).toEqual(['CancelOrder']);
  });

  it('asks for an operator when the goods leave all the same', () => {
    const cancelled = story(shippable, shippable.placed, shippable.captured, shippable.reserved());
    cancelled.then(shippable.firm(), shippable.confirmed, shippable.cancellationRequested, shippable.shipped);
    expect(cancelled.process.intervention).toBe('SHIPPED_WHILE_UNDOING');
    expect(cancelled.awaits).toEqual([]);
  });
});

describe('a deadline', () => {
  it('of the payment gives up', () => {
    const late = story(order, placed, deadlineOf('payment'));
    expect(late.awaits).toEqual(['VoidAuthorization 1']);
    expect(late.then(order.voided).awaits).toEqual(['RejectOrder PAYMENT_TIMED_OUT']);
  });

  it('of the reservation gives up, and releases what may have been reserved', () => {
    const late = story(order, placed, captured, deadlineOf('reservation'));
    expect(late.awaits).toEqual(['RefundPayment 1', 'ReleaseReservation SKU-A']);
    expect(late.then(order.refunded, order.released()).awaits).toEqual(['RejectOrder RESERVATION_TIMED_OUT']);
  });

  it('of the capture gives up', () => {
    const late = story(manual, manual.placed, manual.authorized, manual.reserved(), deadlineOf('capture'));
    expect(late.awaits).toEqual(['VoidAuthorization 1', 'ReleaseReservation SKU-A']);
    expect(late.then(manual.voided, manual.released()).awaits).toEqual(['RejectOrder PAYMENT_TIMED_OUT']);
  });

  it.each([
    ['confirmation', [placed, captured, reserved()], 'ConfirmReservation SKU-A'],
    ['completion', [placed, captured, reserved(), firm(), confirmed], 'CompleteOrder'],
    ['compensation', [placed, captured, order.outOfStock()], 'RefundPayment 1'],
  ] as const)('of the %s asks for an operator and goes on asking', (stage, turns, command) => {
    const late = story(order, ...turns, deadlineOf(stage));
    expect(late.process.intervention).toBe('STAGE_OVERDUE');
    expect(late.awaits).toEqual([command]);
  });

  it('is forgotten when the stage ends after all', () => {
    const late = story(order, placed, captured, reserved(), firm(), deadlineOf('confirmation'), confirmed);
    expect(late.process).toMatchObject({ stage: 'completion', intervention: undefined });
  });

  it('that is told again, and has asked for an operator, changes nothing', () => {
    const late = story(order, placed, captured, reserved(), deadlineOf('confirmation'));
    const before = late.process;
    expect(late.then(deadlineOf('confirmation')).process).toBe(before);
  });

  it('of a stage that is over changes nothing', () => {
    const moved = story(order, placed, captured);
    const before = moved.process;
    expect(moved.then(deadlineOf('payment', 1)).process).toBe(before);
  });

  it('of an earlier visit to the stage changes nothing', () => {
    const again = story(order, placed, captured, reserved(), order.expired());
    const before = again.process;
    expect(before).toMatchObject({ stage: 'reservation', generation: 4 });
    expect(again.then(deadlineOf('reservation', 2)).process).toBe(before);
  });
});

describe('what comes late', () => {
  const givenUp = () => story(order, placed, deadlineOf('payment'));

  it('a charge after the process gave up is refunded', () => {
    const late = givenUp().then(captured, order.voidFailed());
    expect(late.awaits).toEqual(['RefundPayment 1']);
    expect(late.then(order.refunded).awaits).toEqual(['RejectOrder PAYMENT_TIMED_OUT']);
  });

  it('a charge after the order was rejected is refunded, once', () => {
    const late = givenUp().then(order.voided, order.rejected('PAYMENT_TIMED_OUT'));
    expect(late.process.stage).toBe('done');
    expect(late.then(captured).awaits).toEqual(['RefundPayment 1']);
    expect(late.then(order.refunded)).toMatchObject({ awaits: [] });
    expect(late.process.stage).toBe('done');
  });

  it('an authorisation after the process gave up is voided by the void that is out', () => {
    const late = story(manual, manual.placed, deadlineOf('payment'), manual.authorized);
    expect(late.awaits).toEqual(['VoidAuthorization 1']);
  });

  it('an authorisation after the void was answered needs a void of its own', () => {
    const late = story(manual, manual.placed, deadlineOf('payment'), manual.voided, manual.authorized);
    expect(late.awaits).toEqual(['VoidAuthorization 2']);
  });

  it('an authorisation after a decline is voided, though the order was rejected', () => {
    const rejected = [manual.declined, manual.rejected('PAYMENT_DECLINED')];
    const late = story(manual, manual.placed, ...rejected, manual.authorized);
    expect(late.awaits).toEqual(['VoidAuthorization 1']);
    expect(late.then(manual.voided).process.stage).toBe('done');
  });

  it('a reservation after it was refused is released', () => {
    const late = story(order, placed, captured, order.outOfStock(), reserved());
    expect(late.awaits).toEqual(['RefundPayment 1', 'ReleaseReservation SKU-A']);
  });

  it('a reservation after the process gave up is released', () => {
    const late = story(order, placed, captured, deadlineOf('reservation'), reserved());
    expect(late.awaits).toEqual(['RefundPayment 1', 'ReleaseReservation SKU-A']);
  });

  it('a reservation after the release was answered is released once more', () => {
    const late = story(order, placed, captured, deadlineOf('reservation'), order.released(), reserved());
    expect(late.awaits).toContain('ReleaseReservation SKU-A');
    const [first] = pending(story(order, placed, captured, deadlineOf('reservation')).process).slice(1);
    expect(pending(late.process)[1]?.commandId).not.toBe(first?.commandId);
  });

  it('a decline after the charge changes nothing', () => {
    expect(story(order, placed, captured, order.declined).awaits).toEqual(['ReserveStock SKU-A']);
  });

  it('a failed capture after the capture changes nothing', () => {
    const late = story(manual, manual.placed, manual.authorized, manual.reserved(), manual.captured);
    expect(late.then(manual.captureFailed()).awaits).toEqual(['ConfirmReservation SKU-A']);
  });

  it('a failed void after the charge is not an attempt at anything', () => {
    const late = givenUp().then(captured, ...[1, 2, 3, 4, 5].map((attempt) => order.voidFailed(attempt)));
    expect(late.awaits).toEqual(['RefundPayment 1']);
    expect(late.process.intervention).toBeUndefined();
  });

  it('an event at or below the last heard position changes nothing', () => {
    const heard = story(order, placed, captured);
    const before = heard.process;
    expect(heard.hears(captured, 2).hears(order.outOfStock(), 1).process).toBe(before);
  });
});

describe('a process', () => {
  it('names the same commands with the same ids for the same state', () => {
    const { process } = story(twoSkus, twoSkus.placed, twoSkus.captured);
    expect(pending(process)).toEqual(pending(process));
  });

  it('keeps the definition it started with', () => {
    expect(new Story(order.orderId, 1).then(placed).process.definition).toBe(1);
    expect(story(order, placed).process.definition).toBe(CURRENT_DEFINITION);
  });

  it('knows when its stage began', () => {
    expect(story(order, placed, captured).process).toMatchObject({
      stage: 'reservation',
      stageSince: '2026-01-01T00:00:00.020Z',
      generation: 2,
    });
    expect(START).toBe('2026-01-01T00:00:00.000Z');
  });
});

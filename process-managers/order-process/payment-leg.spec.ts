import { describe, expect, it } from '@jest/globals';
import { later } from '@orders/shared-events/contracts/instants.js';
import { START, Story, TOTAL, anOrder, deadlineOf, story } from '../testing/order-story.js';
import { deadline } from './deadlines.js';
import { pending } from './pending.js';

const order = anOrder();
const manual = anOrder({ captureMethod: 'MANUAL' });
const shippable = anOrder({ lines: [{ requiresShipping: true }] });
const done = [
  order.placed,
  order.captured,
  order.reserved(),
  order.firm(),
  order.confirmed,
  order.completed,
  order.committed(),
] as const;
const HOUR = 3_600_000;
const durations = {
  payment: HOUR,
  customerAction: HOUR,
  providerRetry: HOUR,
  reservation: HOUR,
  capture: HOUR,
  confirmation: HOUR,
  shipment: 720 * HOUR,
  completion: HOUR,
  refund: 300_000,
  compensation: 300_000,
};

describe('a payment that needs the customer to act', () => {
  const waiting = () => story(order, order.placed, order.actionRequired());

  it('is waited for, and asked after in case the notification is lost', () => {
    expect(waiting().process.stage).toBe('customerAction');
    expect(waiting().awaits).toEqual(['AuthorizePayment']);
  });

  it('has at most the time that the provider gives', () => {
    expect(deadline(waiting().process, durations)?.due).toBe(later(START, 900_000));
    expect(deadline(waiting().process, { ...durations, customerAction: 60_000 })?.due).toBe(
      later(START, 60_020),
    );
  });

  it('has no more than that where another way to pay needs them to act, too', () => {
    const again = waiting().then(
      order.declined,
      order.requestedAgain,
      order.actionRequired(later(START, HOUR)),
    );
    expect(deadline(again.process, durations)?.due).toBe(later(START, 900_000));
  });

  it('goes on when the customer has acted', () =>
    expect(waiting().then(order.captured).awaits).toEqual(['ReserveStock SKU-A']));

  it('is given up when the time is over, and what may still come of it is closed', () => {
    const late = waiting().then(deadlineOf('customerAction'));
    expect(late.process.undo).toBe('PAYMENT_TIMED_OUT');
    expect(late.awaits).toEqual(['VoidAuthorization 1']);
    expect(late.then(order.voided).awaits).toEqual(['RejectOrder PAYMENT_TIMED_OUT']);
  });

  it('is given back when it succeeds after that', () => {
    const late = waiting().then(deadlineOf('customerAction'), order.captured);
    expect(late.awaits).toEqual(['RefundPayment 1']);
  });

  it('may be declined, and paid in another way within that time', () => {
    const declined = waiting().then(order.declined);
    expect(declined.process.stage).toBe('customerAction');
    expect(declined.awaits).toEqual([]);
    declined.then(order.requestedAgain);
    expect(declined.process.stage).toBe('payment');
    expect(declined.awaits).toEqual(['AuthorizePayment']);
    expect(declined.then(order.captured).awaits).toEqual(['ReserveStock SKU-A']);
  });

  it('is rejected as declined when it is not paid in another way, and the payment is closed first', () => {
    const declined = waiting().then(order.declined, deadlineOf('customerAction'));
    expect(declined.awaits).toEqual(['VoidAuthorization 1']);
    expect(declined.then(order.voided).awaits).toEqual(['RejectOrder PAYMENT_DECLINED']);
  });

  describe('and whose decline is heard when the time is over', () => {
    const heardLate = [order.placed, order.actionRequired(START), order.declined] as const;

    it('is closed before the order is rejected: the customer may have paid in another way in time', () => {
      const late = story(order, ...heardLate);
      expect([late.process.undo, late.awaits]).toEqual([undefined, []]);
      expect(deadline(late.process, durations)).toMatchObject({ stage: 'customerAction', due: START });
      expect(late.then(deadlineOf('customerAction')).awaits).toEqual(['VoidAuthorization 1']);
      expect(late.then(order.voided).awaits).toEqual(['RejectOrder PAYMENT_DECLINED']);
    });

    it('goes on where the customer did, as the log says behind the decline', () => {
      const paid = story(order, ...heardLate, order.requestedAgain);
      expect(paid.awaits).toEqual(['AuthorizePayment']);
      expect(paid.then(order.captured).awaits).toEqual(['ReserveStock SKU-A']);
    });

    it('is given up at once under definition 2', () =>
      expect(new Story(order.orderId, 2).then(...heardLate).awaits).toEqual([
        'RejectOrder PAYMENT_DECLINED',
      ]));
  });

  it('is waited for under definition 2 where the decline is heard in time', () => {
    const second = new Story(order.orderId, 2).then(order.placed, order.actionRequired(), order.declined);
    expect([second.process.undo, second.awaits]).toEqual([undefined, []]);
  });

  it('is given up at a decline under definition 1', () => {
    const first = new Story(order.orderId, 1).then(order.placed, order.actionRequired(), order.declined);
    expect(first.awaits).toEqual(['RejectOrder PAYMENT_DECLINED']);
  });

  it('is given up at once where the customer was not asked to act', () =>
    expect(story(order, order.placed, order.declined).awaits).toEqual(['RejectOrder PAYMENT_DECLINED']));
});

describe('the first request for the payment', () => {
  it('is no news: the process asked for it', () => {
    const asked = story(order, order.placed);
    const first = { ...order.requestedAgain, data: { ...order.requestedAgain.data, attempt: 1 } };
    expect(asked.then(first).process.heard).toBe('1');
  });
});

describe('a provider that cannot be called', () => {
  it('is tried again, with a deadline of its own', () => {
    const away = story(order, order.placed, order.deferred('charge'));
    expect(away.process.stage).toBe('providerRetry');
    expect(away.awaits).toEqual(['AuthorizePayment']);
    expect(away.then(order.captured).awaits).toEqual(['ReserveStock SKU-A']);
  });

  it('is waited for at the capture too', () => {
    const away = story(
      manual,
      manual.placed,
      manual.authorized,
      manual.reserved(),
      manual.captureRequested(),
      manual.deferred('capture'),
    );
    expect(away.process.stage).toBe('providerRetry');
    expect(away.awaits).toEqual(['CapturePayment 1']);
    expect(away.then(manual.captured).awaits).toEqual(['ConfirmReservation SKU-A']);
  });

  it('is there again with its first answer', () => {
    const back = story(manual, manual.placed, manual.deferred('authorize'), manual.authorized);
    expect(back.then(manual.reserved()).process.stage).toBe('capture');
  });

  it.each([
    [
      'a cancellation',
      [manual.authorized, manual.cancellationRequested, manual.deferred('void')],
      'compensation',
    ],
    [
      'a refund',
      [
        ...[manual.authorized, manual.reserved(), manual.captureRequested(), manual.captured, manual.firm()],
        ...[manual.confirmed, manual.completed, manual.committed()],
        ...[manual.refundRequested('r-1', 100), manual.deferred('refund')],
      ],
      'refund',
    ],
  ] as const)('is waited for by %s as long as by a payment', (_what, events, stage) => {
    const away = story(manual, manual.placed, ...events);
    expect(away.process.stage).toBe(stage);
    const { stageSince } = away.process;
    expect(deadline(away.process, durations)).toMatchObject({
      stage,
      due: later(stageSince, durations.providerRetry),
    });
  });

  it('is waited for by no less than the time of the stage', () => {
    const away = story(manual, manual.placed, manual.cancellationRequested, manual.deferred('void'));
    const { stageSince } = away.process;
    expect(deadline(away.process, { ...durations, providerRetry: 1_000 })?.due).toBe(
      later(stageSince, durations.compensation),
    );
  });

  it('gives the undoing of an order its whole time once it is there again', () => {
    const undoing = story(manual, manual.placed, manual.authorized, manual.cancellationRequested);
    const { stageSince } = undoing.process;
    const back = undoing.then(manual.deferred('void'), manual.voidFailed(1));
    expect(back.process).toMatchObject({ stage: 'compensation', stageSince });
    const { reachedAt = '' } = back.process.payment;
    expect(reachedAt > stageSince).toBe(true);
    expect(deadline(back.process, durations)?.due).toBe(later(reachedAt, durations.compensation));
  });

  it('that is away for a refund shortens no other stage', () => {
    const shipping = anOrder({ lines: [{ requiresShipping: true }] });
    const waits = story(
      shipping,
      ...[shipping.placed, shipping.captured, shipping.reserved(), shipping.firm(), shipping.confirmed],
      ...[shipping.refundRequested('r-1', 100), shipping.deferred('refund')],
    );
    const { stage, stageSince } = waits.process;
    expect(stage).toBe('shipment');
    expect(deadline(waits.process, durations)?.due).toBe(later(stageSince, durations.shipment));
  });

  it('is not waited for without an end', () => {
    const late = story(order, order.placed, order.deferred('charge'), deadlineOf('providerRetry'));
    expect(late.process.undo).toBe('PAYMENT_TIMED_OUT');
    expect(late.awaits).toEqual(['VoidAuthorization 1']);
  });
});

describe('an authorisation that expires', () => {
  it('holds no money: the order is undone', () => {
    const expired = story(
      manual,
      manual.placed,
      manual.authorized,
      manual.reserved(),
      manual.authorizationExpired,
    );
    expect(expired.awaits).toEqual(['ReleaseReservation SKU-A']);
    expect(expired.then(manual.released()).awaits).toEqual(['RejectOrder PAYMENT_FAILED']);
  });

  it('after the capture means nothing', () => {
    const captured = story(manual, manual.placed, manual.authorized, manual.reserved(), manual.captured);
    expect(captured.then(manual.authorizationExpired).awaits).toEqual(['ConfirmReservation SKU-A']);
  });
});

describe('a refund that somebody asks for', () => {
  it('is seen to its end, also when the order is done', () => {
    const refunding = story(order, ...done, order.refundRequested('r1', 500));
    expect(refunding.process.stage).toBe('refund');
    expect(refunding.awaits).toEqual(['RefundPayment 1']);
    expect(pending(refunding.process)[0]?.command.data).toMatchObject({ refundId: 'r1', amount: 500 });
    expect(refunding.then(order.refundedTo('r1', 500)).process.stage).toBe('done');
  });

  it('stands beside what else is to be done', () => {
    const waiting = story(
      shippable,
      shippable.placed,
      shippable.captured,
      shippable.reserved(),
      shippable.firm(),
      shippable.confirmed,
      shippable.refundRequested('r1', 500),
    );
    expect(waiting.process.stage).toBe('shipment');
    expect(waiting.awaits).toEqual(['RefundPayment 1']);
  });

  it('is tried again after a refusal, and then asks for an operator', () => {
    const refused = story(order, ...done, order.refundRequested('r1', 500), order.refundRefused('r1'));
    expect(refused.awaits).toEqual(['RefundPayment 2']);
    for (const attempt of [2, 3, 4, 5])
      refused.then(order.refundRequested('r1', 500, attempt), order.refundRefused('r1', attempt));
    expect(refused.process).toMatchObject({ stage: 'refund', intervention: 'REFUND_FAILED' });
    expect(refused.awaits).toEqual([]);
  });

  it('goes on when the operator asks for it once more', () => {
    const stuck = story(order, ...done, order.refundRequested('r1', 500));
    for (const attempt of [1, 2, 3, 4, 5]) stuck.then(order.refundRefused('r1', attempt));
    stuck.then(order.refundRequested('r1', 500, 6));
    expect(stuck.awaits).toEqual(['RefundPayment 6']);
    const settled = stuck.then(order.refundedTo('r1', 500)).process;
    expect(settled).toMatchObject({ stage: 'done', intervention: undefined });
  });

  it('asks for nobody any more once it is made, also while the order waits for its shipment', () => {
    const confirmed = [shippable.reserved(), shippable.firm(), shippable.confirmed] as const;
    const stuck = story(shippable, shippable.placed, shippable.captured, ...confirmed);
    stuck.then(shippable.refundRequested('r1', 500));
    for (const attempt of [1, 2, 3, 4, 5]) stuck.then(shippable.refundRefused('r1', attempt));
    expect(stuck.process).toMatchObject({ stage: 'shipment', intervention: 'REFUND_FAILED' });
    stuck.then(shippable.refundRequested('r1', 500, 6), shippable.refundedTo('r1', 500));
    expect(stuck.process).toMatchObject({ stage: 'shipment', intervention: undefined });
  });

  it('that was refused is owed no more once the others leave no room for it', () => {
    const stuck = story(order, ...done, order.refundRequested('r1', 500));
    for (const attempt of [1, 2, 3, 4, 5]) stuck.then(order.refundRefused('r1', attempt));
    stuck.then(order.refundRequested('r2', TOTAL - 499));
    expect(stuck.awaits).toEqual(['RefundPayment 1']);
    const settled = stuck.then(order.refundedTo('r2', TOTAL - 499)).process;
    expect(settled).toMatchObject({ stage: 'done', intervention: undefined });
  });

  it('that was refused is tried again once there is room for it after all', () => {
    const refused = story(order, ...done, order.refundRequested('r1', 500), order.refundRefused('r1'));
    refused.then(order.refundRequested('r2', TOTAL));
    expect(refused.awaits).toEqual(['RefundPayment 1']);
    expect(refused.then(order.refundRefused('r2')).awaits).toEqual(['RefundPayment 2', 'RefundPayment 2']);
  });

  it('is known while the order is undone: what is given back is what is left, once it is settled', () => {
    const undone = story(order, order.placed, order.captured, order.refundRequested('r1', 500));
    undone.then(order.outOfStock());
    expect(pending(undone.process).map(({ command }) => command.data)).toMatchObject([{ refundId: 'r1' }]);
    undone.then(order.refundedTo('r1', 500));
    expect(pending(undone.process).map(({ command }) => command.data)).toMatchObject([
      { refundId: 'order-undone', amount: TOTAL - 500 },
    ]);
    undone.then(order.refundedTo('order-undone', TOTAL - 500));
    expect(undone.awaits).toEqual(['RejectOrder OUT_OF_STOCK']);
  });

  it('that is refused while the order is undone is covered by what is given back', () => {
    const undone = story(order, order.placed, order.captured, order.refundRequested('r1', 500));
    undone.then(order.outOfStock(), order.refundRefused('r1'));
    expect(pending(undone.process).map(({ command }) => command.data)).toMatchObject([
      { refundId: 'order-undone', amount: TOTAL },
    ]);
  });
});

describe('a reservation whose time is over', () => {
  const reserved = [manual.placed, manual.authorized, manual.reserved()] as const;
  const expiryOf = (told: Story) =>
    pending(told.process).find(({ command }) => command.type === 'ExpireReservation');

  it('is let go when it is due, and not before, until it is confirmed', () => {
    const expiresAt = '2026-01-01T00:05:00.020Z';
    expect(expiryOf(story(manual, ...reserved))?.notBefore).toBe(expiresAt);
    expect(expiryOf(story(manual, ...reserved, manual.captured))?.notBefore).toBe(expiresAt);
    expect(expiryOf(story(manual, ...reserved, manual.captured, manual.firm()))).toBeUndefined();
  });

  it('is asked for once more, and then the order is undone', () => {
    const again = story(manual, ...reserved, manual.expired());
    expect(again.awaits).toEqual(['ReserveStock SKU-A']);
    again.then(manual.reserved(), manual.expired());
    expect(again.process.undo).toBe('RESERVATION_LOST');
    expect(again.awaits).toEqual(['VoidAuthorization 1']);
  });

  /** When what was asked for once more expires: the first request's expiry, and what went by since. */
  const secondExpiry = (told: Story) => told.process.reservations[0]?.expiresAt ?? '';

  it('is undone where the money was taken meanwhile', () => {
    const again = story(manual, ...reserved, manual.captureRequested(), manual.expired());
    again.then(manual.captured, manual.outOfStock('SKU-A', secondExpiry(again)));
    expect(again.awaits).toEqual(['RefundPayment 1']);
  });

  it('and was asked for once more is not refused by the refusal of a copy of the first request', () => {
    const again = story(manual, ...reserved, manual.expired(), manual.tooLate());
    expect(again.awaits).toEqual(['ReserveStock SKU-A']);
    expect(again.process.undo).toBeUndefined();
    again.then(manual.outOfStock('SKU-A', secondExpiry(again)));
    expect(again.process.undo).toBe('OUT_OF_STOCK');
  });

  it('is undone at any refusal under definition 2', () => {
    const again = new Story(manual.orderId, 2).then(...reserved, manual.expired(), manual.tooLate());
    expect(again.process.undo).toBe('RESERVATION_TIMED_OUT');
  });
});

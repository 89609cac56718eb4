import { describe, expect, it } from '@jest/globals';
import { RESERVATION_WINDOW_MS } from './stock-leg.js';
import { deadline } from './deadlines.js';
import { type OperatorAction, act, operatorActions } from './operator-actions.js';
import { anOrder, deadlineOf, operatorDoes, story } from '../testing/order-story.js';
import { durationsOf, processSettings } from '../configuration.js';
import { z } from 'zod';

const durations = durationsOf(z.object(processSettings).parse({}));
const order = anOrder();
const shipped = anOrder({ lines: [{ requiresShipping: true }], captureMethod: 'MANUAL' });
const manual = anOrder({ captureMethod: 'MANUAL' });

const done = [
  ...[order.placed, order.captured, order.reserved(), order.firm(), order.confirmed, order.completed],
  order.committed(),
] as const;
const voidRefusedForGood = [1, 2, 3, 4, 5].map(manual.voidFailed);
const refundRefusedForGood = [1, 2, 3, 4, 5].map(order.refundFailed);
/** The goods left while a lost reservation was undoing the order. */
const shippedWhileUndoing = [
  ...[shipped.placed, shipped.authorized, shipped.reserved(), shipped.captured, shipped.firm()],
  ...[shipped.confirmed, shipped.released(), shipped.shipped],
] as const;

const refusals = (process: ReturnType<typeof story>) =>
  Object.fromEntries(
    operatorActions.map((action) => {
      const decision = act(process.process, action);
      return [action, 'refusal' in decision ? decision.refusal : 'done'];
    }),
  ) as Record<OperatorAction, string>;

describe('what an operator may do', () => {
  it('to a process that is under way', () => {
    expect(refusals(story(order, order.placed))).toEqual({
      ...{ pause: 'done', resume: 'PROCESS_NOT_PAUSED', retry: 'done', compensate: 'done' },
      resolve: 'NOTHING_TO_RESOLVE',
    });
  });

  it('to one that is paused: resume it', () => {
    expect(refusals(story(order, order.placed, operatorDoes('pause')))).toEqual({
      ...{ pause: 'PROCESS_PAUSED', resume: 'done', retry: 'PROCESS_PAUSED' },
      ...{ compensate: 'PROCESS_PAUSED', resolve: 'PROCESS_PAUSED' },
    });
  });

  it('to one that is done: give the money back all the same', () => {
    expect(refusals(story(order, ...done))).toEqual({
      ...{ pause: 'PROCESS_DONE', resume: 'PROCESS_NOT_PAUSED', retry: 'PROCESS_DONE' },
      ...{ compensate: 'done', resolve: 'PROCESS_DONE' },
    });
  });

  it('to one that undoes its order: not undo it twice', () => {
    const undoing = story(order, order.placed, order.captured, order.outOfStock());
    expect(refusals(undoing)).toMatchObject({ retry: 'done', compensate: 'ALREADY_COMPENSATING' });
    expect(refusals(undoing.then(order.refunded, order.rejected('OUT_OF_STOCK')))).toMatchObject({
      ...{ retry: 'PROCESS_DONE', compensate: 'PROCESS_DONE' },
    });
  });

  it('to one whose goods left while it was undone: say what is to become of it', () => {
    expect(refusals(story(shipped, ...shippedWhileUndoing))).toMatchObject({
      ...{ retry: 'DECISION_NEEDED', compensate: 'done', resolve: 'done' },
    });
  });
});

describe('a paused process', () => {
  it('asks for nothing, and no deadline counts', () => {
    const paused = story(order, order.placed, operatorDoes('pause'));
    expect(paused.awaits).toEqual([]);
    expect(deadline(paused.process, durations)).toBeUndefined();
    expect(paused.then(deadlineOf('payment')).process).toMatchObject({ undo: undefined, stage: 'payment' });
  });

  it('hears on, and reserves nothing meanwhile', () => {
    const paused = story(order, order.placed, operatorDoes('pause'), order.captured);
    expect(paused.process).toMatchObject({ stage: 'reservation', payment: { status: 'captured' } });
    expect(paused.awaits).toEqual([]);
    expect(paused.process.reservations).toMatchObject([{ status: 'unasked' }]);
  });

  it('goes on where it is by now once it is resumed, with all of the stage’s time', () => {
    const resumed = story(order, order.placed, operatorDoes('pause'), order.captured)
      .later(3_600_000)
      .then(operatorDoes('resume'));
    expect(resumed.awaits).toEqual(['ReserveStock SKU-A']);
    expect(resumed.process.stageSince).toBe(resumed.now);
    expect(resumed.process.reservations[0]?.expiresAt.localeCompare(resumed.now)).toBe(1);
  });

  it('is not given up by a deadline of before', () => {
    const paused = story(order, order.placed, operatorDoes('pause'));
    const { generation } = paused.process;
    const resumed = paused.then(operatorDoes('resume'), deadlineOf('payment', generation));
    expect(resumed.process).toMatchObject({ undo: undefined, stage: 'payment' });
  });

  it('asks once more for stock that it had asked for too long ago', () => {
    const asking = story(order, order.placed, order.captured, operatorDoes('pause'));
    const [before] = asking.process.reservations;
    const [after] = asking.later(RESERVATION_WINDOW_MS).then(operatorDoes('resume')).process.reservations;
    expect(after).toMatchObject({ status: 'asked', generation: 2 });
    expect(after?.expiresAt.localeCompare(before?.expiresAt ?? '')).toBe(1);
  });

  it('asks for the same stock where there is time left for it', () => {
    const asking = story(order, order.placed, order.captured, operatorDoes('pause'));
    expect(asking.then(operatorDoes('resume')).process.reservations).toMatchObject([{ generation: 1 }]);
  });
});

describe('a process that is to try again', () => {
  it('has all of the stage’s time, and nobody has to look any longer', () => {
    const overdue = story(order, ...done.slice(0, 4), deadlineOf('confirmation'));
    expect(overdue.process.intervention).toBe('STAGE_OVERDUE');
    const retried = overdue.then(operatorDoes('retry'));
    expect(retried.process).toMatchObject({ intervention: undefined, stageSince: retried.now });
    expect(retried.awaits).toEqual(['ConfirmOrder']);
    expect(deadline(retried.process, durations)).toMatchObject({ stage: 'confirmation' });
  });

  it('asks at once for a void that was refused for good, and as often again', () => {
    const stuck = story(manual, manual.placed, manual.authorized, manual.outOfStock(), ...voidRefusedForGood);
    expect([stuck.process.intervention, stuck.awaits]).toEqual(['VOID_FAILED', []]);
    const retried = stuck.then(operatorDoes('retry'));
    expect([retried.process.intervention, retried.awaits]).toEqual([undefined, ['VoidAuthorization 6']]);
    const again = retried.then(...[6, 7, 8, 9].map(manual.voidFailed));
    expect([again.process.intervention, again.awaits]).toEqual([undefined, ['VoidAuthorization 10']]);
    expect(again.then(manual.voidFailed(10)).process.intervention).toBe('VOID_FAILED');
  });

  it('pauses after a granted attempt as after the first ones', () => {
    const stuck = story(manual, manual.placed, manual.authorized, manual.outOfStock(), ...voidRefusedForGood);
    const { attempts } = stuck.then(operatorDoes('retry'), manual.voidFailed(6)).process.payment;
    expect(Date.parse(attempts.void.notBefore ?? '') - Date.parse(stuck.now)).toBe(500);
  });

  it('asks at once for a refund that was refused for good', () => {
    const stuck = story(order, order.placed, order.captured, order.outOfStock(), ...refundRefusedForGood);
    expect([stuck.process.intervention, stuck.awaits]).toEqual(['REFUND_FAILED', []]);
    const retried = stuck.then(operatorDoes('retry'));
    expect([retried.process.intervention, retried.awaits]).toEqual([undefined, ['RefundPayment 6']]);
    expect(retried.then(order.refunded).awaits).toEqual(['RejectOrder OUT_OF_STOCK']);
  });

  it('does not wait out the pause after a failure', () => {
    const pausing = story(manual, manual.placed, manual.authorized, manual.outOfStock(), manual.voidFailed());
    expect(pausing.process.payment.attempts.void.notBefore).toBeDefined();
    const { attempts, granted } = pausing.then(operatorDoes('retry')).process.payment;
    expect([attempts.void, granted]).toEqual([{ number: 2 }, 0]);
  });
});

describe('an order that is to be undone', () => {
  it('is marked first, so that nobody confirms or ships it, and cancelled once nothing is held for it', () => {
    const undone = story(order, order.placed, order.captured, order.reserved(), operatorDoes('compensate'));
    expect(undone.awaits).toEqual(['RequestCancellation undone by an operator']);
    undone.then(order.cancellationRequested);
    expect(undone.awaits).toEqual(['RefundPayment 1', 'ReleaseReservation SKU-A']);
    expect(undone.then(order.refunded, order.released()).awaits).toEqual(['CancelOrder']);
    expect(undone.then(order.cancelled).process).toMatchObject({ stage: 'done', intervention: undefined });
  });

  it('that was completed has its money given back, and stays completed', () => {
    const undone = story(order, ...done, operatorDoes('compensate'));
    expect(undone.awaits).toEqual(['RefundPayment 1']);
    expect(undone.then(order.refunded).process).toMatchObject({ stage: 'done', order: 'completed' });
  });

  it('whose goods leave meanwhile has its money given back all the same', () => {
    const goods = [shipped.placed, shipped.authorized, shipped.reserved(), shipped.captured, shipped.firm()];
    const undone = story(shipped, ...goods, shipped.confirmed, operatorDoes('compensate'), shipped.shipped);
    expect(undone.process.intervention).toBeUndefined();
    expect(undone.awaits).toEqual(['RefundPayment 1', 'CompleteOrder', 'CommitReservation SKU-A']);
    undone.then(shipped.refunded, shipped.completed, shipped.committed());
    expect(undone.process).toMatchObject({ stage: 'done', order: 'completed' });
  });

  it('and stopped since its goods had left goes on', () => {
    const stopped = story(shipped, ...shippedWhileUndoing);
    expect([stopped.process.intervention, stopped.awaits]).toEqual(['SHIPPED_WHILE_UNDOING', []]);
    const undone = stopped.then(operatorDoes('compensate'));
    expect(undone.awaits).toEqual(['RefundPayment 1', 'CompleteOrder']);
    expect(deadline(undone.process, durations)).toMatchObject({ stage: 'compensation' });
  });
});

describe('what has been seen to outside of the system', () => {
  it('a void: the order comes to its end', () => {
    const stuck = story(manual, manual.placed, manual.authorized, manual.outOfStock(), ...voidRefusedForGood);
    const resolved = stuck.then(operatorDoes('resolve'));
    expect(resolved.process).toMatchObject({ intervention: undefined, payment: { status: 'voided' } });
    expect(resolved.awaits).toEqual(['RejectOrder OUT_OF_STOCK']);
  });

  it('a refund: the order comes to its end', () => {
    const stuck = story(order, order.placed, order.captured, order.outOfStock(), ...refundRefusedForGood);
    expect(stuck.then(operatorDoes('resolve')).awaits).toEqual(['RejectOrder OUT_OF_STOCK']);
  });

  it('a refund that somebody had asked for: the order is done', () => {
    const asked = story(order, ...done, order.refundRequested('r-1', 500));
    const stuck = asked.then(...[1, 2, 3, 4, 5].map((attempt) => order.refundRefused('r-1', attempt)));
    expect(stuck.process).toMatchObject({ stage: 'refund', intervention: 'REFUND_FAILED' });
    expect(stuck.then(operatorDoes('resolve')).process).toMatchObject({
      ...{ stage: 'done', intervention: undefined },
      payment: { refunds: { 'r-1': { status: 'done' } } },
    });
  });

  it('a stage that took too long: it has all of its time anew', () => {
    const overdue = story(order, ...done.slice(0, 4), deadlineOf('confirmation'));
    const resolved = overdue.then(operatorDoes('resolve'));
    expect(resolved.process).toMatchObject({ intervention: undefined, stageSince: resolved.now });
  });

  it('goods that left while the order was undone: it is kept, and completed', () => {
    const kept = story(shipped, ...shippedWhileUndoing, operatorDoes('resolve'));
    expect([kept.process.stage, kept.awaits]).toEqual(['completion', ['CompleteOrder']]);
    expect(kept.then(shipped.completed).process).toMatchObject({ stage: 'done', intervention: undefined });
  });

  it('a late success after that is money that is held, and is given back', () => {
    const stuck = story(manual, manual.placed, manual.authorized, manual.outOfStock(), ...voidRefusedForGood);
    expect(stuck.then(operatorDoes('resolve'), manual.captured).awaits).toEqual(['RefundPayment 1']);
  });
});

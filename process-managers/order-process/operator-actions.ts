/**
 * What an operator does to an order's process.
 *
 * - pause: it hears on, and asks for nothing. No deadline counts.
 * - resume: it asks for what it waits for, and its stage has all of its time anew.
 * - retry: what is outstanding is asked for at once, in a stage with all of its time. What was refused as often as it is
 *   tried at all is tried as often again.
 * - compensate: money and stock are given back and the order is cancelled; where the goods have left, the money is.
 * - resolve: what the operator was asked for has been seen to outside of the system. A void or a refund that was refused
 *   for good counts as made; an order that was shipped while it was undone is kept as it is.
 *
 * A process that is paused takes nothing but to be resumed. It is an event in its stream like what it hears, at an
 * expected revision, so whatever comes in between is decided first.
 */
import type { Occurred } from '@orders/shared-events/contracts/envelope.js';
import type { OrderProcessEvent } from '@orders/shared-events/contracts/orderProcess.events.js';
import type { Running } from './order-process.js';
import { grantAttempts, paidBackByHand, voidedByHand } from './payment-leg.js';
import { askAnew } from './stock-leg.js';

export const operatorActions = ['pause', 'resume', 'retry', 'compensate', 'resolve'] as const;
export type OperatorAction = (typeof operatorActions)[number];

export type OperatorEvent = Extract<
  OrderProcessEvent,
  {
    type:
      | 'OrderProcessPaused'
      | 'OrderProcessResumed'
      | 'OrderProcessRetried'
      | 'OrderProcessCompensationForced'
      | 'OrderProcessInterventionResolved'
      | 'OrderProcessReleased';
  }
>;

/** Why an action changes nothing. */
export type ActionRefusal =
  | 'PROCESS_DONE'
  | 'PROCESS_PAUSED'
  | 'PROCESS_NOT_PAUSED'
  | 'ALREADY_COMPENSATING'
  | 'NOTHING_TO_RESOLVE'
  /** The goods left while the order was undone: whether it is kept or its money given back has to be said. */
  | 'DECISION_NEEDED';

export type ActionDecision =
  | { readonly event: Exclude<OperatorEvent, { type: 'OrderProcessReleased' }> }
  | { readonly refusal: ActionRefusal };

/** What is recorded of an action, or why it is refused. */
export function act(process: Running, action: OperatorAction): ActionDecision {
  const { orderId, intervention } = process;
  const refusal = refusalOf(process, action);
  if (refusal) return { refusal };
  switch (action) {
    case 'pause':
      return { event: { type: 'OrderProcessPaused', data: { orderId } } };
    case 'resume':
      return { event: { type: 'OrderProcessResumed', data: { orderId } } };
    case 'retry':
      return { event: { type: 'OrderProcessRetried', data: { orderId } } };
    case 'compensate':
      return { event: { type: 'OrderProcessCompensationForced', data: { orderId } } };
    case 'resolve':
      return intervention
        ? { event: { type: 'OrderProcessInterventionResolved', data: { orderId, intervention } } }
        : { refusal: 'NOTHING_TO_RESOLVE' };
  }
}

function refusalOf(process: Running, action: OperatorAction): ActionRefusal | undefined {
  if (action === 'resume') return process.paused ? undefined : 'PROCESS_NOT_PAUSED';
  if (process.paused) return 'PROCESS_PAUSED';
  if (action === 'compensate') return whyNotCompensated(process);
  if (process.stage === 'done') return 'PROCESS_DONE';
  return action === 'retry' && process.intervention === 'SHIPPED_WHILE_UNDOING'
    ? 'DECISION_NEEDED'
    : undefined;
}

/** Also an order that was completed may be undone; one that is undone already may not, unless it stopped at that. */
function whyNotCompensated({ stage, undo, intervention }: Running): ActionRefusal | undefined {
  if (!undo || intervention === 'SHIPPED_WHILE_UNDOING') return undefined;
  return stage === 'done' ? 'PROCESS_DONE' : 'ALREADY_COMPENSATING';
}

/** What the process is after it, but for the stage that follows from that. */
export function acted(process: Running, { type, data, occurredAt: at }: Occurred<OperatorEvent>): Running {
  switch (type) {
    case 'OrderProcessPaused':
      return { ...process, paused: true };
    case 'OrderProcessResumed':
      return anew({ ...process, paused: false }, at);
    case 'OrderProcessRetried':
      return anew({ ...process, payment: grantAttempts(process.payment), intervention: undefined }, at);
    case 'OrderProcessCompensationForced':
      return anew(
        { ...process, undo: process.undo ?? 'CANCELLED', decided: 'give back', intervention: undefined },
        at,
      );
    case 'OrderProcessInterventionResolved':
      return anew({ ...resolved(process, data.intervention), intervention: undefined }, at);
    case 'OrderProcessReleased':
      return process.stage === 'done' ? process : anew(process, at);
  }
}

function resolved(process: Running, intervention: NonNullable<Running['intervention']>): Running {
  switch (intervention) {
    case 'STAGE_OVERDUE':
      return process;
    case 'VOID_FAILED':
      return { ...process, payment: voidedByHand(process.payment) };
    case 'REFUND_FAILED':
      return { ...process, payment: paidBackByHand(process.payment) };
    case 'SHIPPED_WHILE_UNDOING':
      return { ...process, decided: 'keep' };
  }
}

/** The same stage is come to once more: it has all of its time, and a deadline of the visit before is over. */
const anew = (process: Running, at: string): Running => ({
  ...process,
  reservations: process.reservations.map((reservation) => askAnew(reservation, at)),
  stageSince: at,
  generation: process.generation + 1,
});

/**
 * The order process takes one order to its end, over payment, stock and order, each of which decides alone.
 *
 * Its goal is to fulfil the order:
 *
 *   payment ─▶ reservation ─▶ capture ─▶ confirmation ─▶ shipment ─▶ completion ─▶ done
 *     │  ▲                      │  ▲                                                │  ▲
 *     ▼  │                      ▼  │                                                ▼  │
 *   customerAction            providerRetry                                        refund
 *   providerRetry
 *
 * - payment: the money is charged (AUTOMATIC) or authorised (MANUAL).
 * - customerAction: the provider wants the customer to do something first (3-D Secure). Until the time for it is over
 *   they may, after a decline, also pay in another way (definition 1 gives up at a decline).
 * - providerRetry: the provider cannot be called for now. What it is owed is tried again.
 * - reservation: every SKU is reserved, one after the other in a fixed order.
 * - capture: only where the money was authorised and not yet charged.
 * - confirmation: the reservations are confirmed, so that they can no longer expire; then the order is, so that
 *   nobody is told of a confirmed order whose stock could still be lost. Until then a reservation expires once its time
 *   is over: expiry against confirmation, the first append wins. An expired one is asked for once more.
 * - shipment: only where a line must be shipped; the process waits for OrderShipped.
 * - completion: the order is completed; once it is shipped or completed, the reservations are committed.
 * - refund: somebody asked for money back, whatever the order's stage; once all else is done the process stays for it.
 *
 * Once something says that this cannot be (a decline, no stock, a stage that took too long, a cancellation),
 * the goal is to undo, and stays that:
 *
 *   compensation ─▶ done
 *
 * - compensation: money is voided or refunded and stock is released, both at the same time. When nothing is held
 *   any more, and not before, the order is rejected with the first reason, or cancelled where that was asked.
 *
 * What the process knows are facts that it heard. Goal, stage, outstanding commands and deadline follow from
 * them, so what comes late or out of turn is a fact like any other: a success after the process gave up is
 * money or stock that is held, hence undone; a failure after a success changes nothing. A process that is done
 * goes back to compensation when such a fact comes in. What an operator does to a process is a fact, too
 * (operator-actions.ts).
 */
import { readEvent } from '@orders/shared-events/contracts/catalogue.js';
import type { Occurred } from '@orders/shared-events/contracts/envelope.js';
import { type OrderId, type PaymentId, paymentIdOf } from '@orders/shared-events/contracts/ids.js';
import type { OrderEvent, RejectionReason } from '@orders/shared-events/contracts/order.events.js';
import type {
  Intervention,
  OrderProcessEvent,
  ProcessStage,
} from '@orders/shared-events/contracts/orderProcess.events.js';
import { concerns, learn } from './news.js';
import { type OperatorEvent, acted } from './operator-actions.js';
import { type PaymentLeg, refundIsStuck, unsettled } from './payment-leg.js';
import { stageOf } from './stage.js';
import { type Reservation, askNext, reservationsFor } from './stock-leg.js';

type OrderPlaced = Extract<OrderEvent, { type: 'OrderPlaced' }>['data'];
export type Stage = ProcessStage | 'done';

/** Recorded, but what it is about has not been heard yet. */
interface Opened {
  readonly kind: 'opened';
  readonly definition: number;
  readonly orderId: OrderId;
}

export interface Running {
  readonly kind: 'running';
  readonly definition: number;
  readonly orderId: OrderId;
  readonly paymentId: PaymentId;
  /** The order as it was placed: it never changes. */
  readonly terms: Terms;
  readonly order: 'placed' | 'confirmed' | 'shipped' | 'completed' | 'rejected' | 'cancelled';
  readonly cancellationRequested: boolean;
  readonly payment: PaymentLeg;
  readonly reservations: readonly Reservation[];
  /** Log position of the last event that was heard, in decimal. */
  readonly heard: string;
  /** The reason; undefined while the goal is to fulfil. */
  readonly undo: RejectionReason | 'CANCELLED' | undefined;
  /** What an operator decided of an order whose goods may have left: money is given back, or all stays as it is. */
  readonly decided: 'give back' | 'keep' | undefined;
  /** By an operator: it asks for nothing, and no deadline counts. */
  readonly paused: boolean;
  readonly stage: Stage;
  readonly stageSince: string;
  /** How many stages the process has come to; tells a deadline of this stage from one of an earlier visit. */
  readonly generation: number;
  readonly intervention: Intervention | undefined;
}

export type Terms = Pick<OrderPlaced, 'total' | 'currency' | 'paymentMethod' | 'captureMethod'> & {
  readonly requiresShipping: boolean;
};

export type OrderProcess = Opened | Running;

/** Folds one event of the process's own stream. Throws what `readEvent` throws when the copy cannot be read. */
export function evolve(process: OrderProcess | undefined, event: Occurred<OrderProcessEvent>): OrderProcess {
  if (event.type === 'OrderProcessStarted') return process ?? { kind: 'opened', ...event.data };
  if (!process) throw new Error(`${event.type} before OrderProcessStarted: ${event.data.orderId}`);
  switch (event.type) {
    case 'OrderProcessHeard':
      return hear(process, event);
    case 'OrderProcessDeadlinePassed':
      return deadlinePassed(process, event);
    case 'OrderProcessPaused':
    case 'OrderProcessResumed':
    case 'OrderProcessRetried':
    case 'OrderProcessCompensationForced':
    case 'OrderProcessInterventionResolved':
    case 'OrderProcessReleased':
      return actedOn(process, event);
  }
}

const actedOn = (process: OrderProcess, event: Occurred<OperatorEvent>): OrderProcess =>
  process.kind === 'opened' ? process : arrive(acted(process, event), event.occurredAt);

type Heard = Occurred<Extract<OrderProcessEvent, { type: 'OrderProcessHeard' }>>;

/** Time counts from when the process heard of something: that it was down for a while is not the order's fault. */
function hear(process: OrderProcess, { data, occurredAt }: Heard): OrderProcess {
  const event = readEvent(data.type, data.schemaVersion, data.data);
  if (process.kind === 'opened') {
    return event.type === 'OrderPlaced' ? running(process, event.data, data.position, occurredAt) : process;
  }
  if (!concerns(event) || BigInt(data.position) <= BigInt(process.heard)) return process;
  return arrive({ ...learn(process, event, occurredAt), heard: data.position }, occurredAt);
}

function running({ definition, orderId }: Opened, placed: OrderPlaced, heard: string, at: string): Running {
  const { total, currency, paymentMethod, captureMethod, lines } = placed;
  const requiresShipping = lines.some((line) => line.requiresShipping);
  return {
    kind: 'running',
    definition,
    orderId,
    paymentId: paymentIdOf(orderId),
    terms: { total, currency, paymentMethod, captureMethod, requiresShipping },
    order: 'placed',
    cancellationRequested: false,
    payment: unsettled,
    reservations: reservationsFor(lines, at),
    heard,
    undo: undefined,
    decided: undefined,
    paused: false,
    stage: 'payment',
    stageSince: at,
    generation: 1,
    intervention: undefined,
  };
}

type DeadlinePassed = Occurred<Extract<OrderProcessEvent, { type: 'OrderProcessDeadlinePassed' }>>;

/** Before the money is charged and the stock is firm the order is given up; after that, somebody has to look. */
function deadlinePassed(process: OrderProcess, { data, occurredAt }: DeadlinePassed): OrderProcess {
  if (process.kind === 'opened' || process.paused) return process;
  if (process.generation !== data.generation || process.stage !== data.stage) return process;
  switch (data.stage) {
    case 'payment':
    case 'providerRetry':
    case 'capture':
      return arrive({ ...process, undo: 'PAYMENT_TIMED_OUT' }, occurredAt);
    case 'customerAction': {
      const wasDeclined = process.payment.turn === 'declined customer';
      return arrive({ ...process, undo: wasDeclined ? 'PAYMENT_DECLINED' : 'PAYMENT_TIMED_OUT' }, occurredAt);
    }
    case 'reservation':
      return arrive({ ...process, undo: 'RESERVATION_TIMED_OUT' }, occurredAt);
    case 'confirmation':
    case 'shipment':
    case 'completion':
    case 'refund':
    case 'compensation':
      return process.intervention ? process : { ...process, intervention: 'STAGE_OVERDUE' };
  }
}

/** Brings the process to the stage that follows from what it knows. */
function arrive(process: Running, at: string): Running {
  const stage = stageOf(process);
  const isAsking = stage === 'reservation' && !process.paused;
  const reservations = isAsking ? askNext(process.reservations, at) : process.reservations;
  if (stage === process.stage) return { ...process, reservations };
  const generation = process.generation + 1;
  const intervention = !process.undo && refundIsStuck(process.payment) ? 'REFUND_FAILED' : undefined;
  return { ...process, reservations, stage, stageSince: at, generation, intervention };
}

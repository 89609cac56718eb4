import { orderStream } from '@orders/shared-events/contracts/ids.js';
import type { OrderBusCommand } from '@orders/shared-events/contracts/order.commands.js';
import type { OrderProcess, Running } from './order-process.js';
import { type OutstandingCommand, outstanding } from './outstanding.js';
import { authorize, capture, giveBack, refunds } from './payment-commands.js';
import { nothingIsHeld } from './stage.js';
import {
  type Reservation,
  type StockCommandType,
  expiries,
  isFirm,
  needsRelease,
  stockCommand,
} from './stock-leg.js';

/**
 * The commands that the process waits for, from its state alone. Each is sent until its answer is heard; the
 * same state names the same commands with the same ids.
 */
export function pending(process: OrderProcess): readonly OutstandingCommand[] {
  if (process.kind === 'opened' || process.paused) return [];
  if (process.stage === 'compensation') return compensation(process);
  return process.stage === 'done' ? [] : [...fulfilment(process, process.stage), ...refunds(process)];
}

function fulfilment(
  process: Running,
  stage: Exclude<Running['stage'], 'compensation' | 'done'>,
): OutstandingCommand[] {
  switch (stage) {
    case 'payment':
    case 'customerAction':
      return authorize(process, process.terms);
    case 'providerRetry':
      return process.payment.status === 'unsettled'
        ? authorize(process, process.terms)
        : [...capture(process), ...expiries(process)];
    case 'reservation':
      return [...toStock(process, 'ReserveStock', ({ status }) => status === 'asked'), ...expiries(process)];
    case 'capture':
      return [...capture(process), ...expiries(process)];
    case 'confirmation':
      return confirmation(process);
    case 'completion':
      return completion(process);
    case 'shipment':
    case 'refund':
      return [];
  }
}

function confirmation(process: Running): OutstandingCommand[] {
  const open = toStock(process, 'ConfirmReservation', (reservation) => !isFirm(reservation));
  return open.length > 0
    ? [...open, ...expiries(process)]
    : [toOrder(process, { type: 'ConfirmOrder', data: idOf(process) })];
}

/** Stock is committed only when the order can no longer be cancelled: what left the house is not undone. */
function completion(process: Running): OutstandingCommand[] {
  return process.order === 'confirmed' ? [complete(process)] : goodsLeft(process);
}

/** What was not firm when the goods left never comes to be: it is let go. */
const goodsLeft = (process: Running): OutstandingCommand[] => [
  ...(process.order === 'completed' ? [] : [complete(process)]),
  ...toStock(process, 'CommitReservation', ({ status }) => status === 'confirmed'),
  ...toStock(process, 'ReleaseReservation', ({ status }) => status === 'asked' || status === 'active'),
];

const complete = (process: Running): OutstandingCommand =>
  toOrder(process, { type: 'CompleteOrder', data: idOf(process) });

function compensation(process: Running): OutstandingCommand[] {
  switch (process.order) {
    case 'shipped':
    case 'completed':
      return process.decided === 'give back' ? [...giveBack(process), ...goodsLeft(process)] : [];
    case 'rejected':
    case 'cancelled':
      return undoing(process);
    case 'placed':
    case 'confirmed':
      if (process.decided && !process.cancellationRequested) return [mark(process)];
      return nothingIsHeld(process) ? [verdict(process)] : undoing(process);
  }
}

/** First of all, where an operator has it undone: what was asked for before could confirm it, or somebody ship it. */
const mark = (process: Running): OutstandingCommand =>
  toOrder(process, {
    type: 'RequestCancellation',
    data: { ...idOf(process), reason: 'undone by an operator' },
  });

const undoing = (process: Running): OutstandingCommand[] => [
  ...giveBack(process),
  ...toStock(process, 'ReleaseReservation', needsRelease),
];

function verdict(process: Running): OutstandingCommand {
  const { cancellationRequested, undo } = process;
  if (cancellationRequested || !undo || undo === 'CANCELLED') {
    return toOrder(process, { type: 'CancelOrder', data: idOf(process) });
  }
  return toOrder(process, { type: 'RejectOrder', data: { ...idOf(process), reason: undo } });
}

const idOf = ({ orderId }: Running) => ({ orderId });

/** Order is asked once for each: none of these can fail and be worth a second try. */
const toOrder = ({ orderId }: Running, command: OrderBusCommand): OutstandingCommand =>
  outstanding(orderId, orderStream(orderId), command, 1);

const toStock = (
  { orderId, reservations }: Running,
  type: StockCommandType,
  which: (reservation: Reservation) => boolean,
): OutstandingCommand[] =>
  reservations.filter(which).map((reservation) => stockCommand(orderId, type, reservation));

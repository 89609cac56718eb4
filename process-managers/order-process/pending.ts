import { orderStream } from '@orders/shared-events/contracts/ids.js';
import type { OrderBusCommand } from '@orders/shared-events/contracts/order.commands.js';
import { type OrderProcess, type Running, nothingIsHeld } from './order-process.js';
import { type OutstandingCommand, outstanding } from './outstanding.js';
import { authorize, capture, giveBack, refunds } from './payment-commands.js';
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
  if (process.kind === 'opened') return [];
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
  return [
    ...(process.order === 'completed'
      ? []
      : [toOrder(process, { type: 'CompleteOrder', data: idOf(process) })]),
    ...(process.order === 'confirmed'
      ? []
      : toStock(process, 'CommitReservation', ({ status }) => status === 'confirmed')),
  ];
}

function compensation(process: Running): OutstandingCommand[] {
  switch (process.order) {
    case 'shipped':
    case 'completed':
      return [];
    case 'rejected':
    case 'cancelled':
      return undoing(process);
    case 'placed':
    case 'confirmed':
      return nothingIsHeld(process) ? [verdict(process)] : undoing(process);
  }
}

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

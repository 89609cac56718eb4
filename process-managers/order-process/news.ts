import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { OrderEvent, RejectionReason } from '@orders/shared-events/contracts/order.events.js';
import { UNDO_REFUND_ID } from '@orders/shared-events/contracts/payment.commands.js';
import type { Intervention } from '@orders/shared-events/contracts/orderProcess.events.js';
import { isRelease } from '../quarantine/release.js';
import { isUnmatched } from '../strays.js';
import type { Running } from './order-process.js';
import {
  type PaymentLeg,
  type PaymentNews,
  attemptsLeft,
  hearPayment,
  isNews,
  mayBeTriedAgain,
  refundIsStuck,
} from './payment-leg.js';
import { rulesOf } from './rules.js';
import { type StockNews, hearStock, mayBeAskedAgain } from './stock-leg.js';

type News = OrderEvent | PaymentNews | StockNews;
type Leg = 'order' | 'payment' | 'stock';

/** What the process listens to. A type that is missing here changes nothing for it and is not recorded. */
const LISTENED_TO: Readonly<Record<News['type'], Leg>> = {
  OrderPlaced: 'order',
  OrderConfirmed: 'order',
  OrderRejected: 'order',
  OrderCancellationRequested: 'order',
  OrderCancelled: 'order',
  OrderShipped: 'order',
  OrderCompleted: 'order',
  PaymentRequested: 'payment',
  PaymentActionRequired: 'payment',
  PaymentAuthorized: 'payment',
  PaymentDeclined: 'payment',
  AuthorizationExpired: 'payment',
  CaptureRequested: 'payment',
  PaymentCaptured: 'payment',
  PaymentCaptureFailed: 'payment',
  AuthorizationVoided: 'payment',
  VoidFailed: 'payment',
  RefundRequested: 'payment',
  PaymentRefunded: 'payment',
  RefundFailed: 'payment',
  ProviderCallDeferred: 'payment',
  StockReserved: 'stock',
  StockReservationRejected: 'stock',
  StockReservationConfirmed: 'stock',
  StockReservationCommitted: 'stock',
  StockReservationReleased: 'stock',
  StockReservationExpired: 'stock',
};

export const listensTo = (type: string): boolean => Object.hasOwn(LISTENED_TO, type);

/** The order that an event is about, where it is one that processes listen to, or that has to do with them otherwise. */
export function orderOf(event: RecordedEvent): OrderId | undefined {
  const { type, data } = event;
  if (!listensTo(type) && !isUnmatched(event) && !isRelease(event)) return undefined;
  if (typeof data !== 'object' || data === null || !('orderId' in data)) return undefined;
  return OrderId.safeParse(data.orderId).data;
}

const isOf = <N extends News>(leg: Leg, event: DomainEvent): event is DomainEvent & N =>
  listensTo(event.type) && LISTENED_TO[event.type as News['type']] === leg;

/** Whether an event says anything that a process records. */
export const concerns = (event: DomainEvent): boolean =>
  isOf<PaymentNews>('payment', event) ? isNews(event) : listensTo(event.type);

/** Adds what an event says to what the process knows. @param at when the process heard it */
export function learn(process: Running, event: DomainEvent, at: string): Running {
  if (isOf<OrderEvent>('order', event)) return learnOfOrder(process, event);
  if (isOf<PaymentNews>('payment', event)) return learnOfPayment(process, event, at);
  return isOf<StockNews>('stock', event) ? learnOfStock(process, event) : process;
}

function learnOfOrder(process: Running, event: OrderEvent): Running {
  switch (event.type) {
    case 'OrderPlaced':
      return process;
    case 'OrderConfirmed':
      return { ...process, order: 'confirmed' };
    case 'OrderRejected':
      return { ...giveUp(process, event.data.reason), order: 'rejected' };
    case 'OrderCancellationRequested':
      return { ...giveUp(process, 'CANCELLED'), cancellationRequested: true };
    case 'OrderCancelled':
      return { ...giveUp(process, 'CANCELLED'), order: 'cancelled' };
    case 'OrderShipped':
      return goodsLeft(process, 'shipped');
    case 'OrderCompleted':
      return goodsLeft(process, 'completed');
  }
}

const goodsLeft = (process: Running, order: 'shipped' | 'completed'): Running => ({
  ...process,
  order,
  intervention: process.undo && !process.decided ? 'SHIPPED_WHILE_UNDOING' : process.intervention,
});

function learnOfPayment(process: Running, event: PaymentNews, at: string): Running {
  const payment = hearPayment(process.payment, event, at, rulesOf(process.definition));
  const after = { ...process, payment };
  if (process.undo) return { ...after, intervention: refusedToGiveBack(payment) ?? process.intervention };
  if (payment.status === 'declined') return giveUp(after, 'PAYMENT_DECLINED');
  if (payment.status === 'voided' || payment.status === 'expired' || !attemptsLeft(payment, 'capture'))
    return giveUp(after, 'PAYMENT_FAILED');
  return { ...after, intervention: interventionFor(payment, process.intervention) };
}

/** A refund is made after all where it was asked for once more: nobody has to look any longer. */
function interventionFor(payment: PaymentLeg, before: Intervention | undefined): Intervention | undefined {
  if (refundIsStuck(payment)) return 'REFUND_FAILED';
  return before === 'REFUND_FAILED' ? undefined : before;
}

function refusedToGiveBack(payment: PaymentLeg): Intervention | undefined {
  if (payment.status !== 'captured') return attemptsLeft(payment, 'void') ? undefined : 'VOID_FAILED';
  const undone = payment.refunds[UNDO_REFUND_ID];
  return undone?.status === 'failed' && !mayBeTriedAgain(payment, undone) ? 'REFUND_FAILED' : undefined;
}

function learnOfStock(process: Running, event: StockNews): Running {
  const index = process.reservations.findIndex(({ sku }) => sku === event.data.sku);
  const before = process.reservations[index];
  if (!before) return process;
  const reservation = hearStock(before, event, rulesOf(process.definition));
  const after = { ...process, reservations: process.reservations.with(index, reservation) };
  switch (reservation.status) {
    case 'rejected':
      return giveUp(after, rejectionOf(event));
    case 'released':
      return giveUp(after, 'RESERVATION_LOST');
    case 'expired':
      return mayBeAskedAgain(reservation) ? after : giveUp(after, 'RESERVATION_LOST');
    case 'unasked':
    case 'asked':
    case 'active':
    case 'confirmed':
    case 'committed':
      return after;
  }
}

const rejectionOf = (event: StockNews): RejectionReason =>
  event.type === 'StockReservationRejected' && event.data.reason === 'TOO_LATE'
    ? 'RESERVATION_TIMED_OUT'
    : 'OUT_OF_STOCK';

/** The first reason stays: it is the one that the customer is told. */
const giveUp = (process: Running, reason: NonNullable<Running['undo']>): Running => ({
  ...process,
  undo: process.undo ?? reason,
});

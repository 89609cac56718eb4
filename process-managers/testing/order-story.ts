import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import type { Occurred } from '@orders/shared-events/contracts/envelope.js';
import {
  CustomerId,
  OrderId,
  Sku,
  logPosition,
  orderIdOf,
  paymentIdOf,
  reservationIdOf,
} from '@orders/shared-events/contracts/ids.js';
import { later } from '@orders/shared-events/contracts/instants.js';
import { Currency } from '@orders/shared-events/contracts/money.js';
import type { OrderEvent, OrderLine, RejectionReason } from '@orders/shared-events/contracts/order.events.js';
import type { OrderProcessEvent, ProcessStage } from '@orders/shared-events/contracts/orderProcess.events.js';
import { UNDO_REFUND_ID } from '@orders/shared-events/contracts/payment.commands.js';
import type { PaymentEvent, ProviderOperation } from '@orders/shared-events/contracts/payment.events.js';
import type { StockEvent } from '@orders/shared-events/contracts/stock.events.js';
import { type OrderProcess, type Running, evolve } from '../order-process/order-process.js';
import { type OperatorAction, act } from '../order-process/operator-actions.js';
import { pending } from '../order-process/pending.js';
import { CURRENT_DEFINITION } from '../order-process/rules.js';

export const START = '2026-01-01T00:00:00.000Z';
const STEP_MS = 10;
export const TOTAL = 2_500;
/** Of what the first request for a SKU reserves, or is refused. */
const FIRST_EXPIRY = later(START, 300_000);

export interface Terms {
  readonly captureMethod?: 'AUTOMATIC' | 'MANUAL';
  readonly lines?: readonly Partial<Omit<OrderLine, 'sku'> & { sku: string }>[];
  readonly key?: string;
}

/** An order and everything that can happen to it. One piece of SKU-A, nothing to ship, unless told otherwise. */
export function anOrder({ captureMethod = 'AUTOMATIC', lines = [{}], key = 'key-1' }: Terms = {}) {
  const customerId = CustomerId.parse('customer-1');
  const orderId = orderIdOf(customerId, key);
  const payment = { paymentId: paymentIdOf(orderId), orderId };
  const amount = TOTAL;
  const succeeded = { ...payment, attempt: 1, amount, providerReference: 'ref-1' };
  const failed = (attempt: number) => ({ ...payment, attempt, code: 'card_error' });
  const orderEvent = <T extends OrderEvent>(event: T): T => event;
  const paymentEvent = <T extends PaymentEvent>(event: T): T => event;
  const stockEvent = <T extends StockEvent>(event: T): T => event;
  const reservation = (name: string) => {
    const sku = Sku.parse(name);
    return { sku, reservationId: reservationIdOf(orderId, sku), orderId };
  };
  const held = (name: string, expiresAt = FIRST_EXPIRY) => ({ ...reservation(name), quantity: 1, expiresAt });

  return {
    orderId,
    paymentId: payment.paymentId,
    placed: orderEvent({
      type: 'OrderPlaced',
      data: {
        orderId,
        customerId,
        requestHash: '0'.repeat(64),
        currency: Currency.parse('EUR'),
        lines: lines.map((line, index) => ({
          lineId: index + 1,
          quantity: 1,
          unitPrice: TOTAL,
          requiresShipping: false,
          productRevision: 0,
          ...line,
          sku: Sku.parse(line.sku ?? 'SKU-A'),
        })),
        adjustments: [],
        total: amount,
        paymentMethod: 'pm_approve',
        captureMethod,
      },
    }),
    confirmed: orderEvent({ type: 'OrderConfirmed', data: { orderId } }),
    rejected: (reason: RejectionReason) => orderEvent({ type: 'OrderRejected', data: { orderId, reason } }),
    cancellationRequested: orderEvent({
      type: 'OrderCancellationRequested',
      data: { orderId, reason: 'changed my mind' },
    }),
    cancelled: orderEvent({ type: 'OrderCancelled', data: { orderId } }),
    shipped: orderEvent({
      type: 'OrderShipped',
      data: { orderId, carrier: 'carrier', trackingNumber: '1' },
    }),
    completed: orderEvent({ type: 'OrderCompleted', data: { orderId } }),
    actionRequired: (expiresAt = later(START, 900_000)) =>
      paymentEvent({
        type: 'PaymentActionRequired',
        data: { ...payment, attempt: 1, url: 'https://provider.example/actions/1', expiresAt },
      }),
    /** What the provider notified of before anybody had asked for the payment. */
    unmatched: paymentEvent({
      type: 'ProviderNotificationUnmatched',
      data: { ...payment, operation: 'charge', attempt: 1, outcome: 'succeeded', notificationId: 'evt_1' },
    }),
    requested: paymentEvent({
      type: 'PaymentRequested',
      data: {
        ...payment,
        attempt: 1,
        amount,
        currency: Currency.parse('EUR'),
        paymentMethod: 'pm_approve',
        captureMethod,
      },
    }),
    /** The customer pays in another way. */
    requestedAgain: paymentEvent({
      type: 'PaymentRequested',
      data: {
        ...payment,
        attempt: 2,
        amount,
        currency: Currency.parse('EUR'),
        paymentMethod: 'pm_other',
        captureMethod,
      },
    }),
    deferred: (operation: ProviderOperation) =>
      paymentEvent({ type: 'ProviderCallDeferred', data: { ...payment, operation, attempt: 1 } }),
    authorizationExpired: paymentEvent({ type: 'AuthorizationExpired', data: { ...payment, attempt: 1 } }),
    refundRequested: (refundId: string, part: number, attempt = 1) =>
      paymentEvent({ type: 'RefundRequested', data: { ...payment, refundId, amount: part, attempt } }),
    refundedTo: (refundId: string, part: number) =>
      paymentEvent({ type: 'PaymentRefunded', data: { ...succeeded, refundId, amount: part } }),
    refundRefused: (refundId: string, attempt = 1) =>
      paymentEvent({ type: 'RefundFailed', data: { ...failed(attempt), refundId } }),
    authorized: paymentEvent({ type: 'PaymentAuthorized', data: succeeded }),
    declined: paymentEvent({ type: 'PaymentDeclined', data: failed(1) }),
    captureRequested: (attempt = 1) =>
      paymentEvent({ type: 'CaptureRequested', data: { ...payment, attempt, amount } }),
    captured: paymentEvent({ type: 'PaymentCaptured', data: succeeded }),
    captureFailed: (attempt = 1) => paymentEvent({ type: 'PaymentCaptureFailed', data: failed(attempt) }),
    voided: paymentEvent({ type: 'AuthorizationVoided', data: payment }),
    voidFailed: (attempt = 1) => paymentEvent({ type: 'VoidFailed', data: failed(attempt) }),
    refunded: paymentEvent({
      type: 'PaymentRefunded',
      data: { ...succeeded, refundId: UNDO_REFUND_ID },
    }),
    refundFailed: (attempt = 1) =>
      paymentEvent({ type: 'RefundFailed', data: { ...failed(attempt), refundId: UNDO_REFUND_ID } }),
    reserved: (sku = 'SKU-A') => stockEvent({ type: 'StockReserved', data: held(sku) }),
    outOfStock: (sku = 'SKU-A', expiresAt?: string) =>
      stockEvent({
        type: 'StockReservationRejected',
        data: { ...held(sku, expiresAt), reason: 'INSUFFICIENT_STOCK', available: 0 },
      }),
    tooLate: (sku = 'SKU-A', expiresAt?: string) =>
      stockEvent({
        type: 'StockReservationRejected',
        data: { ...held(sku, expiresAt), reason: 'TOO_LATE', available: 9 },
      }),
    firm: (sku = 'SKU-A') => stockEvent({ type: 'StockReservationConfirmed', data: reservation(sku) }),
    committed: (sku = 'SKU-A') =>
      stockEvent({ type: 'StockReservationCommitted', data: { ...reservation(sku), quantity: 1 } }),
    released: (sku = 'SKU-A') => stockEvent({ type: 'StockReservationReleased', data: held(sku) }),
    expired: (sku = 'SKU-A') => stockEvent({ type: 'StockReservationExpired', data: held(sku) }),
  };
}

/** A stage's deadline as a turn of the story. */
export interface DeadlineOf {
  readonly deadlineOf: ProcessStage;
  /** The one of the stage the process is in, unless told otherwise. */
  readonly generation?: number;
}
export const deadlineOf = (stage: ProcessStage, generation?: number): DeadlineOf =>
  generation === undefined ? { deadlineOf: stage } : { deadlineOf: stage, generation };

/** An operator's action as a turn of the story. */
export interface OperatorDoes {
  readonly operatorDoes: OperatorAction;
}
export const operatorDoes = (action: OperatorAction): OperatorDoes => ({ operatorDoes: action });

export type Turn = DomainEvent | DeadlineOf | OperatorDoes;

/** A process, folded turn by turn, each 10 ms after the one before. */
export class Story {
  #process: OrderProcess;
  #turns = 0;

  constructor(
    private readonly orderId: OrderId,
    definition = CURRENT_DEFINITION,
  ) {
    this.#process = evolve(undefined, {
      type: 'OrderProcessStarted',
      data: { orderId, definition },
      occurredAt: START,
    });
  }

  get now(): string {
    return later(START, this.#turns * STEP_MS);
  }

  get process(): Running {
    if (this.#process.kind !== 'running') throw new Error('nothing was heard yet');
    return this.#process;
  }

  /**
   * The outstanding commands in short, e.g. `ReserveStock SKU-A` or `RefundPayment 2` (its attempt). An expiry only
   * once it is due.
   */
  get awaits(): string[] {
    const awaited = pending(this.#process).filter(
      ({ command, notBefore }) => command.type !== 'ExpireReservation' || (notBefore ?? '') <= this.now,
    );
    return awaited.map(({ command: { type, data } }) => {
      const about = 'sku' in data ? data.sku : 'attempt' in data ? data.attempt : undefined;
      return [type, ...('reason' in data ? [data.reason] : about === undefined ? [] : [about])].join(' ');
    });
  }

  then(...turns: readonly Turn[]): this {
    for (const turn of turns) {
      if ('deadlineOf' in turn) this.#passes(turn);
      else if ('operatorDoes' in turn) this.#isActedOn(turn);
      else this.hears(turn, ++this.#turns);
    }
    return this;
  }

  /** @param position in the log; a story's own turns count from 1 */
  hears(event: DomainEvent, position: number): this {
    const heard: Occurred<OrderProcessEvent> = {
      type: 'OrderProcessHeard',
      occurredAt: this.now,
      data: {
        orderId: this.orderId,
        position: logPosition(BigInt(position)),
        eventId: '00000000-0000-4000-8000-000000000000',
        type: event.type,
        schemaVersion: 1,
        occurredAt: this.now,
        data: event.data,
      },
    };
    this.#process = evolve(this.#process, heard);
    return this;
  }

  /** Throws the refusal where there is one. */
  #isActedOn({ operatorDoes: action }: OperatorDoes): void {
    const decision = act(this.process, action);
    if ('refusal' in decision) throw new Error(decision.refusal);
    this.#turns += 1;
    this.#process = evolve(this.#process, { ...decision.event, occurredAt: this.now });
  }

  /** So much time goes by before the next turn. */
  later(ms: number): this {
    this.#turns += ms / STEP_MS;
    return this;
  }

  #passes({ deadlineOf: stage, generation = this.process.generation }: DeadlineOf): void {
    this.#turns += 1;
    this.#process = evolve(this.#process, {
      type: 'OrderProcessDeadlinePassed',
      occurredAt: this.now,
      data: { orderId: this.orderId, stage, generation },
    });
  }
}

export const story = (order: ReturnType<typeof anOrder>, ...turns: readonly Turn[]): Story =>
  new Story(order.orderId).then(...turns);

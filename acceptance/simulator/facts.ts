import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { categoryOf } from '@orders/shared-events/contracts/ids.js';
import type { OrderEvent } from '@orders/shared-events/contracts/order.events.js';
import type { OrderProcessEvent } from '@orders/shared-events/contracts/orderProcess.events.js';
import type { PaymentEvent } from '@orders/shared-events/contracts/payment.events.js';
import type { StockEvent } from '@orders/shared-events/contracts/stock.events.js';

/** What the log says of an order. Amounts in minor units. */
export interface OrderFacts {
  readonly orderId: string;
  readonly total: number;
  readonly requiresShipping: boolean;
  readonly quantities: ReadonlyMap<string, number>;
  status: 'placed' | 'confirmed' | 'shipped' | 'completed' | 'rejected' | 'cancelled';
  cancellationRequested: boolean;
}

export interface PaymentFacts {
  readonly paymentId: string;
  requested: number;
  authorized: number;
  captured: number;
  readonly refundsAsked: Map<string, number>;
  readonly refunds: Map<string, number>;
}

export interface ReservationFacts {
  readonly orderId: string;
  readonly quantity: number;
  isFirm: boolean;
}

export interface StockFacts {
  onHand: number;
  /** What came in and was found, less what was missed. */
  gained: number;
  readonly open: Map<string, ReservationFacts>;
  /** Pieces that left the house, by order. */
  readonly committed: Map<string, number>;
}

export const isKept = ({ status }: OrderFacts): boolean =>
  status === 'confirmed' || status === 'shipped' || status === 'completed';
export const isOver = ({ status }: OrderFacts): boolean =>
  status === 'completed' || status === 'rejected' || status === 'cancelled';

export const sumOf = (numbers: Iterable<number>): number => [...numbers].reduce((sum, one) => sum + one, 0);
export const availableOf = ({ onHand, open }: StockFacts): number =>
  onHand - sumOf([...open.values()].map(({ quantity }) => quantity));

/** The log folded by rules of its own, which the product's folds are held against. */
export class Facts {
  readonly orders = new Map<string, OrderFacts>();
  /** By the order. */
  readonly payments = new Map<string, PaymentFacts>();
  readonly stocks = new Map<string, StockFacts>();
  /** Orders whose processes an operator lets stand still. */
  readonly paused = new Set<string>();
  /** Orders that an operator has had undone, also where the goods had left. */
  readonly forced = new Set<string>();

  take({ type, data, streamId }: Pick<RecordedEvent, 'type' | 'data' | 'streamId'>): void {
    const event = { type, data } as DomainEvent;
    switch (categoryOf(streamId)) {
      case 'order':
        return this.#order(event as OrderEvent);
      case 'payment':
        return this.#payment(event as PaymentEvent);
      case 'stock':
        return this.#stock(event as StockEvent);
      case 'orderProcess':
        return this.#process(event as OrderProcessEvent);
      case 'product':
      case 'quarantine':
      case 'deadLetters':
      case 'forwarderReplay':
      case undefined:
        return;
    }
  }

  #process({ type, data: { orderId } }: OrderProcessEvent): void {
    if (type === 'OrderProcessPaused') this.paused.add(orderId);
    if (type === 'OrderProcessResumed') this.paused.delete(orderId);
    if (type === 'OrderProcessCompensationForced') this.forced.add(orderId);
  }

  stock(sku: string): StockFacts {
    const known = this.stocks.get(sku);
    if (known) return known;
    const none: StockFacts = { onHand: 0, gained: 0, open: new Map(), committed: new Map() };
    this.stocks.set(sku, none);
    return none;
  }

  reservationsOf(orderId: string): ReservationFacts[] {
    return [...this.stocks.values()].flatMap(({ open }) =>
      [...open.values()].filter((reservation) => reservation.orderId === orderId),
    );
  }

  payment(orderId: string, paymentId = ''): PaymentFacts {
    const known = this.payments.get(orderId);
    if (known) return known;
    const none: PaymentFacts = {
      ...{ paymentId, requested: 0, authorized: 0, captured: 0 },
      ...{ refundsAsked: new Map<string, number>(), refunds: new Map<string, number>() },
    };
    this.payments.set(orderId, none);
    return none;
  }

  #order(event: OrderEvent): void {
    if (event.type === 'OrderPlaced') return this.#placed(event.data);
    const order = this.orders.get(event.data.orderId);
    if (!order) return;
    switch (event.type) {
      case 'OrderConfirmed':
        order.status = 'confirmed';
        return;
      case 'OrderRejected':
        order.status = 'rejected';
        return;
      case 'OrderCancellationRequested':
        order.cancellationRequested = true;
        return;
      case 'OrderCancelled':
        order.status = 'cancelled';
        return;
      case 'OrderShipped':
        order.status = 'shipped';
        return;
      case 'OrderCompleted':
        order.status = 'completed';
        return;
    }
  }

  #placed({ orderId, total, lines }: Extract<OrderEvent, { type: 'OrderPlaced' }>['data']): void {
    const quantities = new Map<string, number>();
    for (const { sku, quantity } of lines) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
    this.orders.set(orderId, {
      ...{ orderId, total, quantities, status: 'placed', cancellationRequested: false },
      requiresShipping: lines.some((line) => line.requiresShipping),
    });
  }

  #payment({ type, data }: PaymentEvent): void {
    const payment = this.payment(data.orderId, data.paymentId);
    switch (type) {
      case 'PaymentRequested':
        payment.requested = data.amount;
        return;
      case 'PaymentAuthorized':
        payment.authorized += data.amount;
        return;
      case 'PaymentCaptured':
        payment.captured += data.amount;
        return;
      case 'RefundRequested':
        payment.refundsAsked.set(data.refundId, data.amount);
        return;
      case 'PaymentRefunded':
        payment.refunds.set(data.refundId, (payment.refunds.get(data.refundId) ?? 0) + data.amount);
        return;
      case 'RefundFailed':
        payment.refundsAsked.delete(data.refundId);
        return;
      case 'AuthorizationVoided':
      case 'PaymentDeclined':
      case 'PaymentActionRequired':
      case 'AuthorizationExpired':
      case 'CaptureRequested':
      case 'PaymentCaptureFailed':
      case 'VoidRequested':
      case 'VoidFailed':
      case 'PaymentOutcomeUnknown':
      case 'ProviderCallDeferred':
      case 'ProviderNotificationIgnored':
      case 'ProviderNotificationUnmatched':
      case 'PaymentDiscrepancyDetected':
        return;
    }
  }

  #stock({ type, data }: StockEvent): void {
    const stock = this.stock(data.sku);
    switch (type) {
      case 'StockReceived':
        stock.onHand += data.quantity;
        stock.gained += data.quantity;
        return;
      case 'StockAdjusted':
        stock.onHand += data.delta;
        stock.gained += data.delta;
        return;
      case 'StockReserved':
        stock.open.set(data.reservationId, { orderId: data.orderId, quantity: data.quantity, isFirm: false });
        return;
      case 'StockReservationConfirmed': {
        const reservation = stock.open.get(data.reservationId);
        if (reservation) reservation.isFirm = true;
        return;
      }
      case 'StockReservationCommitted':
        stock.onHand -= data.quantity;
        stock.committed.set(data.orderId, (stock.committed.get(data.orderId) ?? 0) + data.quantity);
        stock.open.delete(data.reservationId);
        return;
      case 'StockReservationReleased':
      case 'StockReservationExpired':
        stock.open.delete(data.reservationId);
        return;
      case 'StockReservationRejected':
        return;
    }
  }
}

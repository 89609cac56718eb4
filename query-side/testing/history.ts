import { randomUUID } from 'node:crypto';
import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import {
  CustomerId,
  OrderId,
  type StreamName,
  paymentIdOf,
  reservationIdOf,
} from '@orders/shared-events/contracts/ids.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import { freshSku } from '@orders/shared-events/testing/event-stores.js';
import { expiresAt, orderPlaced } from '@orders/shared-events/testing/examples.js';
import { secondsFromNow } from '@orders/shared-events/testing/given.js';
import { type Told, newEvent, streamOf } from './recorded.js';

/** Writes orders' histories as the system would, into a log that it may share with others. */
export class History {
  /** Of the streams that this history writes; each order has streams of its own. */
  readonly #revisions = new Map<StreamName, bigint>();
  /** Its orders' customer is nobody else's. */
  readonly customerId = CustomerId.parse(`customer-${randomUUID()}`);

  constructor(private readonly eventStore: EventStore) {}

  /** Appends the events to their streams, in this order; neighbours of one stream together. Returns the position. */
  async append(...events: readonly Told[]): Promise<bigint> {
    let position = 0n;
    for (const run of runs(events)) position = await this.#append(run);
    return position;
  }

  /**
   * An order from its placement to its end, returns its id. Every third is declined; two are placed at the same
   * instant, the next two a second later.
   */
  async order(index = 0): Promise<OrderId> {
    const orderId = OrderId.parse(randomUUID());
    const rest = index % 3 === 2 ? declined(orderId) : completed(orderId);
    const occurredAt = secondsFromNow(Math.floor(index / 2));
    const events = [this.placed(orderId), ...rest];
    await this.append(...events.map((event): Told => ({ ...event, metadata: { occurredAt } })));
    return orderId;
  }

  /**
   * An order to which happens whatever can beside the usual: the customer has to act, is declined and pays in another
   * way, the provider is away, refunds are refused, made and pending, a reservation expires, a stock is corrected.
   * And another one, whose authorisation is not captured in time.
   */
  async eventfulOrder(): Promise<OrderId> {
    const orderId = OrderId.parse(randomUUID());
    const other = OrderId.parse(randomUUID());
    await this.append(this.placed(orderId), ...eventful(orderId));
    await this.append(this.placed(other), ...lapsed(other));
    return orderId;
  }

  placed(orderId: OrderId): DomainEvent {
    return { ...orderPlaced, data: { ...orderPlaced.data, orderId, customerId: this.customerId } };
  }

  async #append(events: readonly [Told, ...Told[]]): Promise<bigint> {
    const stream = streamOf(events[0]);
    const expected = this.#revisions.get(stream) ?? 'no_stream';
    const result = await this.eventStore.append(
      stream,
      expected,
      events.map((event) => newEvent(event, randomUUID())),
    );
    if (result.outcome !== 'appended') throw new Error(`${stream} is not at ${expected}`);
    this.#revisions.set(stream, result.revision);
    return result.position;
  }
}

function runs(events: readonly Told[]): readonly [Told, ...Told[]][] {
  const found: [Told, ...Told[]][] = [];
  for (const event of events) {
    const run = found.at(-1);
    if (run && streamOf(run[0]) === streamOf(event)) run.push(event);
    else found.push([event]);
  }
  return found;
}

const paid = (orderId: OrderId) => ({
  orderId,
  paymentId: paymentIdOf(orderId),
  attempt: 1,
  amount: orderPlaced.data.total,
});
const requested = (orderId: OrderId) => ({
  type: 'PaymentRequested' as const,
  data: {
    ...paid(orderId),
    currency: orderPlaced.data.currency,
    paymentMethod: 'pm_approve',
    captureMethod: 'AUTOMATIC' as const,
  },
});

const completed = (orderId: OrderId): readonly DomainEvent[] => [
  requested(orderId),
  { type: 'PaymentCaptured', data: { ...paid(orderId), providerReference: 'ch_1' } },
  { type: 'OrderConfirmed', data: { orderId } },
  { type: 'OrderShipped', data: { orderId, carrier: 'DHL', trackingNumber: 'T1' } },
  { type: 'OrderCompleted', data: { orderId } },
];

const declined = (orderId: OrderId): readonly DomainEvent[] => [
  requested(orderId),
  {
    type: 'PaymentDeclined',
    data: { orderId, paymentId: paymentIdOf(orderId), attempt: 1, code: 'card_declined' },
  },
  { type: 'OrderRejected', data: { orderId, reason: 'PAYMENT_DECLINED' } },
];

const lapsed = (orderId: OrderId): readonly DomainEvent[] => [
  requested(orderId),
  { type: 'PaymentAuthorized', data: { ...paid(orderId), providerReference: 'auth_1' } },
  { type: 'AuthorizationExpired', data: { orderId, paymentId: paymentIdOf(orderId), attempt: 1 } },
  { type: 'OrderRejected', data: { orderId, reason: 'PAYMENT_FAILED' } },
];

function eventful(orderId: OrderId): readonly DomainEvent[] {
  const sku = freshSku();
  const held = { sku, orderId, reservationId: reservationIdOf(orderId, sku), quantity: 2, expiresAt };
  const ids = { orderId, paymentId: paymentIdOf(orderId) };
  const call = { ...ids, operation: 'charge', attempt: 2 } as const;
  const made = { ...paid(orderId), providerReference: 'ch_1' };
  const refund = { refundId: 'r1', attempt: 1, amount: 1_500 };
  const ask = requested(orderId);
  return [
    { type: 'StockReceived', data: { sku, receiptId: 'receipt-1', quantity: 10 } },
    { type: 'StockAdjusted', data: { sku, adjustmentId: 'count-1', delta: -3, reason: 'stocktaking' } },
    ask,
    {
      type: 'PaymentActionRequired',
      data: { ...ids, attempt: 1, url: 'https://provider.example/actions/1', expiresAt },
    },
    { type: 'PaymentDeclined', data: { ...ids, attempt: 1, code: 'authentication_failed' } },
    { ...ask, data: { ...ask.data, attempt: 2, paymentMethod: 'pm_other' } },
    { type: 'PaymentOutcomeUnknown', data: call },
    { type: 'ProviderCallDeferred', data: call },
    { type: 'ProviderNotificationUnmatched', data: { ...call, outcome: 'succeeded', notificationId: 'n-1' } },
    { type: 'PaymentCaptured', data: { ...made, attempt: 2 } },
    {
      type: 'PaymentDiscrepancyDetected',
      data: { ...call, kind: 'AMOUNT_DIFFERS', recorded: '1', provider: '2', repaired: false },
    },
    { type: 'StockReserved', data: held },
    { type: 'StockReservationExpired', data: held },
    { type: 'StockReserved', data: held },
    { type: 'RefundRequested', data: { ...ids, ...refund } },
    { type: 'RefundFailed', data: { ...ids, refundId: 'r1', attempt: 1, code: 'processing_error' } },
    { type: 'RefundRequested', data: { ...ids, ...refund, attempt: 2 } },
    { type: 'PaymentRefunded', data: { ...made, ...refund, attempt: 2 } },
    { type: 'RefundRequested', data: { ...ids, ...refund, refundId: 'r2', amount: 500 } },
    { type: 'RefundRequested', data: { ...ids, ...refund, refundId: 'r3', amount: 250 } },
    { type: 'RefundFailed', data: { ...ids, refundId: 'r3', attempt: 1, code: 'account_closed' } },
  ];
}

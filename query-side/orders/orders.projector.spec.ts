import { describe, expect, it } from '@jest/globals';
import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import { OrderId } from '@orders/shared-events/contracts/ids.js';
import {
  customerId,
  expiresAt,
  licence,
  mug,
  mugReservation,
  orderId,
  orderPlaced,
  paymentId,
  paymentRequested,
  total,
} from '@orders/shared-events/testing/examples.js';
import { NOW, secondsFromNow } from '@orders/shared-events/testing/given.js';
import { type Told, recorded } from '../testing/recorded.js';
import { projected } from '../testing/rows.js';
import { ordersProjector } from './orders.projector.js';
import { orderLines, orderRefunds, orders } from './orders.tables.js';

const LATER = secondsFromNow(60);
const later = (event: DomainEvent): Told => ({ ...event, metadata: { occurredAt: LATER } });

/** The order's row after it was placed and then the events happened, a minute later. */
const after = (...events: readonly DomainEvent[]) =>
  projected(ordersProjector, orders, recorded(orderPlaced, ...events.map(later)))[0];

const payment = { orderId, paymentId };
const paid = { ...payment, attempt: 1, amount: total, providerReference: 'ch_1' };
const failed = { ...payment, attempt: 1, code: 'card_declined' };
const held = { ...mugReservation, quantity: 2, expiresAt };

const authorized: DomainEvent = { type: 'PaymentAuthorized', data: paid };
const captured: DomainEvent = { type: 'PaymentCaptured', data: paid };
const reserved: DomainEvent = { type: 'StockReserved', data: held };
const refund = (refundId: string, amount: number): DomainEvent => ({
  type: 'PaymentRefunded',
  data: { ...paid, refundId, amount },
});
const refundRequested = (refundId: string, amount: number, attempt = 1): DomainEvent => ({
  type: 'RefundRequested',
  data: { ...payment, attempt, refundId, amount },
});
const refundFailed: DomainEvent = { type: 'RefundFailed', data: { ...failed, refundId: 'r1' } };
const actionRequired: DomainEvent = {
  type: 'PaymentActionRequired',
  data: { ...payment, attempt: 1, url: 'https://provider.example/a', expiresAt },
};
const deferred: DomainEvent = {
  type: 'ProviderCallDeferred',
  data: { ...payment, operation: 'charge', attempt: 1 },
};

/** Each answer of the provider, and a request of the customer's for another way to pay. */
const answers: readonly DomainEvent[] = [
  paymentRequested('MANUAL'),
  authorized,
  captured,
  { type: 'PaymentDeclined', data: failed },
  { type: 'AuthorizationExpired', data: { ...payment, attempt: 1 } },
  { type: 'PaymentCaptureFailed', data: failed },
  { type: 'AuthorizationVoided', data: payment },
  { type: 'VoidFailed', data: failed },
  refund('r1', 1_000),
  refundFailed,
];
const refundsAfter = (...events: readonly DomainEvent[]) =>
  projected(ordersProjector, orderRefunds, recorded(orderPlaced, ...events.map(later)));

describe('the orders projection', () => {
  it('shows a placed order as its customer placed it', () => {
    expect(after()).toEqual({
      order_id: orderId,
      customer_id: customerId,
      reference: 'basket 17',
      currency: 'EUR',
      total,
      adjustments: [],
      capture_method: 'AUTOMATIC',
      requires_shipping: true,
      status: 'PLACED',
      rejection_reason: null,
      cancellation_reason: null,
      carrier: null,
      tracking_number: null,
      payment_id: null,
      payment_status: 'NOT_REQUESTED',
      payment_failure: null,
      payment_deferred: false,
      payment_action_url: null,
      payment_action_expires_at: null,
      payment_payable_until: null,
      authorized: 0,
      captured: 0,
      refunded: 0,
      skus: 2,
      reserved_skus: 0,
      out_of_stock: false,
      placed_at: NOW,
      confirmed_at: null,
      shipped_at: null,
      completed_at: null,
      rejected_at: null,
      cancellation_requested_at: null,
      cancelled_at: null,
      updated_at: NOW,
      position: 1n,
    });
  });

  it('has a row for each line, at the price of its placement', () => {
    expect(projected(ordersProjector, orderLines, recorded(orderPlaced))).toEqual([
      {
        order_id: orderId,
        line_id: 1,
        sku: mug,
        quantity: 2,
        unit_price: 1_250,
        requires_shipping: true,
        product_revision: 0,
      },
      {
        order_id: orderId,
        line_id: 2,
        sku: licence,
        quantity: 1,
        unit_price: 4_000,
        requires_shipping: false,
        product_revision: 0,
      },
    ]);
  });

  it('does not need shipping when no line does', () => {
    const lines = orderPlaced.data.lines.slice(1);
    const [row] = projected(
      ordersProjector,
      orders,
      recorded({ ...orderPlaced, data: { ...orderPlaced.data, lines } }),
    );
    expect(row).toMatchObject({ requires_shipping: false, skus: 1 });
  });

  const rest: readonly (readonly [string, DomainEvent, object])[] = [
    [
      'a confirmed order',
      { type: 'OrderConfirmed', data: { orderId } },
      { status: 'CONFIRMED', confirmed_at: LATER },
    ],
    [
      'a rejected order with the reason',
      { type: 'OrderRejected', data: { orderId, reason: 'OUT_OF_STOCK' } },
      { status: 'REJECTED', rejection_reason: 'OUT_OF_STOCK', rejected_at: LATER },
    ],
    [
      'an order whose cancellation was asked for',
      { type: 'OrderCancellationRequested', data: { orderId, reason: 'changed my mind' } },
      { status: 'CANCELLING', cancellation_reason: 'changed my mind', cancellation_requested_at: LATER },
    ],
    [
      'a cancelled order',
      { type: 'OrderCancelled', data: { orderId } },
      { status: 'CANCELLED', cancelled_at: LATER },
    ],
    [
      'a shipped order with how to follow it',
      { type: 'OrderShipped', data: { orderId, carrier: 'DHL', trackingNumber: 'T1' } },
      { status: 'SHIPPED', carrier: 'DHL', tracking_number: 'T1', shipped_at: LATER },
    ],
    [
      'a completed order',
      { type: 'OrderCompleted', data: { orderId } },
      { status: 'COMPLETED', completed_at: LATER },
    ],
    ['a payment under way', paymentRequested('MANUAL'), { payment_id: paymentId, payment_status: 'PENDING' }],
    ['an authorised payment', authorized, { payment_status: 'AUTHORIZED', authorized: total, captured: 0 }],
    [
      'a declined payment with the code',
      { type: 'PaymentDeclined', data: failed },
      { payment_status: 'DECLINED', payment_failure: 'card_declined' },
    ],
    ['a captured payment', captured, { payment_status: 'CAPTURED', captured: total }],
    [
      'why a capture failed',
      { type: 'PaymentCaptureFailed', data: failed },
      { payment_status: 'NOT_REQUESTED', payment_failure: 'card_declined' },
    ],
    [
      'a voided payment',
      { type: 'AuthorizationVoided', data: payment },
      { payment_status: 'VOIDED', captured: 0 },
    ],
    ['why a void failed', { type: 'VoidFailed', data: failed }, { payment_failure: 'card_declined' }],
    [
      'that the customer has to act, where and until when',
      actionRequired,
      {
        payment_action_url: 'https://provider.example/a',
        payment_action_expires_at: expiresAt,
        payment_deferred: false,
      },
    ],
    [
      'an authorisation that was not captured in time',
      { type: 'AuthorizationExpired', data: { ...payment, attempt: 1 } },
      { payment_status: 'EXPIRED' },
    ],
    ['that the provider cannot be called', deferred, { payment_deferred: true }],
    ['that a refund is on its way', refundRequested('r1', 1_000), { refunded: 0 }],
    ['what was refunded', refund('r1', 1_000), { refunded: 1_000 }],
    [
      'why a refund failed',
      { type: 'RefundFailed', data: { ...failed, refundId: 'r1' } },
      { payment_failure: 'card_declined' },
    ],
    ['stock that is held for it', reserved, { reserved_skus: 1, out_of_stock: false }],
    [
      'that the stock does not suffice',
      {
        type: 'StockReservationRejected',
        data: { ...held, reason: 'INSUFFICIENT_STOCK', available: 1 },
      },
      { out_of_stock: true },
    ],
  ];
  it.each(rest)('shows %s', (_what, event, expected) => {
    expect(after(event)).toMatchObject({ ...expected, updated_at: LATER, position: 2n });
  });

  it.each(answers)('knows with $type that the provider can be called and wants nothing more', (event) => {
    expect(after(actionRequired, deferred, event)).toMatchObject({
      payment_deferred: false,
      payment_action_url: null,
      payment_action_expires_at: null,
    });
  });

  it('wants nothing more of a customer whose payment is being closed', () => {
    const voiding: DomainEvent = { type: 'VoidRequested', data: { ...payment, attempt: 1 } };
    expect(after(actionRequired, voiding)).toMatchObject({ payment_action_url: null });
    expect(after(deferred, voiding)).toMatchObject({ payment_deferred: true });
  });

  it('has a row for each refund, which stays the same when it is asked for again', () => {
    const requested = { order_id: orderId, refund_id: 'r1', amount: 1_000, requested_at: LATER };
    const failed = [refundRequested('r1', 1_000), refundFailed] as const;
    expect(refundsAfter(...failed)).toEqual([
      { ...requested, status: 'FAILED', settled_at: LATER, failure: 'card_declined' },
    ]);
    const again = [...failed, refundRequested('r1', 1_000, 2)] as const;
    expect(refundsAfter(...again)).toEqual([
      { ...requested, status: 'PENDING', settled_at: null, failure: null },
    ]);
    expect(refundsAfter(...again, refund('r1', 1_000), refundRequested('r2', 1))).toMatchObject([
      { ...requested, status: 'SUCCEEDED', settled_at: LATER, failure: null },
      { refund_id: 'r2', amount: 1, status: 'PENDING' },
    ]);
  });

  it('adds up several refunds', () => {
    expect(after(captured, refund('r1', 1_000), refund('r2', 500))).toMatchObject({
      captured: total,
      refunded: 1_500,
    });
  });

  it('forgets a failure once a later step has succeeded', () => {
    const declined: DomainEvent = { type: 'PaymentCaptureFailed', data: failed };
    expect(after(authorized, declined, captured)).toMatchObject({
      payment_status: 'CAPTURED',
      payment_failure: null,
    });
  });

  it.each<[string, DomainEvent]>([
    ['a release', { type: 'StockReservationReleased', data: held }],
    ['an expiry', { type: 'StockReservationExpired', data: held }],
  ])('counts %s as stock no longer held', (_what, event) => {
    expect(after(reserved, event)).toMatchObject({ reserved_skus: 0, position: 3n });
  });

  it.each<[string, DomainEvent]>([
    [
      'a reservation that came too late',
      { type: 'StockReservationRejected', data: { ...held, reason: 'TOO_LATE', available: 9 } },
    ],
    [
      'a release of what was never held',
      { type: 'StockReservationReleased', data: { ...held, quantity: 0 } },
    ],
  ])('takes %s neither for a lack nor for stock given back', (_what, event) => {
    expect(after(reserved, event)).toMatchObject({ reserved_skus: 1, out_of_stock: false });
  });

  it.each<DomainEvent>([
    { type: 'CaptureRequested', data: { ...payment, attempt: 1, amount: total } },
    { type: 'PaymentOutcomeUnknown', data: { ...payment, operation: 'capture', attempt: 1 } },
    {
      type: 'ProviderNotificationIgnored',
      data: { ...payment, operation: 'capture', attempt: 1, outcome: 'failed' },
    },
    {
      type: 'ProviderNotificationUnmatched',
      data: { ...payment, operation: 'capture', attempt: 1, outcome: 'failed', notificationId: 'n-1' },
    },
    {
      type: 'PaymentDiscrepancyDetected',
      data: {
        ...{ ...payment, operation: 'capture', attempt: 1, kind: 'NOT_AT_PROVIDER' },
        ...{ recorded: 'captured', provider: 'nothing', repaired: false },
      },
    },
    { type: 'StockReservationConfirmed', data: mugReservation },
    { type: 'StockReservationCommitted', data: { ...mugReservation, quantity: 2 } },
    { type: 'StockReceived', data: { sku: mug, receiptId: 'r1', quantity: 1 } },
    { type: 'StockAdjusted', data: { sku: mug, adjustmentId: 'a1', delta: 1, reason: 'found' } },
    { type: 'OrderProcessStarted', data: { orderId, definition: 1 } },
  ])('is not changed by $type', (event) => {
    expect(after(event)).toEqual(after());
  });

  it('passes over the events of an order that was never placed', () => {
    const other = OrderId.parse('11111111-1111-4111-8111-111111111111');
    const events = recorded(orderPlaced, later({ type: 'OrderConfirmed', data: { orderId: other } }));
    expect(projected(ordersProjector, orders, events)).toHaveLength(1);
  });
});

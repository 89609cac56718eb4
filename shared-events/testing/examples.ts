import type { Actor, Origin } from '../contracts/envelope.js';
import { CustomerId, OrderId, Sku, paymentIdOf, reservationIdOf } from '../contracts/ids.js';
import { Currency } from '../contracts/money.js';
import type { OrderEvent } from '../contracts/order.events.js';
import type { PaymentEvent } from '../contracts/payment.events.js';
import type { ProductEvent } from '../contracts/product.events.js';
import { secondsFromNow } from './given.js';

// One customer buys two mugs, which are shipped, and a licence key, which is not: 2 x 12.50 + 1 x 40.00 EUR.

export const orderId = OrderId.parse('0b8f5f0e-8a43-5d0c-9c0f-1d2e3f4a5b6c');
export const paymentId = paymentIdOf(orderId);
export const customerId = CustomerId.parse('customer-1');
export const EUR = Currency.parse('EUR');
export const USD = Currency.parse('USD');
export const mug = Sku.parse('MUG-1');
export const licence = Sku.parse('LICENCE-1');
export const mugReservation = { sku: mug, orderId, reservationId: reservationIdOf(orderId, mug) };
/** Long after NOW: longer than any stage of an order takes. */
export const expiresAt = secondsFromNow(900);
export const total = 6_500;

export const customer: Actor = { kind: 'customer', subject: customerId };
export const origin: Origin = { correlationId: 'correlation-1', causationId: 'cause-1', actor: customer };

type EventNamed<Event extends { type: string }, Type extends Event['type']> = Extract<Event, { type: Type }>;

export const mugRegistered: EventNamed<ProductEvent, 'ProductRegistered'> = {
  type: 'ProductRegistered',
  data: { sku: mug, name: 'Mug', price: 1_250, currency: EUR, requiresShipping: true },
};
export const licenceRegistered: EventNamed<ProductEvent, 'ProductRegistered'> = {
  type: 'ProductRegistered',
  data: { sku: licence, name: 'Licence key', price: 4_000, currency: EUR, requiresShipping: false },
};

export const orderPlaced: EventNamed<OrderEvent, 'OrderPlaced'> = {
  type: 'OrderPlaced',
  data: {
    orderId,
    customerId,
    requestHash: 'a'.repeat(64),
    reference: 'basket 17',
    currency: EUR,
    lines: [
      { lineId: 1, sku: mug, quantity: 2, unitPrice: 1_250, requiresShipping: true, productRevision: 0 },
      { lineId: 2, sku: licence, quantity: 1, unitPrice: 4_000, requiresShipping: false, productRevision: 0 },
    ],
    adjustments: [],
    total,
    paymentMethod: 'pm_approve',
    captureMethod: 'AUTOMATIC',
  },
};

/** The same order without the mugs: nothing to ship. */
export const licenceOrderPlaced: EventNamed<OrderEvent, 'OrderPlaced'> = {
  ...orderPlaced,
  data: { ...orderPlaced.data, lines: orderPlaced.data.lines.slice(1), total: 4_000 },
};

export const paymentRequested = (
  captureMethod: 'AUTOMATIC' | 'MANUAL',
): EventNamed<PaymentEvent, 'PaymentRequested'> => ({
  type: 'PaymentRequested',
  data: {
    paymentId,
    orderId,
    attempt: 1,
    amount: total,
    currency: EUR,
    paymentMethod: 'pm_approve',
    captureMethod,
  },
});

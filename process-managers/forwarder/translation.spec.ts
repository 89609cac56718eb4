import { describe, expect, it } from '@jest/globals';
import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import { CloudEvent, integrationEvents } from '@orders/shared-events/contracts/integration-events.js';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import { fromLog } from '../testing/memory-log.js';
import { START, anOrder } from '../testing/order-story.js';
import { translate } from './translation.js';

const order = anOrder();
const { paymentId, orderId } = order;

const refund = { paymentId, orderId, refundId: 'order-undone', amount: 2_500, attempt: 1 };

const told: readonly (readonly [DomainEvent, keyof typeof integrationEvents])[] = [
  [order.placed, 'order.created'],
  [order.confirmed, 'order.confirmed'],
  [order.completed, 'order.completed'],
  [order.rejected('OUT_OF_STOCK'), 'order.failed'],
  [order.cancelled, 'order.cancelled'],
  [order.authorized, 'payment.authorized'],
  [order.captured, 'payment.processed'],
  [order.declined, 'payment.failed'],
  [order.captureFailed(), 'payment.failed'],
  [{ type: 'RefundRequested', data: refund }, 'payment.refund'],
  [order.refunded, 'payment.refunded'],
  [order.voided, 'payment.voided'],
  [order.reserved(), 'inventory.reserved'],
  [order.outOfStock(), 'inventory.reservation_failed'],
  [order.released(), 'inventory.released'],
  [order.expired(), 'inventory.released'],
];

interface Published {
  readonly channels: Readonly<
    Record<string, { readonly messages: Readonly<Record<string, { readonly payload: object }>> }>
  >;
}
const published = new URL('../../docs/contracts/asyncapi.json', import.meta.url);
const { channels } = JSON.parse(readFileSync(published, 'utf8')) as Published;

describe('the outside', () => {
  it.each(told)('hears of %j', (event, routingKey) => {
    const announcement = translate(fromLog(event, 42n));
    expect(announcement?.routingKey).toBe(routingKey);
    expect(CloudEvent.parse(announcement?.body)).toEqual(announcement?.body);
    expect(integrationEvents[routingKey].strict().parse(announcement?.body.data)).toBeDefined();
  });

  it.each(told)('hears of %j what the published document says', (event, routingKey) => {
    const ajv = formats.default(new Ajv({ allErrors: true }));
    const payload = channels[routingKey]?.messages[routingKey]?.payload ?? false;
    ajv.validate(payload, translate(fromLog(event, 42n))?.body);
    expect(ajv.errors).toBeNull();
  });

  it('can hear every routing key', () => {
    expect(new Set(told.map(([, routingKey]) => routingKey))).toEqual(
      new Set(Object.keys(integrationEvents)),
    );
  });

  it.each<DomainEvent>([
    order.cancellationRequested,
    order.shipped,
    order.firm(),
    order.committed(),
    order.refundFailed(),
    order.voidFailed(),
    order.captureRequested(),
  ])('does not hear of %j', (event) => {
    expect(translate(fromLog(event, 42n))).toBeUndefined();
  });

  it('does not hear of a release of nothing', () => {
    const { data } = order.released();
    const nothing = { type: 'StockReservationReleased', data: { ...data, quantity: 0 } } as const;
    expect(translate(fromLog(nothing, 42n))).toBeUndefined();
  });

  it('does not hear of what it does not know', () => {
    const event = fromLog(order.placed, 42n);
    expect(translate({ ...event, type: '__proto__' })).toBeUndefined();
    expect(translate({ ...event, type: 'SomethingNew' })).toBeUndefined();
  });

  it('hears no token of a payment method, no hash and no revision', () => {
    const text = JSON.stringify(translate(fromLog(order.placed, 42n)));
    for (const inside of ['pm_', 'requestHash', 'productRevision', 'paymentMethod']) {
      expect(text).not.toContain(inside);
    }
  });
});

describe('the envelope', () => {
  it('is a CloudEvent with the order as subject and the log position as sequence', () => {
    const trace = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const event = fromLog(order.confirmed, 42n, { traceparent: trace });
    expect(translate(event)?.body).toEqual({
      specversion: '1.0',
      id: event.id,
      source: '/orders',
      type: 'orders.order.confirmed.v1',
      subject: orderId,
      time: START,
      datacontenttype: 'application/json',
      correlationid: 'correlation-1',
      sequence: '00000000000000000042',
      traceparent: trace,
      data: { orderId },
    });
  });

  it('orders as text as the log does', () => {
    const sequences = [9n, 10n, 99n, 100n].map(
      (at) => translate(fromLog(order.confirmed, at))?.body.sequence,
    );
    expect([...sequences].sort()).toEqual(sequences);
  });
});

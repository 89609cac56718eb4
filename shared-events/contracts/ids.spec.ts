import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  CustomerId,
  LogPosition,
  OrderId,
  PaymentId,
  STREAM_CATEGORIES,
  Sku,
  categoryOf,
  eventIdOf,
  logPosition,
  orderIdOf,
  orderProcessStream,
  orderStream,
  paymentIdOf,
  processCommandId,
  reservationIdOf,
  snapshotStream,
} from './ids.js';

const customer = (id: string) => CustomerId.parse(id);
const order = orderIdOf(customer('c1'), 'k1');

describe('derived ids', () => {
  it('never change: they are how repeats are recognised', () => {
    expect({
      order,
      payment: paymentIdOf(order),
      reservation: reservationIdOf(order, Sku.parse('TEA')),
      command: processCommandId(orderProcessStream(order), 'capture', orderStream(order), 1),
      event: eventIdOf(order, 0),
    }).toMatchInlineSnapshot(`
     {
       "command": "bbe124e8-aca0-5e8b-a6a7-9e293e11daba",
       "event": "86f45051-d6a2-5b99-a963-3e4a7600c922",
       "order": "38279835-39b2-53be-a0e9-9864b000e4f2",
       "payment": "37034a03-d884-591f-b595-948a404ebde5",
       "reservation": "875e9341-9f19-5a0c-9122-828523ccb251",
     }
    `);
  });

  it('differ for another customer with the same key, also where the texts run together', () => {
    expect(orderIdOf(customer('c2'), 'k1')).not.toBe(order);
    expect(orderIdOf(customer('a'), 'bc')).not.toBe(orderIdOf(customer('ab'), 'c'));
  });

  it('differ by each part of a command', () => {
    const at = (step: string, generation: number) =>
      processCommandId(orderProcessStream(order), step, orderStream(order), generation);
    expect(new Set([at('capture', 1), at('capture', 2), at('refund', 1)]).size).toBe(3);
  });
});

describe('an id in capitals', () => {
  it.each([
    ['order', OrderId],
    ['payment', PaymentId],
  ])('is the same %s as in small letters', (_what, schema) => {
    expect(schema.parse(order.toUpperCase())).toBe(order);
  });
});

describe('log position', () => {
  it('travels through its decimal form, over the whole unsigned 64-bit range', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (position) => {
        expect(BigInt(logPosition(position))).toBe(position);
      }),
    );
  });

  it.each(['', '-1', '1.0', '01', '1e3', ' 1', '123456789012345678901'])('refuses %j', (text) => {
    expect(LogPosition.safeParse(text).success).toBe(false);
  });
});

describe('stream categories', () => {
  it.each([
    ['order-1', 'order'],
    ['orderProcess-1', 'orderProcess'],
    ['stock-A-B', 'stock'],
    ['orders-1', undefined],
    ['order', undefined],
    ['$ce-order', undefined],
  ])('%s is of %s', (stream, category) => {
    expect(categoryOf(stream)).toBe(category);
  });
});

describe('the stream of snapshots', () => {
  it.each(STREAM_CATEGORIES)('of a stream of %s is of no category, and begins like none', (category) => {
    const snapshots = snapshotStream(`${category}-A-1`, 3);
    expect(snapshots).toBe(`${category}Snapshot-3-A-1`);
    expect(categoryOf(snapshots)).toBeUndefined();
    expect(STREAM_CATEGORIES.filter((other) => snapshots.startsWith(`${other}-`))).toEqual([]);
  });
});

describe('SKU', () => {
  it.each(['', 'tea', 'TEA 1', 'T'.repeat(65), 'TÉ', 'TEA\n'])('refuses %j', (sku) => {
    expect(Sku.safeParse(sku).success).toBe(false);
  });
});

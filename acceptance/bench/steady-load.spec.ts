import { describe, expect, it } from '@jest/globals';
import { type WatchedOrder, firstSince, longest } from './steady-load.js';

const order = (placedAt: number, visibleAt?: number, completedAt?: number): WatchedOrder => ({
  ...{ orderId: `order-${placedAt}`, placedAt, visibleAt, completedAt },
});

describe('the first order since something happened', () => {
  const orders = [order(10, 20, 30), order(100, 140, 190), order(110, 115, 120)];

  it('is the first that was placed from then on, not the first that came to its end', () => {
    expect(firstSince(orders, 90, 'visibleAt')).toBe(50);
    expect(firstSince(orders, 90, 'completedAt')).toBe(100);
  });

  it('that has not come there, or is not there at all, took no time that is known', () => {
    expect(firstSince([order(100, 140)], 90, 'completedAt')).toBeNaN();
    expect(firstSince(orders, 200, 'visibleAt')).toBeNaN();
  });
});

describe('the longest that an order took', () => {
  it('counts from its placement', () => {
    expect(longest([order(10, 20, 30), order(100, 140, 190)])).toBe(90);
  });

  it('is not known while one is open', () => expect(longest([order(10, 20, 30), order(100)])).toBeNaN());
});

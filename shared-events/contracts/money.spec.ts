import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AmountOutOfRange, Money, Quantity, multiply, sum } from './money.js';

describe('money', () => {
  it('adds and multiplies exactly, or says that it cannot', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: 1_000_000 }), (price, quantity) => {
        const exact = BigInt(price) * BigInt(quantity);
        if (exact > BigInt(Number.MAX_SAFE_INTEGER)) {
          expect(() => multiply(price, quantity)).toThrow(AmountOutOfRange);
        } else {
          expect(BigInt(multiply(price, quantity))).toBe(exact);
        }
      }),
    );
    expect(() => sum([Number.MAX_SAFE_INTEGER, 1])).toThrow(AmountOutOfRange);
    expect(sum([])).toBe(0);
  });

  it.each([0.1, 1.5, NaN, Infinity, 2 ** 53, '1'])('refuses the amount %p', (amount) => {
    expect(Money.safeParse({ amount, currency: 'EUR' }).success).toBe(false);
  });

  it.each(['eur', 'EURO', '', 'E1R'])('refuses the currency %j', (currency) => {
    expect(Money.safeParse({ amount: 1, currency }).success).toBe(false);
  });

  it.each([0, -1, 1.5, 1_000_001, 2 ** 53])('refuses the quantity %d', (quantity) => {
    expect(Quantity.safeParse(quantity).success).toBe(false);
  });
});

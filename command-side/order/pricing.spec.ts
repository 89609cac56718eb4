import { describe, expect, it } from '@jest/globals';
import { Sku } from '@orders/shared-events/contracts/ids.js';
import {
  EUR,
  USD,
  licence,
  licenceRegistered,
  mug,
  mugRegistered,
  orderPlaced,
  total,
} from '@orders/shared-events/testing/examples.js';
import { stateAfter } from '@orders/shared-events/testing/given.js';
import { product } from '../product/product.js';
import { type PricingPolicy, type RequestedLine, price } from './pricing.js';

const mugs = { product: stateAfter(product, [mugRegistered]), revision: 0n };
const licences = { product: stateAfter(product, [licenceRegistered]), revision: 0n };
const products = new Map([
  [mug, mugs],
  [licence, licences],
]);
const basket: RequestedLine[] = [
  { sku: mug, quantity: 2 },
  { sku: licence, quantity: 1 },
];
const priced = (amount: number) =>
  new Map([[mug, { ...mugs, product: stateAfter(product, [mugRegistered, repriced(amount)]) }]]);
const repriced = (price: number, currency = EUR) =>
  ({ type: 'ProductPriceChanged', data: { sku: mug, price, currency } }) as const;

describe('pricing', () => {
  it('prices each line from its product', () =>
    expect(price(basket, products, undefined)).toEqual({
      currency: EUR,
      lines: orderPlaced.data.lines,
      adjustments: [],
      total,
    }));

  it('adds what the policy adjusts', () => {
    const shipping = { kind: 'SHIPPING', label: 'Parcel', amount: 490 } as const;
    const policy: PricingPolicy = () => [shipping];
    expect(price(basket, products, EUR, policy)).toMatchObject({
      adjustments: [shipping],
      total: total + 490,
    });
  });

  it('keeps lines that share a SKU apart', () =>
    expect(price([...basket, { sku: mug, quantity: 1 }], products, EUR)).toMatchObject({
      lines: [{ lineId: 1 }, { lineId: 2 }, { lineId: 3, sku: mug, quantity: 1 }],
      total: total + 1_250,
    }));

  it('refuses an unknown SKU', () => {
    const unknown = Sku.parse('NOWHERE');
    expect(price([{ sku: unknown, quantity: 1 }], products, undefined)).toEqual({
      refused: { code: 'UNKNOWN_SKU', sku: unknown },
    });
  });

  it('refuses a SKU that was read but never registered', () =>
    expect(
      price(
        [{ sku: mug, quantity: 1 }],
        new Map([[mug, { product: product.initialState, revision: undefined }]]),
        EUR,
      ),
    ).toEqual({ refused: { code: 'UNKNOWN_SKU', sku: mug } }));

  it('refuses mixed currencies', () => {
    const dollars = { ...mugs, product: stateAfter(product, [mugRegistered, repriced(1_250, USD)]) };
    expect(price(basket, new Map([...products, [mug, dollars]]), undefined)).toEqual({
      refused: { code: 'MIXED_CURRENCIES', currencies: [USD, EUR] },
    });
  });

  it('refuses products in another currency than the caller names', () =>
    expect(price(basket, products, USD)).toEqual({
      refused: { code: 'MIXED_CURRENCIES', currencies: [USD, EUR] },
    }));

  it('refuses an order that costs nothing, or less', () => {
    expect(price([{ sku: mug, quantity: 1 }], priced(0), EUR)).toEqual({
      refused: { code: 'TOTAL_NOT_POSITIVE', total: 0 },
    });
    const gift: PricingPolicy = () => [{ kind: 'DISCOUNT', label: 'Gift', amount: -total - 1 }];
    expect(price(basket, products, EUR, gift)).toEqual({
      refused: { code: 'TOTAL_NOT_POSITIVE', total: -1 },
    });
  });

  it('refuses a total that is no exact integer', () =>
    expect(price([{ sku: mug, quantity: 1_000_000 }], priced(Number.MAX_SAFE_INTEGER), EUR)).toEqual({
      refused: { code: 'TOTAL_OUT_OF_RANGE' },
    }));
});

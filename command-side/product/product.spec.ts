import { describe, it } from '@jest/globals';
import { EUR, USD, mug, mugRegistered } from '@orders/shared-events/testing/examples.js';
import { given } from '@orders/shared-events/testing/given.js';
import { type ChangePrice, type RegisterProduct, product } from './product.js';

const register: RegisterProduct = { type: 'RegisterProduct', data: mugRegistered.data };
const changePrice = (price: number, currency = EUR): ChangePrice => ({
  type: 'ChangePrice',
  data: { sku: mug, price, currency },
});
const repriced = { type: 'ProductPriceChanged', data: { sku: mug, price: 999, currency: EUR } } as const;

describe('RegisterProduct', () => {
  it('happens once', () => given(product).when(register).then(mugRegistered));
  it('is ignored when it comes again', () => given(product, mugRegistered).when(register).ignored());
  it('is ignored when it comes again after the price has changed', () =>
    given(product, mugRegistered, repriced).when(register).ignored());
  it.each([
    ['name', { name: 'Another mug' }],
    ['price', { price: 1 }],
    ['currency', { currency: USD }],
    ['shipping', { requiresShipping: false }],
  ])('is refused for a taken SKU with another %s', (_what, change) =>
    given(product, mugRegistered)
      .when({ ...register, data: { ...register.data, ...change } })
      .refused('PRODUCT_ALREADY_REGISTERED', { sku: mug }),
  );
});

describe('ChangePrice', () => {
  it('happens', () => given(product, mugRegistered).when(changePrice(999)).then(repriced));
  it('is ignored when the price is that one already', () =>
    given(product, mugRegistered, repriced).when(changePrice(999)).ignored());
  it('happens back to the first price', () =>
    given(product, mugRegistered, repriced)
      .when(changePrice(1_250))
      .then({ type: 'ProductPriceChanged', data: { sku: mug, price: 1_250, currency: EUR } }));
  it('happens for another currency alone', () =>
    given(product, mugRegistered)
      .when(changePrice(1_250, USD))
      .then({ type: 'ProductPriceChanged', data: { sku: mug, price: 1_250, currency: USD } }));
  it('is refused for an unknown SKU', () =>
    given(product).when(changePrice(999)).refused('UNKNOWN_SKU', { sku: mug }));
});

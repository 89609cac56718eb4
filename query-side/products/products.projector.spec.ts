import { describe, expect, it } from '@jest/globals';
import { EUR, mug, mugRegistered, orderPlaced } from '@orders/shared-events/testing/examples.js';
import { NOW, secondsFromNow } from '@orders/shared-events/testing/given.js';
import { type Told, recorded } from '../testing/recorded.js';
import { projected } from '../testing/rows.js';
import { productsProjector } from './products.projector.js';
import { products } from './products.tables.js';

const LATER = secondsFromNow(60);
const priceChanged: Told = {
  type: 'ProductPriceChanged',
  data: { sku: mug, price: 1_500, currency: EUR },
  metadata: { occurredAt: LATER },
};
const registered = {
  sku: mug,
  name: 'Mug',
  price: 1_250,
  currency: EUR,
  requires_shipping: true,
  registered_at: NOW,
  updated_at: NOW,
  revision: 0n,
  position: 1n,
};

describe('the products projection', () => {
  it('shows a registered product', () => {
    expect(projected(productsProjector, products, recorded(mugRegistered))).toEqual([registered]);
  });

  it('shows the price of today', () => {
    expect(projected(productsProjector, products, recorded(mugRegistered, priceChanged))).toEqual([
      { ...registered, price: 1_500, updated_at: LATER, revision: 1n, position: 2n },
    ]);
  });

  it('is not changed by an order', () => {
    expect(projected(productsProjector, products, recorded(mugRegistered, orderPlaced))).toEqual([
      registered,
    ]);
  });
});

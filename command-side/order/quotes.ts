import { type Sku, productStream } from '@orders/shared-events/contracts/ids.js';
import type { Currency } from '@orders/shared-events/contracts/money.js';
import type { Products } from '../product/products.js';
import {
  type PricedProduct,
  type Pricing,
  type PricingPolicy,
  type RequestedLine,
  price,
} from './pricing.js';

/** Prices requests from the products. */
export class Quotes {
  constructor(
    private readonly products: Pick<Products, 'load'>,
    private readonly policy: PricingPolicy,
  ) {}

  /** @param maxAgeMs how old what is known of a product may be: a price that changed elsewhere counts from then on */
  async of(
    lines: readonly RequestedLine[],
    currency: Currency | undefined,
    maxAgeMs: number,
  ): Promise<Pricing> {
    const skus = [...new Set(lines.map(({ sku }) => sku))];
    const products = await Promise.all(skus.map((sku) => this.#product(sku, maxAgeMs)));
    return price(lines, new Map(products), currency, this.policy);
  }

  async #product(sku: Sku, maxAgeMs: number): Promise<[Sku, PricedProduct]> {
    const { state, revision } = await this.products.load(productStream(sku), maxAgeMs);
    return [sku, { product: state, revision }];
  }
}

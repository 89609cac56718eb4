import type { Sku } from '@orders/shared-events/contracts/ids.js';
import { AmountOutOfRange, type Currency, multiply, sum } from '@orders/shared-events/contracts/money.js';
import type { Adjustment, OrderLine } from '@orders/shared-events/contracts/order.events.js';
import { type Refused, refuse } from '../decision.js';
import type { ProductState } from '../product/product.js';

/** A product as it was read, with the revision of its stream. */
export interface PricedProduct {
  readonly product: ProductState;
  readonly revision: bigint | undefined;
}

export interface RequestedLine {
  readonly sku: Sku;
  readonly quantity: number;
}

/** Priced lines in the order of the request. Amounts in minor units; total = lines + adjustments > 0. */
export interface Quote {
  readonly currency: Currency;
  readonly lines: readonly OrderLine[];
  readonly adjustments: readonly Adjustment[];
  readonly total: number;
}

export type PricingRefusal =
  | { readonly code: 'UNKNOWN_SKU'; readonly sku: Sku }
  | { readonly code: 'MIXED_CURRENCIES'; readonly currencies: readonly Currency[] }
  | { readonly code: 'TOTAL_NOT_POSITIVE'; readonly total: number }
  | { readonly code: 'TOTAL_OUT_OF_RANGE' };

export type Pricing = Quote | Refused<PricingRefusal>;

/** What a shop adds to, or takes off, the lines of an order. */
export type PricingPolicy = (lines: readonly OrderLine[], currency: Currency) => readonly Adjustment[];

export const noAdjustments: PricingPolicy = () => [];

/**
 * Prices a request. All products, and the currency that the caller names if it does, must agree on one currency.
 */
export function price(
  requested: readonly RequestedLine[],
  products: ReadonlyMap<Sku, PricedProduct>,
  asked: Currency | undefined,
  policy: PricingPolicy = noAdjustments,
): Pricing {
  const lines: OrderLine[] = [];
  const currencies = new Set<Currency>(asked === undefined ? [] : [asked]);
  for (const { sku, quantity } of requested) {
    const found = products.get(sku);
    if (found?.product.status !== 'registered') return refuse({ code: 'UNKNOWN_SKU', sku });
    currencies.add(found.product.currency);
    lines.push({
      lineId: lines.length + 1,
      sku,
      quantity,
      unitPrice: found.product.price,
      requiresShipping: found.product.registration.requiresShipping,
      productRevision: Number(found.revision ?? 0n),
    });
  }
  const [currency, ...others] = currencies;
  if (currency === undefined || others.length > 0) {
    return refuse({ code: 'MIXED_CURRENCIES', currencies: [...currencies] });
  }
  return total({ currency, lines, adjustments: policy(lines, currency) });
}

function total(unsummed: Omit<Quote, 'total'>): Pricing {
  try {
    const amounts = unsummed.lines.map(({ unitPrice, quantity }) => multiply(unitPrice, quantity));
    const total = sum([...amounts, ...unsummed.adjustments.map(({ amount }) => amount)]);
    return total > 0 ? { ...unsummed, total } : refuse({ code: 'TOTAL_NOT_POSITIVE', total });
  } catch (error) {
    if (error instanceof AmountOutOfRange) return refuse({ code: 'TOTAL_OUT_OF_RANGE' });
    throw error;
  }
}

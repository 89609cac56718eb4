import type { Sku } from '@orders/shared-events/contracts/ids.js';
import type { ProductRefusal } from './product.js';
import type { ProductOutcome } from './products.js';

/** How the outcome of a command on a product reads in GraphQL. */
export function productAnswer(sku: Sku, outcome: ProductOutcome) {
  if (outcome.outcome === 'refused') return refusalAnswer(outcome.refusal);
  const { position } = outcome;
  return {
    __typename: 'ProductAccepted' as const,
    sku,
    position: position.toString(),
    repeated: outcome.outcome === 'repeated',
  };
}

function refusalAnswer(refusal: ProductRefusal) {
  switch (refusal.code) {
    case 'PRODUCT_ALREADY_REGISTERED':
      return {
        __typename: 'SkuTaken' as const,
        message: `${refusal.sku} was registered with other data`,
        ...refusal,
      };
    case 'UNKNOWN_SKU':
      return unknownSku(refusal.sku);
  }
}

export const unknownSku = (sku: Sku) => ({
  __typename: 'UnknownSku' as const,
  code: 'UNKNOWN_SKU' as const,
  message: `no product is registered as ${sku}`,
  sku,
});

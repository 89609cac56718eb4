import type { Sku } from '@orders/shared-events/contracts/ids.js';
import type { Answer } from '../answer.js';
import type {
  ChangePriceResult,
  ProductAccepted,
  RegisterProductResult,
  UnknownSku,
} from '../graphql.generated.js';
import type { ProductOutcome } from './products.js';

/** How the outcome of a registration reads in GraphQL. */
export function registrationAnswer(sku: Sku, outcome: ProductOutcome): Answer<RegisterProductResult> {
  if (outcome.outcome !== 'refused') return accepted(sku, outcome);
  const { refusal } = outcome;
  switch (refusal.code) {
    case 'PRODUCT_ALREADY_REGISTERED': {
      const message = `${sku} was registered with other data`;
      return { __typename: 'SkuTaken', ...refusal, message };
    }
    case 'UNKNOWN_SKU':
      throw new Error('a registration cannot be refused for an unknown SKU');
  }
}

export function priceAnswer(sku: Sku, outcome: ProductOutcome): Answer<ChangePriceResult> {
  if (outcome.outcome !== 'refused') return accepted(sku, outcome);
  const { refusal } = outcome;
  switch (refusal.code) {
    case 'UNKNOWN_SKU':
      return unknownSku(sku);
    case 'PRODUCT_ALREADY_REGISTERED':
      throw new Error('a price cannot be refused for a taken SKU');
  }
}

const accepted = (
  sku: Sku,
  { outcome, position }: Exclude<ProductOutcome, { outcome: 'refused' }>,
): Answer<ProductAccepted> => ({
  __typename: 'ProductAccepted',
  sku,
  position: position.toString(),
  repeated: outcome === 'repeated',
});

export const unknownSku = (sku: Sku): Answer<UnknownSku> => ({
  __typename: 'UnknownSku',
  code: 'UNKNOWN_SKU',
  message: `no product is registered as ${sku}`,
  sku,
});

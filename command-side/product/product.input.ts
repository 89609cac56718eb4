import { z } from 'zod';
import { moneyInput, skuInput, text } from '../input.js';

export const registerProductInput = z.object({
  sku: skuInput,
  name: text(200),
  price: moneyInput,
  requiresShipping: z.boolean(),
});

export const changePriceInput = z.object({ sku: skuInput, price: moneyInput });

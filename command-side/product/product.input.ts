import { z } from 'zod';
import { lineOfText } from '@orders/shared-events/contracts/text.js';
import { moneyInput, skuInput } from '../input.js';

export const registerProductInput = z.object({
  sku: skuInput,
  name: lineOfText(200),
  price: moneyInput,
  requiresShipping: z.boolean(),
});

export const changePriceInput = z.object({ sku: skuInput, price: moneyInput });

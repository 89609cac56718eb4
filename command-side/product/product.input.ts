import { z } from 'zod';
import { SkuInAnyCase } from '@orders/shared-events/contracts/ids.js';
import { lineOfText } from '@orders/shared-events/contracts/text.js';
import { moneyInput } from '../input.js';

export const registerProductInput = z.object({
  sku: SkuInAnyCase,
  name: lineOfText(200),
  price: moneyInput,
  requiresShipping: z.boolean(),
});

export const changePriceInput = z.object({ sku: SkuInAnyCase, price: moneyInput });

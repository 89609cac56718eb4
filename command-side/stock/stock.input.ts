import { z } from 'zod';
import { Quantity } from '@orders/shared-events/contracts/money.js';
import { skuInput } from '../input.js';

export const receiveStockInput = z.object({
  sku: skuInput,
  receiptId: z.string().regex(/^[A-Za-z0-9._:-]{1,64}$/, {
    error: 'must be 1 to 64 letters, digits and . _ : -',
  }),
  quantity: Quantity,
});

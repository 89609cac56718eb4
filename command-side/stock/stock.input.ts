import { z } from 'zod';
import { SkuInAnyCase } from '@orders/shared-events/contracts/ids.js';
import { Quantity } from '@orders/shared-events/contracts/money.js';

export const receiveStockInput = z.object({
  sku: SkuInAnyCase,
  receiptId: z.string().regex(/^[A-Za-z0-9._:-]{1,64}$/, {
    error: 'must be 1 to 64 letters, digits and . _ : -',
  }),
  quantity: Quantity,
});

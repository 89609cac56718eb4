import { z } from 'zod';
import { SkuInAnyCase } from '@orders/shared-events/contracts/ids.js';
import { Quantity } from '@orders/shared-events/contracts/money.js';
import { reasonInput } from '../input.js';

const naturalKey = z.string().regex(/^[A-Za-z0-9._:-]{1,64}$/, {
  error: 'must be 1 to 64 letters, digits and . _ : -',
});

export const receiveStockInput = z.object({
  sku: SkuInAnyCase,
  receiptId: naturalKey,
  quantity: Quantity,
});

const MOST_PIECES = 1_000_000;

export const adjustStockInput = z.object({
  sku: SkuInAnyCase,
  adjustmentId: naturalKey,
  delta: z
    .int({ error: 'must be a whole number' })
    .min(-MOST_PIECES, { error: 'must be at least -1,000,000' })
    .max(MOST_PIECES, { error: 'must be at most 1,000,000' })
    .refine((delta) => delta !== 0, { error: 'must not be 0' }),
  reason: reasonInput,
});

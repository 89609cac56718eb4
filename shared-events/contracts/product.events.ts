import { z } from 'zod';
import { Sku } from './ids.js';
import { Currency, NonNegativeMinorUnits } from './money.js';
import { type EventsOf, versions } from './versions.js';

export const productEvents = {
  ProductRegistered: versions(
    z.object({
      sku: Sku,
      name: z.string().min(1).max(200),
      price: NonNegativeMinorUnits,
      currency: Currency,
      requiresShipping: z.boolean(),
    }),
  ),
  ProductPriceChanged: versions(z.object({ sku: Sku, price: NonNegativeMinorUnits, currency: Currency })),
};
export type ProductEvent = EventsOf<typeof productEvents>;

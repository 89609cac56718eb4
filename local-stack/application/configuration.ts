import { paymentSettings, refusePaymentConflicts } from '@orders/command-side/configuration.js';
import { backEnds, http, port } from '@orders/shared-events/transport/configuration.js';
import { processSettings, refuseConflicts } from '@orders/process-managers/configuration.js';
import { z } from 'zod';

export const configurationSchema = z
  .object({
    ...backEnds,
    ...http,
    ...paymentSettings,
    ...processSettings,
    PORT: port(3000),
    ADMIN_PORT: port(3002),
  })
  .superRefine(refuseConflicts)
  .superRefine(refusePaymentConflicts);
export type Configuration = z.infer<typeof configurationSchema>;

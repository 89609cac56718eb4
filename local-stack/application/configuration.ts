import { paymentSettings, refusePaymentConflicts } from '@orders/command-side/configuration.js';
import { accessSettings, refuseAccessConflicts } from '@orders/shared-events/http/access/configuration.js';
import { backEnds, http, port } from '@orders/shared-events/transport/configuration.js';
import { environment, refuseInProduction } from '@orders/shared-events/transport/production.js';
import { processSettings, refuseConflicts } from '@orders/process-managers/configuration.js';
import { graphiql } from '@orders/query-side/configuration.js';
import { z } from 'zod';

export const configurationSchema = z
  .object({
    ...backEnds,
    ...http,
    ...environment,
    ...accessSettings,
    ...graphiql,
    ...paymentSettings,
    ...processSettings,
    PORT: port(3000),
    ADMIN_PORT: port(3002),
  })
  .superRefine(refuseInProduction)
  .superRefine(refuseAccessConflicts)
  .superRefine(refuseConflicts)
  .superRefine(refusePaymentConflicts);
export type Configuration = z.infer<typeof configurationSchema>;

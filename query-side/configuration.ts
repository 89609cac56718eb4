import { z } from 'zod';
import { accessSettings, refuseAccessConflicts } from '@orders/shared-events/http/access/configuration.js';
import { backEnds, http, port } from '@orders/shared-events/transport/configuration.js';
import { environment, refuseInProduction } from '@orders/shared-events/transport/production.js';

/** What GraphiQL has filled in: for one machine only. */
export const graphiql = {
  GRAPHIQL_TOKEN: z
    .string()
    .regex(/^[\w.-]+$/, { error: 'must be a token' })
    .optional(),
};

export const configurationSchema = z
  .object({
    EVENTSTORE_URL: backEnds.EVENTSTORE_URL,
    DATABASE_URL: backEnds.DATABASE_URL,
    PORT: port(3000),
    ...http,
    ...environment,
    ...accessSettings,
    ...graphiql,
  })
  .superRefine(refuseInProduction)
  .superRefine(refuseAccessConflicts);
export type Configuration = z.infer<typeof configurationSchema>;

import { z } from 'zod';
import { backEnds, http, port } from '@orders/shared-events/transport/configuration.js';

export const configurationSchema = z.object({
  EVENTSTORE_URL: backEnds.EVENTSTORE_URL,
  DATABASE_URL: backEnds.DATABASE_URL,
  PORT: port(3000),
  ...http,
});
export type Configuration = z.infer<typeof configurationSchema>;

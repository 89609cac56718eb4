import { z } from 'zod';
import { backEnds, http, port } from '@orders/shared-events/transport/configuration.js';

export const configurationSchema = z.object({ ...backEnds, PORT: port(3001), ...http });
export type Configuration = z.infer<typeof configurationSchema>;

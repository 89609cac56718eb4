import { z } from 'zod';
import { backEnds, http, port } from '@orders/shared-events/transport/configuration.js';

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be a URL like https://shop.example' });

/** Printable ASCII without commas, long enough that nobody guesses it. */
const SECRET = '[\\x21-\\x2b\\x2d-\\x7e]{32,200}';

/** What the side has to know to talk with the payment provider. */
export const paymentSettings = {
  /** What the provider signs its webhooks with; while it is changed, the old one and the new one. */
  PAYMENT_WEBHOOK_SECRET: z
    .string({ error: 'is required: what the payment provider signs its webhooks with' })
    .regex(new RegExp(`^${SECRET}(,${SECRET})*$`), {
      error: 'must be 32 to 200 characters, without spaces; several are separated by commas',
    })
    .transform((secrets) => secrets.split(',')),
  /** Where the simulated provider sends its webhooks; without it, to this process. */
  PAYMENT_WEBHOOK_URL: httpUrl.optional(),
  /** What customers' browsers reach this side by; without it, the address that it listens on. */
  PUBLIC_URL: httpUrl.optional(),
};
export type PaymentSettings = z.infer<z.ZodObject<typeof paymentSettings>>;

export const configurationSchema = z.object({ ...backEnds, PORT: port(3001), ...http, ...paymentSettings });
export type Configuration = z.infer<typeof configurationSchema>;

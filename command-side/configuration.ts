import { z } from 'zod';
import { accessSettings, refuseAccessConflicts } from '@orders/shared-events/http/access/configuration.js';
import { backEnds, http, milliseconds, port } from '@orders/shared-events/transport/configuration.js';
import { environment, refuseInProduction } from '@orders/shared-events/transport/production.js';
import type { GuardSettings } from './payment/guarded-provider.js';

const wholeNumber = (least: number, most: number, defaultValue: number) => {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.coerce
    .number({ error })
    .int({ error })
    .min(least, { error })
    .max(most, { error })
    .default(defaultValue);
};

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
  /** How long its answer is waited for. Milliseconds. */
  PAYMENT_PROVIDER_TIMEOUT: milliseconds(10_000),
  /** The circuit breaker looks at the last so many calls, and opens when more than that share came to nothing. */
  PAYMENT_BREAKER_WINDOW: wholeNumber(1, 1_000, 20),
  PAYMENT_BREAKER_FAILURE_PERCENT: wholeNumber(1, 99, 50),
  /** How long it lets no call through before it tries one. Milliseconds. */
  PAYMENT_BREAKER_HALF_OPEN_AFTER: milliseconds(5_000),
  /** How often payments are compared with the provider's books. Milliseconds. */
  RECONCILIATION_INTERVAL: milliseconds(300_000),
  /** What changed within it may be under way. Milliseconds. */
  RECONCILIATION_GRACE: milliseconds(60_000),
};
export type PaymentSettings = z.infer<z.ZodObject<typeof paymentSettings>>;

export const guardOf = (settings: PaymentSettings): GuardSettings => ({
  timeoutMs: settings.PAYMENT_PROVIDER_TIMEOUT,
  window: settings.PAYMENT_BREAKER_WINDOW,
  failurePercent: settings.PAYMENT_BREAKER_FAILURE_PERCENT,
  halfOpenAfterMs: settings.PAYMENT_BREAKER_HALF_OPEN_AFTER,
});

/** For `superRefine` of a schema that holds the settings: what is wrong with some that are right each by itself. */
export function refusePaymentConflicts(
  { RECONCILIATION_GRACE, PAYMENT_PROVIDER_TIMEOUT }: PaymentSettings,
  context: z.RefinementCtx,
): void {
  if (RECONCILIATION_GRACE > PAYMENT_PROVIDER_TIMEOUT) return;
  const message = 'must be more than PAYMENT_PROVIDER_TIMEOUT: a call takes that long';
  context.addIssue({ code: 'custom', path: ['RECONCILIATION_GRACE'], message });
}

export const configurationSchema = z
  .object({ ...backEnds, ...http, ...environment, ...accessSettings, ...paymentSettings, PORT: port(3001) })
  .superRefine(refuseInProduction)
  .superRefine(refuseAccessConflicts)
  .superRefine(refusePaymentConflicts);
export type Configuration = z.infer<typeof configurationSchema>;

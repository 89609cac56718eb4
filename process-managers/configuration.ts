import { accessSettings, refuseAccessConflicts } from '@orders/shared-events/http/access/configuration.js';
import { backEnds, http, milliseconds, port } from '@orders/shared-events/transport/configuration.js';
import { environment, refuseInProduction } from '@orders/shared-events/transport/production.js';
import type { ProcessStage } from '@orders/shared-events/contracts/orderProcess.events.js';
import { z } from 'zod';
import type { StageDurations } from './order-process/deadlines.js';
import type { ResendIntervals } from './order-process/processes.table.js';
import { RESERVATION_WINDOW_MS } from './order-process/stock-leg.js';

const SECOND = 1_000;
const DAY = 86_400 * SECOND;

/** How long each stage may take, and how soon a command is sent again. All in milliseconds. */
export const processSettings = {
  PROCESS_PAYMENT_DEADLINE: milliseconds(60 * SECOND),
  PROCESS_CUSTOMER_ACTION_DEADLINE: milliseconds(3_600 * SECOND),
  PROCESS_PROVIDER_RETRY_DEADLINE: milliseconds(3_600 * SECOND),
  PROCESS_RESERVATION_DEADLINE: milliseconds(30 * SECOND),
  PROCESS_CAPTURE_DEADLINE: milliseconds(60 * SECOND),
  PROCESS_CONFIRMATION_DEADLINE: milliseconds(60 * SECOND),
  PROCESS_SHIPMENT_DEADLINE: milliseconds(30 * DAY),
  PROCESS_COMPLETION_DEADLINE: milliseconds(120 * SECOND),
  PROCESS_REFUND_DEADLINE: milliseconds(300 * SECOND),
  PROCESS_COMPENSATION_DEADLINE: milliseconds(300 * SECOND),
  PROCESS_RESEND_INTERVAL: milliseconds(3 * SECOND),
  PROCESS_RESEND_INTERVAL_MAX: milliseconds(60 * SECOND),
  /** How long an event waits that belongs to nothing known, before it is a dead letter. */
  PARKING_DEADLINE: milliseconds(900 * SECOND),
};

export type ProcessSettings = z.infer<z.ZodObject<typeof processSettings>>;

export const durationsOf = (settings: ProcessSettings): StageDurations => ({
  payment: settings.PROCESS_PAYMENT_DEADLINE,
  customerAction: settings.PROCESS_CUSTOMER_ACTION_DEADLINE,
  providerRetry: settings.PROCESS_PROVIDER_RETRY_DEADLINE,
  reservation: settings.PROCESS_RESERVATION_DEADLINE,
  capture: settings.PROCESS_CAPTURE_DEADLINE,
  confirmation: settings.PROCESS_CONFIRMATION_DEADLINE,
  shipment: settings.PROCESS_SHIPMENT_DEADLINE,
  completion: settings.PROCESS_COMPLETION_DEADLINE,
  refund: settings.PROCESS_REFUND_DEADLINE,
  compensation: settings.PROCESS_COMPENSATION_DEADLINE,
});

/** A provider that is away is not waited for that long after everything was asked anew. */
const MOST_PATIENCE_MS = 300 * SECOND;

/**
 * How long an answer may take of whoever was asked for everything at once, as after an absence. Milliseconds. While a
 * customer is to act, what is asked is how far their payment is: that takes as long as a payment, not as long as people.
 */
export function patienceOf(settings: ProcessSettings, stage: ProcessStage): number {
  const durations = durationsOf(settings);
  const answerMs = stage === 'customerAction' ? durations.payment : MOST_PATIENCE_MS;
  return Math.max(settings.PROCESS_RESEND_INTERVAL, Math.min(durations[stage], answerMs, MOST_PATIENCE_MS));
}

export const resendsOf = (settings: ProcessSettings): ResendIntervals => ({
  first: settings.PROCESS_RESEND_INTERVAL,
  most: settings.PROCESS_RESEND_INTERVAL_MAX,
});

/** What is wrong with settings that are right each by itself; undefined where they go together. */
export function conflictOf(
  settings: ProcessSettings,
): { readonly variable: keyof ProcessSettings; readonly message: string } | undefined {
  const durations = durationsOf(settings);
  if (durations.reservation + durations.capture + durations.confirmation > RESERVATION_WINDOW_MS) {
    return {
      variable: 'PROCESS_RESERVATION_DEADLINE',
      message: `must stay, with those of capture and confirmation, below the ${RESERVATION_WINDOW_MS} ms that a reservation stands`,
    };
  }
  if (settings.PROCESS_RESEND_INTERVAL * 2 > Math.min(...Object.values(durations))) {
    return {
      variable: 'PROCESS_RESEND_INTERVAL',
      message: 'must be at most half of the shortest PROCESS_..._DEADLINE',
    };
  }
  return undefined;
}

/** For `superRefine` of a schema that holds the settings. */
export function refuseConflicts(settings: ProcessSettings, context: z.RefinementCtx): void {
  const conflict = conflictOf(settings);
  if (conflict) context.addIssue({ code: 'custom', path: [conflict.variable], message: conflict.message });
}

export const configurationSchema = z
  .object({
    ...backEnds,
    ...http,
    ...environment,
    ...accessSettings,
    ...processSettings,
    ADMIN_PORT: port(3002),
  })
  .superRefine(refuseInProduction)
  .superRefine(refuseAccessConflicts)
  .superRefine(refuseConflicts);
export type Configuration = z.infer<typeof configurationSchema>;

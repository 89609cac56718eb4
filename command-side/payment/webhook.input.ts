import { Instant } from '@orders/shared-events/contracts/envelope.js';
import { OrderId, paymentIdOf } from '@orders/shared-events/contracts/ids.js';
import {
  ActionUrl,
  NotificationId,
  ProviderCode,
  ProviderReference,
} from '@orders/shared-events/contracts/payment.events.js';
import { z } from 'zod';
import { callOf } from './owed-calls.js';
import type { ProviderReport } from './provider-report.js';

const outcome = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('succeeded'), reference: ProviderReference }),
  z.strictObject({ kind: z.literal('failed'), code: ProviderCode }),
  z.strictObject({ kind: z.literal('action-required'), url: ActionUrl, expiresAt: Instant }),
  z.strictObject({ kind: z.literal('expired') }),
  z.strictObject({ kind: z.literal('already-captured'), reference: ProviderReference }),
]);

const key = z.string().transform((text, context) => {
  const call = callOf(text);
  if (!call) context.addIssue({ code: 'custom', message: 'must be the idempotency key of a call' });
  return call ?? z.NEVER;
});

/**
 * What the provider tells of one call, as JSON: its own id of the telling, the idempotency key of the call, whose order
 * it is, and what became of it.
 */
export const notificationInput = z
  .strictObject({ id: NotificationId, key, orderId: OrderId, outcome })
  // Not a refinement, which would also be asked about an id that is none.
  .transform(({ id, key: call, orderId, outcome: told }, context): Notification => {
    if (paymentIdOf(orderId) !== call.paymentId) {
      const message = 'must be the order of the payment that the key names';
      context.addIssue({ code: 'custom', path: ['orderId'], message });
    }
    return { ...call, orderId, outcome: told, notificationId: id };
  });

export type Notification = ProviderReport & Required<Pick<ProviderReport, 'notificationId'>>;

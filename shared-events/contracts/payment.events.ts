import { z } from 'zod';
import { Instant } from './envelope.js';
import { OrderId, PaymentId } from './ids.js';
import { Currency, PositiveMinorUnits } from './money.js';
import { type EventsOf, versions } from './versions.js';

/** AUTOMATIC charges at once; MANUAL authorises, and captures once the stock is reserved. */
export const CaptureMethod = z.enum(['AUTOMATIC', 'MANUAL']);
export type CaptureMethod = z.infer<typeof CaptureMethod>;

/** The provider's token for a way to pay. Never a card number: sixteen digits in a row do not pass. */
export const PaymentMethodToken = z
  .string()
  .regex(/^pm_[A-Za-z0-9_]{1,100}$/, { error: 'must be a token of the payment provider, e.g. pm_approve' });

/** `charge` is authorisation and capture in one call. */
export const ProviderOperation = z.enum(['authorize', 'charge', 'capture', 'void', 'refund']);
export type ProviderOperation = z.infer<typeof ProviderOperation>;

/** The provider's word for why it did not do it, e.g. `card_declined`. */
export const ProviderCode = z.string().min(1).max(100);

/** Counts from 1; with payment and operation it makes the provider's idempotency key. It rises only on a recorded failure. */
const Attempt = z.int().positive();
/** The provider's own name for what it did. */
export const ProviderReference = z.string().min(1).max(200);
/** Where the customer does what the provider wants of them. */
export const ActionUrl = z.url({ protocol: /^https?$/ }).max(2_000);
export const RefundId = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,64}$/, { error: 'must be 1 to 64 letters, digits and . _ : -' });
/** The provider's own id of what it tells: it tells the same twice under the same id. */
export const NotificationId = z.string().regex(/^[A-Za-z0-9._:-]{1,100}$/);

const ids = { paymentId: PaymentId, orderId: OrderId };
const requested = { ...ids, attempt: Attempt, amount: PositiveMinorUnits };
/** Where the provider notified of it: told again it is known. */
const notified = { notificationId: NotificationId.optional() };
const succeeded = { ...requested, ...notified, providerReference: ProviderReference };
const failed = { ...ids, ...notified, attempt: Attempt, code: ProviderCode };
const call = { ...ids, operation: ProviderOperation, attempt: Attempt, refundId: RefundId.optional() };
const told = { ...ids, operation: ProviderOperation, attempt: Attempt, outcome: z.string().max(100) };

export const paymentEvents = {
  /**
   * The intent to authorise (MANUAL) or charge (AUTOMATIC). A later attempt is the customer's, with another way to pay.
   */
  PaymentRequested: versions(
    z.object({
      ...requested,
      currency: Currency,
      paymentMethod: PaymentMethodToken,
      captureMethod: CaptureMethod,
    }),
  ),
  PaymentAuthorized: versions(z.object(succeeded)),
  PaymentDeclined: versions(z.object(failed)),
  CaptureRequested: versions(z.object(requested)),
  PaymentCaptured: versions(z.object(succeeded)),
  PaymentCaptureFailed: versions(z.object(failed)),
  VoidRequested: versions(z.object({ ...ids, attempt: Attempt })),
  /** Terminal. Also recorded for a payment that was never requested, so that a late request is refused. */
  AuthorizationVoided: versions(z.object({ ...ids, ...notified })),
  VoidFailed: versions(z.object(failed)),
  RefundRequested: versions(z.object({ ...requested, refundId: RefundId })),
  PaymentRefunded: versions(z.object({ ...succeeded, refundId: RefundId })),
  RefundFailed: versions(z.object({ ...failed, refundId: RefundId })),
  /**
   * The provider wants the customer to do something first, at `url` (3-D Secure). Until `expiresAt` they may do it,
   * or, once it has failed, pay in another way.
   */
  PaymentActionRequired: versions(
    z.object({
      ...ids,
      ...notified,
      attempt: Attempt,
      url: ActionUrl,
      expiresAt: Instant,
    }),
  ),
  /** What an authorisation held is no longer held: it was not captured in time. */
  AuthorizationExpired: versions(z.object({ ...ids, ...notified, attempt: Attempt })),
  /** The provider was called and its answer did not come: it is asked for the outcome of the key before any repeat. */
  PaymentOutcomeUnknown: versions(z.object(call)),
  /** The provider is not called for now, it cannot be reached: what it is owed stays owed, and is tried again. */
  ProviderCallDeferred: versions(z.object(call)),
  /** The provider reported what no longer changes anything, e.g. a failure after a success. */
  ProviderNotificationIgnored: versions(z.object({ ...told, ...notified })),
  /** The provider notified of a payment that nobody has asked for, or not yet. */
  ProviderNotificationUnmatched: versions(z.object({ ...told, notificationId: NotificationId })),
  /**
   * The provider's books and this stream tell different things of one call. A repair that is safe (what the provider
   * did is recorded, and the order's process deals with it) follows in the same append.
   */
  PaymentDiscrepancyDetected: versions(
    z.object({
      ...{ ...call, ...notified },
      kind: z.enum(['NOT_RECORDED', 'NOT_AT_PROVIDER', 'AMOUNT_DIFFERS']),
      /** What each of them says, in a few words. */
      recorded: z.string().max(200),
      provider: z.string().max(200),
      repaired: z.boolean(),
    }),
  ),
};
export type PaymentEvent = EventsOf<typeof paymentEvents>;

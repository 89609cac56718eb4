import type { CommandOf } from '@orders/shared-events/contracts/envelope.js';
import type { OrderId, PaymentId } from '@orders/shared-events/contracts/ids.js';
import type { Currency } from '@orders/shared-events/contracts/money.js';
import type { PaymentBusCommand } from '@orders/shared-events/contracts/payment.commands.js';
import type { DetectDiscrepancy } from './discrepancy.js';
import type { ProviderOutcomeCommand } from './provider-report.js';

/** The customer pays in another way, after a decline. */
export type RetryPayment = CommandOf<
  'RetryPayment',
  { readonly paymentId: PaymentId; readonly orderId: OrderId; readonly paymentMethod: string }
>;

/** An operator's: which attempt it is follows from the state. Amount in minor units. */
export type RequestRefund = CommandOf<
  'RequestRefund',
  {
    readonly paymentId: PaymentId;
    readonly orderId: OrderId;
    readonly refundId: string;
    readonly amount: number;
    readonly currency: Currency;
  }
>;

export type PaymentCommand =
  PaymentBusCommand | RetryPayment | RequestRefund | ProviderOutcomeCommand | DetectDiscrepancy;
export type DataOf<Type extends PaymentCommand['type']> = Extract<PaymentCommand, { type: Type }>['data'];

/** A refusal that its code tells in full. */
export interface PaymentStatusRefusal {
  readonly code:
    | 'PAYMENT_NOT_FOUND'
    | 'PAYMENT_VOIDED'
    | 'PAYMENT_DECLINED'
    | 'PAYMENT_EXPIRED'
    | 'PAYMENT_SETTLED'
    | 'PAYMENT_PENDING'
    | 'RETRY_TOO_LATE'
    | 'PAYMENT_NOT_AUTHORIZED'
    | 'PAYMENT_NOT_CAPTURED'
    | 'VOID_REQUESTED'
    | 'CAPTURE_PENDING'
    | 'ALREADY_CAPTURED'
    | 'ATTEMPT_OUT_OF_ORDER'
    | 'REFUND_ID_REUSED'
    | 'REFUND_ID_RESERVED';
  readonly paymentId: PaymentId;
}

export type PaymentRefusal =
  | PaymentStatusRefusal
  | { readonly code: 'REFUND_EXCEEDS_CAPTURED'; readonly paymentId: PaymentId; readonly refundable: number }
  | {
      readonly code: 'REFUND_IN_OTHER_CURRENCY';
      readonly paymentId: PaymentId;
      /** That of the payment. */
      readonly currency: Currency;
    };

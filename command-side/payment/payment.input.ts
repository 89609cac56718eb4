import { z } from 'zod';
import { OrderId, paymentIdOf } from '@orders/shared-events/contracts/ids.js';
import { KnownCurrency, PositiveMinorUnits } from '@orders/shared-events/contracts/money.js';
import { PaymentMethodToken, RefundId } from '@orders/shared-events/contracts/payment.events.js';
import { reasonInput } from '../input.js';
import type { RequestRefund, RetryPayment } from './payment.commands.js';

export const retryPaymentInput = z.object({ orderId: OrderId, paymentMethod: PaymentMethodToken });

/** The command that a request stands for: an order has one payment, whose id follows from its own. */
export const retryRequested = (input: z.infer<typeof retryPaymentInput>): RetryPayment => ({
  type: 'RetryPayment',
  data: { ...input, paymentId: paymentIdOf(input.orderId) },
});

export const refundPaymentInput = z.object({
  orderId: OrderId,
  refundId: RefundId,
  amount: z.object({ amount: PositiveMinorUnits, currency: KnownCurrency }),
  reason: reasonInput,
});

/** Likewise. */
export const refundRequested = ({
  orderId,
  refundId,
  amount: { amount, currency },
}: z.infer<typeof refundPaymentInput>): RequestRefund => ({
  type: 'RequestRefund',
  data: { orderId, paymentId: paymentIdOf(orderId), refundId, amount, currency },
});

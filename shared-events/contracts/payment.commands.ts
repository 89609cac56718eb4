import { z } from 'zod';
import type { CommandsOf } from './commands.js';
import { OrderId, PaymentId } from './ids.js';
import { Currency, PositiveMinorUnits } from './money.js';
import { CaptureMethod, PaymentMethodToken, RefundId } from './payment.events.js';

/** The refund with which an order's process undoes it. There is one; a repeat of it is an attempt. Nobody else's is called so. */
export const UNDO_REFUND_ID = 'order-undone';

const ids = { paymentId: PaymentId, orderId: OrderId };
/** The attempt that is asked for: one more than the last recorded failure. A lower one is a repeat. */
const attempt = z.int().positive();

/** The commands that the order process sends to Payment over the bus. Amounts in minor units. */
export const paymentCommands = {
  AuthorizePayment: z.object({
    ...ids,
    amount: PositiveMinorUnits,
    currency: Currency,
    paymentMethod: PaymentMethodToken,
    captureMethod: CaptureMethod,
  }),
  CapturePayment: z.object({ ...ids, attempt }),
  VoidAuthorization: z.object({ ...ids, attempt }),
  RefundPayment: z.object({
    ...ids,
    refundId: RefundId,
    amount: PositiveMinorUnits,
    attempt,
  }),
};
export type PaymentBusCommand = CommandsOf<typeof paymentCommands>;

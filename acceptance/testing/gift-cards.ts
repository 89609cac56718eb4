import { until } from '@orders/shared-events/testing/until.js';
import { newKey } from '../client.js';
import { type Placement, accepted, orderOf } from '../orders.js';

/** Places an order of one gift card of the demo's, which nobody has to ship. */
export const orderGiftCard = (
  commands: string,
  paymentMethod: string,
  captureMethod: Placement['captureMethod'] = 'AUTOMATIC',
): Promise<string> =>
  accepted(commands, {
    ...{ customerId: 'customer-1', idempotencyKey: newKey(), paymentMethod, captureMethod },
    lines: [{ sku: 'GIFT-CARD', quantity: 1 }],
  });

const END_DEADLINE_MS = 60_000;

/** Until the order has come to that; asks again while the system is away. */
export const comesTo = (
  queries: string,
  orderId: string,
  status: string,
  rejectionReason: string | null = null,
): Promise<void> =>
  until(async () => {
    const order = await orderOf(queries, orderId).catch(() => null);
    return order?.status === status && order.rejectionReason === rejectionReason;
  }, END_DEADLINE_MS);

import type { Order, OrderLine } from '../graphql.generated.js';
import { money } from '../graphql/money.js';
import { globalId } from '../paging/global-id.js';
import type { OrderLineRow, OrderRow } from './order-row.js';

/** An order as the schema shows it, without its lines, which are loaded when they are asked for. */
export type OrderNode = Omit<Order, 'lines'>;

export function orderNode(row: OrderRow): OrderNode {
  const { currency } = row;
  return {
    ...row,
    id: globalId('Order', row.orderId),
    total: money(row.total, currency),
    adjustments: row.adjustments.map(({ kind, label, amount }) => ({
      kind,
      label,
      amount: money(amount, currency),
    })),
    payment: {
      paymentId: row.paymentId,
      status: row.paymentStatus,
      captureMethod: row.captureMethod,
      authorized: money(row.authorized, currency),
      captured: money(row.captured, currency),
      refunded: money(row.refunded, currency),
      failure: row.paymentFailure,
    },
    fulfilment: {
      status: row.fulfilmentStatus,
      requiresShipping: row.requiresShipping,
      carrier: row.carrier,
      trackingNumber: row.trackingNumber,
    },
  };
}

export const orderLineNode = (row: OrderLineRow, currency: string): OrderLine => ({
  ...row,
  unitPrice: money(row.unitPrice, currency),
});

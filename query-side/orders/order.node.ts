import type { Order, OrderLine, OrderPayment, OrderRefund } from '../graphql.generated.js';
import { money } from '../graphql/money.js';
import { globalId } from '../paging/global-id.js';
import type { OrderLineRow, OrderRefundRow, OrderRow } from './order-row.js';

/** An order as the schema shows it, without its lines and refunds, which are loaded when they are asked for. */
export type OrderNode = Omit<Order, 'lines' | 'payment'> & { readonly payment: OrderPaymentNode };
export type OrderPaymentNode = Omit<OrderPayment, 'refunds'> & { readonly orderId: string };

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
    payment: paymentNode(row),
    fulfilment: {
      status: row.fulfilmentStatus,
      requiresShipping: row.requiresShipping,
      carrier: row.carrier,
      trackingNumber: row.trackingNumber,
    },
  };
}

function paymentNode(row: OrderRow): OrderPaymentNode {
  const { orderId, paymentId, currency, captureMethod, paymentActionUrl: url } = row;
  const expiresAt = row.paymentActionExpiresAt;
  return {
    orderId,
    paymentId,
    status: row.paymentStatus,
    captureMethod,
    authorized: money(row.authorized, currency),
    captured: money(row.captured, currency),
    refunded: money(row.refunded, currency),
    action: url === null || expiresAt === null ? null : { url, expiresAt },
    payableUntil: row.paymentPayableUntil,
    failure: row.paymentFailure,
  };
}

export const orderLineNode = (row: OrderLineRow, currency: string): OrderLine => ({
  ...row,
  unitPrice: money(row.unitPrice, currency),
});

export const orderRefundNode = (row: OrderRefundRow, currency: string): OrderRefund => ({
  ...row,
  amount: money(row.amount, currency),
});

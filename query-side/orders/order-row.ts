import type { Adjustment } from '@orders/shared-events/contracts/order.events.js';
import type {
  OrderCaptureMethod,
  OrderFulfilmentStatus,
  OrderPaymentStatus,
  OrderRefundStatus,
  OrderRejectionReason,
  OrderStatus,
} from '../graphql.generated.js';

/** A row of the view `orders`, as `ORDER_COLUMNS` selects it. Amounts in minor units, instants in RFC 3339. */
export interface OrderRow {
  readonly orderId: string;
  readonly customerId: string;
  readonly reference: string | null;
  readonly currency: string;
  readonly total: number;
  readonly adjustments: readonly Adjustment[];
  readonly captureMethod: OrderCaptureMethod;
  readonly requiresShipping: boolean;
  readonly status: OrderStatus;
  readonly rejectionReason: OrderRejectionReason | null;
  readonly cancellationReason: string | null;
  readonly carrier: string | null;
  readonly trackingNumber: string | null;
  readonly paymentId: string | null;
  readonly paymentStatus: OrderPaymentStatus;
  readonly paymentFailure: string | null;
  /** Both or neither. */
  readonly paymentActionUrl: string | null;
  readonly paymentActionExpiresAt: string | null;
  readonly paymentPayableUntil: string | null;
  readonly authorized: number;
  readonly captured: number;
  readonly refunded: number;
  readonly fulfilmentStatus: OrderFulfilmentStatus;
  readonly placedAt: string;
  readonly confirmedAt: string | null;
  readonly shippedAt: string | null;
  readonly completedAt: string | null;
  readonly rejectedAt: string | null;
  readonly cancellationRequestedAt: string | null;
  readonly cancelledAt: string | null;
  readonly updatedAt: string;
  /** Log position of the last event that changed the row, in decimal. */
  readonly position: string;
}

export const ORDER_COLUMNS = `order_id AS "orderId", customer_id AS "customerId", reference, currency, total, adjustments,
  capture_method AS "captureMethod", requires_shipping AS "requiresShipping", status,
  rejection_reason AS "rejectionReason", cancellation_reason AS "cancellationReason",
  carrier, tracking_number AS "trackingNumber", payment_id AS "paymentId", payment_status AS "paymentStatus",
  payment_failure AS "paymentFailure", payment_action_url AS "paymentActionUrl",
  payment_action_expires_at AS "paymentActionExpiresAt", payment_payable_until AS "paymentPayableUntil",
  authorized, captured, refunded, fulfilment_status AS "fulfilmentStatus",
  placed_at AS "placedAt", confirmed_at AS "confirmedAt", shipped_at AS "shippedAt", completed_at AS "completedAt",
  rejected_at AS "rejectedAt", cancellation_requested_at AS "cancellationRequestedAt", cancelled_at AS "cancelledAt",
  updated_at AS "updatedAt", position::text AS position`;

export interface OrderLineRow {
  readonly orderId: string;
  readonly lineId: number;
  readonly sku: string;
  readonly quantity: number;
  readonly unitPrice: number;
  readonly requiresShipping: boolean;
}

export interface OrderRefundRow {
  readonly orderId: string;
  readonly refundId: string;
  readonly amount: number;
  readonly status: OrderRefundStatus;
  readonly requestedAt: string;
  readonly settledAt: string | null;
  readonly failure: string | null;
}

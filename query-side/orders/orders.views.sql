CREATE VIEW orders AS
SELECT
  order_id::uuid,
  customer_id::text,
  reference::text,
  currency::text,
  total::bigint,
  adjustments::jsonb,
  capture_method::text,
  requires_shipping::boolean,
  status::text,
  rejection_reason::text,
  cancellation_reason::text,
  carrier::text,
  tracking_number::text,
  payment_id::uuid,
  CASE
    WHEN payment_deferred THEN 'PENDING_RETRY'
    WHEN refunded > 0 AND refunded < captured THEN 'PARTIALLY_REFUNDED'
    WHEN refunded > 0 THEN 'REFUNDED'
    WHEN payment_status = 'PENDING' AND status = 'PLACED' AND payment_action_url IS NOT NULL THEN 'ACTION_REQUIRED'
    ELSE payment_status
  END::text AS payment_status,
  -- Of an order that is being cancelled nothing is wanted any more.
  CASE WHEN status = 'PLACED' THEN payment_action_url END::text AS payment_action_url,
  CASE WHEN status = 'PLACED' THEN payment_action_expires_at END::timestamptz AS payment_action_expires_at,
  CASE WHEN status = 'PLACED' AND payment_status IN ('PENDING', 'DECLINED') THEN payment_payable_until END::timestamptz
    AS payment_payable_until,
  payment_failure::text,
  authorized::bigint,
  captured::bigint,
  refunded::bigint,
  CASE
    WHEN status IN ('REJECTED', 'CANCELLED') THEN 'CANCELLED'
    WHEN status = 'COMPLETED' THEN 'FULFILLED'
    WHEN status = 'SHIPPED' THEN 'SHIPPED'
    WHEN out_of_stock THEN 'OUT_OF_STOCK'
    WHEN reserved_skus >= skus THEN 'RESERVED'
    WHEN reserved_skus > 0 THEN 'PARTIALLY_RESERVED'
    ELSE 'UNRESERVED'
  END::text AS fulfilment_status,
  placed_at::timestamptz,
  confirmed_at::timestamptz,
  shipped_at::timestamptz,
  completed_at::timestamptz,
  rejected_at::timestamptz,
  cancellation_requested_at::timestamptz,
  cancelled_at::timestamptz,
  updated_at::timestamptz,
  position::bigint
FROM build.orders;

CREATE VIEW order_lines AS
SELECT
  order_id::uuid,
  line_id::integer,
  sku::text,
  quantity::integer,
  unit_price::bigint,
  requires_shipping::boolean,
  product_revision::bigint
FROM build.order_lines;

CREATE VIEW order_refunds AS
SELECT
  order_id::uuid,
  refund_id::text,
  amount::bigint,
  status::text,
  requested_at::timestamptz,
  settled_at::timestamptz,
  failure::text
FROM build.order_refunds;

-- One row an order, kept by the events of its order, payment and stock streams. Amounts are minor units.
CREATE TABLE orders (
  order_id uuid PRIMARY KEY,
  customer_id text NOT NULL,
  reference text,
  currency text NOT NULL,
  total bigint NOT NULL,
  adjustments jsonb NOT NULL,
  capture_method text NOT NULL,
  requires_shipping boolean NOT NULL,
  status text NOT NULL,
  rejection_reason text,
  cancellation_reason text,
  carrier text,
  tracking_number text,
  payment_id uuid,
  payment_status text NOT NULL,
  -- The provider's word for the last payment step that failed; null once a later step has succeeded.
  payment_failure text,
  -- The provider cannot be called for now, and is owed a call.
  payment_deferred boolean NOT NULL,
  -- Where and until when the customer may do what the provider wants of them; null once it is not their turn.
  payment_action_url text,
  payment_action_expires_at timestamptz,
  -- Until when a customer whom the provider asked to act may pay, after a decline in another way.
  payment_payable_until timestamptz,
  authorized bigint NOT NULL,
  captured bigint NOT NULL,
  refunded bigint NOT NULL,
  -- How many different SKUs the order has, and for how many of them stock is held or has been taken.
  skus integer NOT NULL,
  reserved_skus integer NOT NULL,
  out_of_stock boolean NOT NULL,
  placed_at timestamptz NOT NULL,
  confirmed_at timestamptz,
  shipped_at timestamptz,
  completed_at timestamptz,
  rejected_at timestamptz,
  cancellation_requested_at timestamptz,
  cancelled_at timestamptz,
  updated_at timestamptz NOT NULL,
  -- Of the last event that changed the row.
  position bigint NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE order_lines (
  order_id uuid NOT NULL,
  line_id integer NOT NULL,
  sku text NOT NULL,
  quantity integer NOT NULL,
  unit_price bigint NOT NULL,
  requires_shipping boolean NOT NULL,
  product_revision bigint NOT NULL,
  PRIMARY KEY (order_id, line_id)
);

-- One row a refund, made by its request; what is asked for again after a refusal is the same refund.
CREATE TABLE order_refunds (
  order_id uuid NOT NULL,
  refund_id text NOT NULL,
  amount bigint NOT NULL DEFAULT 0,
  status text NOT NULL,
  -- Of the request that counts, i.e. the last.
  requested_at timestamptz,
  settled_at timestamptz,
  -- The provider's word for why it refused.
  failure text,
  PRIMARY KEY (order_id, refund_id)
) WITH (fillfactor = 80);

CREATE VIEW stock_levels AS
SELECT
  sku::text,
  on_hand::bigint,
  reserved::bigint,
  (on_hand - reserved)::bigint AS available,
  updated_at::timestamptz,
  position::bigint
FROM build.stock_levels;

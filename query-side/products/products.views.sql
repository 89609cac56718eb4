CREATE VIEW products AS
SELECT
  sku::text,
  name::text,
  price::bigint,
  currency::text,
  requires_shipping::boolean,
  registered_at::timestamptz,
  updated_at::timestamptz,
  revision::bigint,
  position::bigint
FROM build.products;

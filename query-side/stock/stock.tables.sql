-- One row a SKU, in pieces: `reserved` of those on hand are promised to open reservations.
CREATE TABLE stock_levels (
  sku text COLLATE "C" PRIMARY KEY,
  on_hand bigint NOT NULL DEFAULT 0,
  reserved bigint NOT NULL DEFAULT 0,
  updated_at timestamptz NOT NULL,
  position bigint NOT NULL
) WITH (fillfactor = 80);

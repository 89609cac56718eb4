-- One row a product with the price of today. Prices are minor units; `revision` is that of the product's stream.
CREATE TABLE products (
  sku text COLLATE "C" PRIMARY KEY,
  name text NOT NULL,
  price bigint NOT NULL,
  currency text NOT NULL,
  requires_shipping boolean NOT NULL,
  registered_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  revision bigint NOT NULL,
  position bigint NOT NULL
);

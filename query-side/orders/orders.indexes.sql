-- Every list is ordered by (placed_at, order_id); each filter that narrows it has that order behind its column.
CREATE INDEX orders_by_time ON orders (placed_at, order_id);
CREATE INDEX orders_by_customer ON orders (customer_id, placed_at, order_id);
CREATE INDEX orders_by_status ON orders (status, placed_at, order_id);
CREATE INDEX order_lines_by_sku ON order_lines (sku, order_id);

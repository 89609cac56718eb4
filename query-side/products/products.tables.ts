import { table } from '../read-models/table.js';

export const products = table('products', ['sku'], {
  sku: 'text',
  name: 'text',
  price: 'bigint',
  currency: 'text',
  requires_shipping: 'boolean',
  registered_at: 'timestamptz',
  updated_at: 'timestamptz',
  revision: 'bigint',
  position: 'bigint',
});

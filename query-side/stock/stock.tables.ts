import { table } from '../read-models/table.js';

export const stockLevels = table('stock_levels', ['sku'], {
  sku: 'text',
  on_hand: 'bigint',
  reserved: 'bigint',
  updated_at: 'timestamptz',
  position: 'bigint',
});

import { Injectable } from '@nestjs/common';
import { ReadDatabase } from '../database/read-database.js';

/** A row of the view `stock_levels`, in pieces. */
export interface StockLevelRow {
  readonly sku: string;
  readonly onHand: number;
  readonly reserved: number;
  readonly available: number;
  readonly updatedAt: string | null;
}

const nothing = (sku: string): StockLevelRow => ({
  sku,
  onHand: 0,
  reserved: 0,
  available: 0,
  updatedAt: null,
});

@Injectable()
export class StockQueries {
  constructor(private readonly database: ReadDatabase) {}

  /** The level of each SKU, in the order of the SKUs; zeros where nothing ever moved. */
  async levels(skus: readonly string[]): Promise<StockLevelRow[]> {
    const rows = await this.database.rows<StockLevelRow>({
      name: 'stock_levels',
      text: `SELECT sku, on_hand AS "onHand", reserved, available, updated_at AS "updatedAt"
             FROM read_v2.stock_levels WHERE sku = ANY ($1)`,
      values: [skus],
    });
    const bySku = new Map(rows.map((row) => [row.sku, row]));
    return skus.map((sku) => bySku.get(sku) ?? nothing(sku));
  }
}

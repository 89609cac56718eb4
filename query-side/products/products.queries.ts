import { Injectable } from '@nestjs/common';
import { Sku } from '@orders/shared-events/contracts/ids.js';
import { z } from 'zod';
import { ReadDatabase } from '../database/read-database.js';
import type { CursorKind } from '../paging/cursor.js';
import { type KeysetList, keysetPage } from '../paging/keyset.js';
import { type Connection, type PageArguments, connection, pageRequest } from '../paging/page.js';

/** A row of the view `products`. Price in minor units, instants in RFC 3339. */
export interface ProductRow {
  readonly sku: string;
  readonly name: string;
  readonly price: number;
  readonly currency: string;
  readonly requiresShipping: boolean;
  readonly registeredAt: string;
  readonly updatedAt: string;
  readonly position: string;
}

const COLUMNS = `sku, name, price, currency, requires_shipping AS "requiresShipping",
  registered_at AS "registeredAt", updated_at AS "updatedAt", position::text AS position`;

const bySku: KeysetList = {
  select: COLUMNS,
  from: 'read_v2.products',
  order: [{ column: 'sku', type: 'text' }],
  direction: 'ASC',
};
const cursor: CursorKind<[sku: string]> = { name: 'products', keys: z.tuple([Sku]) };

@Injectable()
export class ProductQueries {
  constructor(private readonly database: ReadDatabase) {}

  async find(sku: string): Promise<ProductRow | undefined> {
    const [row] = await this.database.rows<ProductRow>({
      name: 'product',
      text: `SELECT ${COLUMNS} FROM read_v2.products WHERE sku = $1`,
      values: [sku],
    });
    return row;
  }

  /** By SKU. Throws InvalidPage or InvalidCursor. */
  async page(args: PageArguments): Promise<Connection<ProductRow>> {
    const request = pageRequest(cursor, args);
    const rows = await this.database.rows<ProductRow>(keysetPage(bySku, [], request));
    return connection(cursor, request, rows, ({ sku }) => [sku]);
  }
}

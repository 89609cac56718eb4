import { Injectable } from '@nestjs/common';
import type { CustomerId } from '@orders/shared-events/contracts/ids.js';
import { z } from 'zod';
import { ReadDatabase } from '../database/read-database.js';
import { type CursorKind, InstantKey } from '../paging/cursor.js';
import { type KeysetList, keysetPage, narrowing } from '../paging/keyset.js';
import { type Connection, type PageArguments, connection, pageRequest } from '../paging/page.js';
import { ORDER_COLUMNS, type OrderLineRow, type OrderRefundRow, type OrderRow } from './order-row.js';

/** Each condition narrows; those that are missing do not. Instants in RFC 3339, `placedTo` exclusive. */
export interface OrderFilter {
  /** Whose orders there are at all for who asks; undefined: everybody's. */
  readonly owner?: CustomerId | undefined;
  readonly customerId?: string | undefined;
  readonly status?: string | undefined;
  readonly placedFrom?: string | undefined;
  readonly placedTo?: string | undefined;
  readonly sku?: string | undefined;
}

const newestFirst: KeysetList = {
  select: ORDER_COLUMNS,
  from: 'read_v2.orders',
  order: [
    { column: 'placed_at', type: 'timestamptz' },
    { column: 'order_id', type: 'uuid' },
  ],
  direction: 'DESC',
};
const cursor: CursorKind<[placedAt: string, orderId: string]> = {
  name: 'orders',
  keys: z.tuple([InstantKey, z.uuid()]),
};

/** An order that is looked at, and whose it has to be; null: anybody's. */
export interface Watched {
  readonly orderId: string;
  readonly owner: CustomerId | null;
}

const ORDER = { name: 'order', text: `SELECT ${ORDER_COLUMNS} FROM read_v2.orders WHERE order_id = $1` };
const ORDER_OF_CUSTOMER = {
  name: 'order_of_customer',
  text: `SELECT ${ORDER_COLUMNS} FROM read_v2.orders WHERE order_id = $1 AND customer_id = $2`,
};

const conditions = [
  ['owner', 'customer_id = ?'],
  ['customerId', 'customer_id = ?'],
  ['status', 'status = ?'],
  ['placedFrom', 'placed_at >= ?'],
  ['placedTo', 'placed_at < ?'],
  [
    'sku',
    'EXISTS (SELECT FROM read_v2.order_lines AS line WHERE line.order_id = orders.order_id AND line.sku = ?)',
  ],
] as const satisfies readonly (readonly [keyof OrderFilter, string])[];

@Injectable()
export class OrderQueries {
  constructor(private readonly database: ReadDatabase) {}

  /** @param owner whose orders there are at all for who asks; undefined: everybody's */
  async find(orderId: string, owner: CustomerId | undefined): Promise<OrderRow | undefined> {
    const [row] = await this.database.rows<OrderRow>(
      owner === undefined
        ? { ...ORDER, values: [orderId] }
        : { ...ORDER_OF_CUSTOMER, values: [orderId, owner] },
    );
    return row;
  }

  /** Newest first. Throws InvalidPage or InvalidCursor. */
  async page(filter: OrderFilter, args: PageArguments): Promise<Connection<OrderRow>> {
    const request = pageRequest(cursor, args);
    const rows = await this.database.rows<OrderRow>(
      keysetPage(newestFirst, narrowing(conditions, filter), request),
    );
    return connection(cursor, request, rows, ({ placedAt, orderId }) => [placedAt, orderId]);
  }

  /** The lines of each order, in the order of the ids; by line id. */
  async lines(orderIds: readonly string[]): Promise<OrderLineRow[][]> {
    const rows = await this.database.rows<OrderLineRow>({
      name: 'order_lines',
      text: `SELECT order_id AS "orderId", line_id AS "lineId", sku, quantity, unit_price AS "unitPrice",
                    requires_shipping AS "requiresShipping"
             FROM read_v2.order_lines WHERE order_id = ANY ($1) ORDER BY line_id`,
      values: [orderIds],
    });
    return byOrder(orderIds, rows);
  }

  /** The refunds of each order, in the order of the ids; by when they were asked for. */
  async refunds(orderIds: readonly string[]): Promise<OrderRefundRow[][]> {
    const rows = await this.database.rows<OrderRefundRow>({
      name: 'order_refunds',
      text: `SELECT order_id AS "orderId", refund_id AS "refundId", amount, status, requested_at AS "requestedAt",
                    settled_at AS "settledAt", failure
             FROM read_v2.order_refunds WHERE order_id = ANY ($1) ORDER BY requested_at, refund_id`,
      values: [orderIds],
    });
    return byOrder(orderIds, rows);
  }

  /** Those of the watched orders that changed behind a log position, for each of those who may see them. */
  changedBehind(position: bigint, watched: readonly Watched[]): Promise<(OrderRow & Watched)[]> {
    return this.database.rows<OrderRow & Watched>({
      name: 'orders_changed',
      text: `SELECT orders.*, watched.owner
             FROM (SELECT ${ORDER_COLUMNS} FROM read_v2.orders WHERE order_id = ANY ($1) AND position > $2) AS orders
             JOIN unnest($1::uuid[], $3::text[]) AS watched (order_id, owner)
               ON watched.order_id = orders."orderId"
              AND (watched.owner IS NULL OR watched.owner = orders."customerId")`,
      values: [watched.map(({ orderId }) => orderId), position, watched.map(({ owner }) => owner)],
    });
  }
}

function byOrder<Row extends { readonly orderId: string }>(
  orderIds: readonly string[],
  rows: readonly Row[],
): Row[][] {
  const found = new Map(orderIds.map((orderId): [string, Row[]] => [orderId, []]));
  for (const row of rows) found.get(row.orderId)?.push(row);
  return orderIds.map((orderId) => found.get(orderId) ?? []);
}

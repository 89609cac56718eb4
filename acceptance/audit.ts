import {
  type OrderId,
  type Sku,
  orderStream,
  paymentIdOf,
  paymentStream,
  stockStream,
} from '@orders/shared-events/contracts/ids.js';
import { ask } from './client.js';

export interface AuditEntry {
  readonly position: string;
  readonly stream: string;
  readonly type: string;
  readonly actor: { readonly kind: string };
  readonly reason: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

const QUERY = `query ($filter: AuditLogFilter!) {
  auditLog(filter: $filter, first: 100) { edges { node { position stream type actor { kind } reason data } } }
}`;

/** What happened to an order, its payment and the stock of these SKUs, in the order of the log. At most 100 of each. */
export async function auditOf(
  queries: string,
  orderId: OrderId,
  ...skus: readonly Sku[]
): Promise<AuditEntry[]> {
  const streams = [orderStream(orderId), paymentStream(paymentIdOf(orderId)), ...skus.map(stockStream)];
  const pages = await Promise.all(
    streams.map((stream) =>
      ask<{ auditLog: { edges: readonly { readonly node: AuditEntry }[] } }>(queries, QUERY, {
        filter: { stream },
      }),
    ),
  );
  const entries = pages.flatMap(({ auditLog }) => auditLog.edges.map(({ node }) => node));
  return entries.sort((left, right) => (BigInt(left.position) < BigInt(right.position) ? -1 : 1));
}

export const typesOf = (entries: readonly AuditEntry[]): string[] => entries.map(({ type }) => type);

import {
  type OrderId,
  orderProcessStream,
  orderStream,
  paymentIdOf,
  paymentStream,
  quarantineStream,
} from '@orders/shared-events/contracts/ids.js';
import { z } from 'zod';
import type { Page } from './admin-client.js';
import { decoded } from './api-answer.js';
import type { AuditClient, AuditFilter, AuditRange } from './audit-client.js';

/** What has to be known of an entry to put it in its place. */
const Entry = z.looseObject({
  position: z.string(),
  stream: z.string(),
  occurredAt: z.string(),
  correlationId: z.string(),
  data: z.looseObject({ orderId: z.unknown() }),
});
type Entry = z.infer<typeof Entry>;

type Log = Pick<AuditClient, 'pages'>;

/**
 * Everything about one order, in one row: what stands in its own streams, and what happened to the stock of its SKUs, which
 * is found by the order's correlation id. An order that the filter's correlation id is not of has nothing under that.
 */
export async function* auditOfOrder(
  log: Log,
  orderId: OrderId,
  filter: AuditFilter,
  range: AuditRange,
): AsyncGenerator<Page> {
  const own = [
    orderStream(orderId),
    paymentStream(paymentIdOf(orderId)),
    orderProcessStream(orderId),
    quarantineStream(orderId),
  ].map((stream) => entries(log, { ...filter, stream }, range));
  const correlationId = filter.correlationId ?? (await correlationOf(log, orderId));
  const stock =
    correlationId === undefined ? [] : [ofStock(log, orderId, { ...filter, correlationId }, range)];
  let left = range.limit;
  for await (const entry of merged([...own, ...stock], orderOf(filter, range))) {
    left -= 1;
    yield left < 0 ? { rows: [], more: true } : { rows: [entry], more: false };
    if (left < 0) return;
  }
}

async function* entries(log: Log, filter: AuditFilter, { newestFirst }: AuditRange): AsyncGenerator<Entry> {
  for await (const { rows } of log.pages(filter, { newestFirst, limit: Infinity }))
    for (const row of rows) yield decoded(Entry, row);
}

async function* ofStock(
  log: Log,
  orderId: OrderId,
  filter: AuditFilter,
  range: AuditRange,
): AsyncGenerator<Entry> {
  for await (const entry of entries(log, filter, range))
    if (entry.stream.startsWith('stock-') && entry.data.orderId === orderId) yield entry;
}

async function correlationOf(log: Log, orderId: OrderId): Promise<string | undefined> {
  const placed = { stream: orderStream(orderId), type: 'OrderPlaced' };
  for await (const entry of entries(log, placed, { newestFirst: false, limit: 1 }))
    return entry.correlationId;
  return undefined;
}

/** Below 0 where the one comes before the other. */
type Order = (one: Entry, other: Entry) => number;

function orderOf({ from, to }: AuditFilter, { newestFirst }: AuditRange): Order {
  const isByTime = from !== undefined || to !== undefined;
  const forward: Order = (one, other) =>
    (isByTime ? Date.parse(one.occurredAt) - Date.parse(other.occurredAt) : 0) ||
    Number(BigInt(one.position) - BigInt(other.position));
  return newestFirst ? (one, other) => forward(other, one) : forward;
}

/** Sources that are in order each, as one that is. */
async function* merged(sources: readonly AsyncGenerator<Entry>[], order: Order): AsyncGenerator<Entry> {
  const heads = await Promise.all(sources.map(async (source) => ({ source, head: await source.next() })));
  for (;;) {
    const waiting = heads.flatMap((one) => (one.head.done ? [] : [{ one, entry: one.head.value }]));
    const [first] = waiting.sort((left, right) => order(left.entry, right.entry));
    if (!first) return;
    yield first.entry;
    first.one.head = await first.one.source.next();
  }
}

import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import {
  type OrderId,
  Sku,
  orderStream,
  paymentIdOf,
  paymentStream,
  stockStream,
} from '@orders/shared-events/contracts/ids.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import { z } from 'zod';
import { orderOf } from '../order-process/news.js';

export type OrderLog = Pick<EventStore, 'readStream' | 'readStreamBackwards'>;

/** Positions in the log, both inclusive. */
export interface Positions {
  readonly from: bigint;
  readonly upTo: bigint;
}

/**
 * What the log holds about an order between two positions, in log order: of each of its streams the end is read, back to
 * the first. So it costs what was written there since, and not what the log holds before or besides.
 */
export async function eventsOfOrder(
  log: OrderLog,
  orderId: OrderId,
  { from, upTo }: Positions,
): Promise<readonly RecordedEvent[]> {
  const skus = await skusOf(log, orderId);
  const streams = [
    ...[orderStream(orderId), paymentStream(paymentIdOf(orderId))],
    ...skus.map((sku) => stockStream(sku)),
  ];
  const found: RecordedEvent[] = [];
  for (const stream of streams) {
    for await (const event of log.readStreamBackwards(stream, Number.MAX_SAFE_INTEGER)) {
      if (event.position < from) break;
      if (event.position <= upTo && orderOf(event) === orderId) found.push(event);
    }
  }
  return found.sort((one, other) => (one.position < other.position ? -1 : 1));
}

const Placement = z.object({ lines: z.array(z.object({ sku: Sku })) });

/** Of an order whose placement cannot be read nobody has asked for stock. */
async function skusOf(log: OrderLog, orderId: OrderId): Promise<readonly Sku[]> {
  for await (const { data } of log.readStream(orderStream(orderId), 0n, 1)) {
    const placement = Placement.safeParse(data);
    return placement.success ? [...new Set(placement.data.lines.map(({ sku }) => sku))] : [];
  }
  return [];
}

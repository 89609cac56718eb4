import { describe, expect, it } from '@jest/globals';
import {
  orderProcessStream,
  orderStream,
  paymentIdOf,
  paymentStream,
} from '@orders/shared-events/contracts/ids.js';
import { anOrder } from '../testing/order-story.js';
import type { AuditFilter, AuditRange } from './audit-client.js';
import { auditOfOrder } from './audit-of-order.js';

const { orderId } = anOrder();
const [order, payment, own] = [
  orderStream(orderId),
  paymentStream(paymentIdOf(orderId)),
  orderProcessStream(orderId),
];

/** Also of another order, under the same correlation id. */
const log = [
  ...[
    entry(9, order, 'OrderPlaced'),
    entry(10, own, 'OrderProcessHeard'),
    entry(11, payment, 'PaymentCaptured'),
  ],
  ...[entry(12, 'stock-MUG', 'StockReserved', 'another'), entry(13, 'stock-MUG', 'StockReserved')],
  ...[
    entry(100, order, 'OrderConfirmed'),
    entry(101, 'stock-MUG', 'StockReserved', orderId, 'of somebody else'),
  ],
];

function entry(position: number, stream: string, type: string, of: string = orderId, correlationId = 'c-1') {
  const occurredAt = new Date(1_000_000 - position).toISOString();
  return { position: String(position), stream, type, occurredAt, correlationId, data: { orderId: of } };
}

/** Answers with one row a page. */
const pages = {
  async *pages({ stream, type, correlationId }: AuditFilter, { newestFirst }: AuditRange) {
    const found = log.filter(
      (one) =>
        one.stream === (stream ?? one.stream) &&
        one.type === (type ?? one.type) &&
        one.correlationId === (correlationId ?? one.correlationId),
    );
    for (const row of newestFirst ? found.reverse() : found)
      yield Promise.resolve({ rows: [row], more: true });
  },
};

async function audit(filter: AuditFilter, range: Partial<AuditRange> = {}) {
  const positions: unknown[] = [];
  let isMore = false;
  for await (const { rows, more } of auditOfOrder(pages, orderId, filter, {
    newestFirst: false,
    limit: 99,
    ...range,
  })) {
    positions.push(...rows.map((row) => (row as { position: string }).position));
    isMore = more;
  }
  return { positions, isMore };
}

describe('the audit log of an order', () => {
  it('is what stands in its streams and happened to its reservations, in the order of the log', async () => {
    expect(await audit({})).toEqual({ positions: ['9', '10', '11', '13', '100'], isMore: false });
  });

  it('may be read from its end', async () => {
    expect((await audit({}, { newestFirst: true })).positions).toEqual(['100', '13', '11', '10', '9']);
  });

  it('ends where that many were asked for, and says whether that is all', async () => {
    expect(await audit({}, { limit: 4 })).toEqual({ positions: ['9', '10', '11', '13'], isMore: true });
    expect(await audit({}, { limit: 5 })).toMatchObject({ isMore: false });
  });

  it('fulfils the other conditions, too', async () => {
    expect((await audit({ type: 'StockReserved' })).positions).toEqual(['13']);
  });

  it('is in the order of time where it is asked for by time', async () => {
    expect((await audit({ from: '1970-01-01T00:00:00Z', type: 'OrderPlaced' })).positions).toEqual(['9']);
  });
});

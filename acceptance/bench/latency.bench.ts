import { CustomerId, orderIdOf } from '@orders/shared-events/contracts/ids.js';
import { ADMIN } from '@orders/shared-events/testing/access.js';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { CUSTOMER, SKUS, inTurn, newOrder, placeOrder } from './orders-load.js';
import { type Measurement, figure } from './report.js';
import type { RunningSystem } from './running-system.js';
import { percentile } from './statistics.js';

const WARM_UP = 10;
const ORDERS = 200;
const ORDER_DEADLINE_MS = 10_000;
const WATCH = 'subscription ($orderId: ID!) { orderChanged(orderId: $orderId) { status } }';
const customer = CustomerId.parse(CUSTOMER);

/** One order at a time: from the mutation's request until the subscription shows the order as completed. */
export async function measureLatency(system: RunningSystem): Promise<Measurement> {
  const client = createClient({
    url: system.queriesUrl.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: ADMIN,
    lazy: false,
  });
  try {
    const sku = inTurn(SKUS);
    const latencies: number[] = [];
    for (let order = 0; order < WARM_UP + ORDERS; order++) {
      const latency = await one(system, client, sku());
      if (order >= WARM_UP) latencies.push(latency);
    }
    return measurement(latencies);
  } finally {
    await client.dispose();
  }
}

/** In milliseconds. The order's id follows from its key, so that it is watched before it exists. */
async function one(system: RunningSystem, client: Client, sku: string): Promise<number> {
  const order = newOrder(sku);
  const orderId = orderIdOf(customer, order.idempotencyKey);
  const changes = client.iterate<{ orderChanged: { status: string } }>({
    query: WATCH,
    variables: { orderId },
  });
  const tooLate = setTimeout(() => {
    void changes.throw?.(new Error(`${orderId} is not completed after ${ORDER_DEADLINE_MS} ms`));
  }, ORDER_DEADLINE_MS);
  try {
    const placedAt = performance.now();
    const placed = placeOrder(system.commands, order);
    for await (const { data, errors } of changes) {
      if (errors) throw new Error(JSON.stringify(errors));
      if (data?.orderChanged.status === 'COMPLETED') break;
    }
    const latency = performance.now() - placedAt;
    await placed;
    return latency;
  } finally {
    clearTimeout(tooLate);
  }
}

function measurement(latencies: readonly number[]): Measurement {
  const [p50, p99] = [percentile(latencies, 50), percentile(latencies, 99)];
  const [least, most] = [Math.min(...latencies), Math.max(...latencies)];
  return {
    title: `unloaded order latency, one at a time, ${latencies.length} orders`,
    lines: [
      `from the mutation's request to COMPLETED over orderChanged: p50 ${figure(p50)} ms, p99 ${figure(p99)} ms (${figure(least)} to ${figure(most)})`,
    ],
    figures: { orders: latencies.length, p50, p99, least, most, unit: 'ms' },
    goals: [],
  };
}

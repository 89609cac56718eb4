/** `npm run demo`: one order of each kind against the running system, and whether each came to its end. */
import { createClient } from 'graphql-ws';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runningStack } from '@orders/local-stack/stack-file.js';
import { WebSocket } from 'ws';
import {
  type End,
  type Kind,
  ORDER_FIELDS,
  type OrderView,
  endOf,
  expectedEnd,
  kinds,
  place,
  placementOf,
  ship,
} from './orders.js';

const DEADLINE_MS = 30_000;

interface Row {
  readonly name: string;
  readonly expected: string;
  readonly got: string;
}

/** Places an order, prints its way, and answers with what it came to. */
async function show(kind: Kind, endpoint: string): Promise<Row> {
  const startedAt = Date.now();
  console.log(`\n${kind.name}`);
  const placed = await place(endpoint, placementOf(kind, 'demo-customer'));
  if ('code' in placed) return { name: kind.name, expected: 'accepted', got: placed.code };
  let last: OrderView | undefined;
  try {
    for await (const order of changesOf(placed.orderId)) {
      last = order;
      console.log(`  ${String(Date.now() - startedAt).padStart(6)} ms  ${wayMark(order)}`);
      if (same(endOf(order), expectedEnd(kind, order.total.amount))) break;
      if (kind.shipped && order.status === 'CONFIRMED') await ship(endpoint, placed.orderId);
    }
  } catch (error) {
    console.log(`  ${error instanceof Error ? error.message : String(error)}`);
  }
  const got = last ? summary(endOf(last)) : 'nothing heard';
  return { name: kind.name, expected: summary(expectedEnd(kind, last?.total.amount ?? 0)), got };
}

/** The order as it is, then each change; ends with an error after the deadline. */
async function* changesOf(orderId: string): AsyncGenerator<OrderView> {
  const query = `subscription ($orderId: ID!) { orderChanged(orderId: $orderId) { ${ORDER_FIELDS} } }`;
  const changes = subscriptions.iterate<{ orderChanged: OrderView }>({ query, variables: { orderId } });
  const deadline = setTimeout(() => void changes.throw?.(new Error('no end within 30 s')), DEADLINE_MS);
  try {
    for await (const { data, errors } of changes) {
      if (errors) throw new Error(JSON.stringify(errors));
      if (data) yield data.orderChanged;
    }
  } finally {
    clearTimeout(deadline);
  }
}

const wayMark = ({ status, rejectionReason, payment, fulfilment }: OrderView): string =>
  [
    status + (rejectionReason === null ? '' : ` (${rejectionReason})`),
    `payment ${payment.status}`,
    `stock ${fulfilment.status}`,
  ].join(', ');

const summary = ({ status, rejectionReason, payment, kept }: End): string =>
  [status, rejectionReason, payment, `kept ${(kept / 100).toFixed(2)}`]
    .filter((part) => part !== null)
    .join(' ');

const same = (left: End, right: End): boolean => summary(left) === summary(right);

function table(all: readonly Row[]): string {
  const width = (of: (row: Row) => string) => Math.max(...all.map((row) => of(row).length));
  const [first, second] = [width(({ name }) => name), width(({ expected }) => expected)];
  const line = ({ name, expected, got }: Row, equal: string) =>
    `${name.padEnd(first)}  ${expected.padEnd(second)}  ${got}${equal}`;
  return [
    '',
    line({ name: '', expected: 'expected', got: 'got' }, ''),
    ...all.map((row) => line(row, row.expected === row.got ? '' : '   <- differs')),
    '',
  ].join('\n');
}

const { values } = parseArgs({ options: { url: { type: 'string' }, help: { type: 'boolean', short: 'h' } } });
if (values.help) {
  console.log('npm run demo [-- --url http://127.0.0.1:3000/graphql]');
  process.exit(0);
}
const url = values.url ?? (await runningStack(join(import.meta.dirname, '..', '..', '.data')))?.urls.graphql;
if (url === undefined) {
  console.error('Nothing runs here. Start the system with: npm start');
  process.exit(1);
}

const subscriptions = createClient({
  url: url.replace(/^http/, 'ws'),
  webSocketImpl: WebSocket,
  retryAttempts: 2,
});
const rows: Row[] = [];
for (const kind of kinds) rows.push(await show(kind, url));
await subscriptions.dispose();
console.log(table(rows));
const wrong = rows.filter(({ expected, got }) => expected !== got);
console.log(
  wrong.length === 0 ? 'Every order came to its end.' : `${wrong.length} of ${rows.length} differ.`,
);
process.exit(wrong.length === 0 ? 0 : 1);

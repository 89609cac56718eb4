/** `npm run demo`: one order of each kind against the running system, and whether each came to its end. */
import { type Client, createClient } from 'graphql-ws';
import { parseArgs } from 'node:util';
import { dataFolder, runningStack } from '@orders/local-stack/stack-file.js';
import { oneLine } from '@orders/shared-events/transport/one-line.js';
import { WebSocket } from 'ws';
import { ask, authorizationAt, signIn } from './client.js';
import { type End, type Kind, carryOn, endOf, expectedEnd, kinds, placementOf } from './kinds.js';
import { ORDER_FIELDS, type OrderView, place } from './orders.js';

const DEADLINE_MS = 30_000;

interface Row {
  readonly name: string;
  readonly expected: string;
  readonly got: string;
}

/** Places an order, prints its way, and answers with what it came to. */
async function show(kind: Kind, endpoint: string, subscriptions: Client): Promise<Row> {
  const startedAt = Date.now();
  console.log(`\n${kind.name}`);
  const placed = await place(endpoint, placementOf(kind, 'demo-customer'));
  if ('code' in placed) return { name: kind.name, expected: 'accepted', got: placed.code };
  let last: OrderView | undefined;
  try {
    for await (const order of changesOf(placed.orderId, subscriptions)) {
      last = order;
      console.log(`  ${String(Date.now() - startedAt).padStart(6)} ms  ${wayMark(order)}`);
      if (same(endOf(order), expectedEnd(kind, order.total.amount))) break;
      await carryOn(endpoint, kind, order);
    }
  } catch (error) {
    console.log(`  ${error instanceof Error ? error.message : String(error)}`);
  }
  const got = last ? summary(endOf(last)) : 'nothing heard';
  return { name: kind.name, expected: summary(expectedEnd(kind, last?.total.amount ?? 0)), got };
}

/** The order as it is, then each change; ends with an error after the deadline. */
async function* changesOf(orderId: string, subscriptions: Client): AsyncGenerator<OrderView> {
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

/** What the caller can put right: one line, and the exit code. */
class Unfit extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}
const USAGE = 2;
const UNREACHABLE = 4;
const HELP = `Places one order of each kind against the running system, and compares what comes of it with what must.

Usage: npm run demo [-- --url http://127.0.0.1:3000/graphql]

Without --url, against the system that npm start runs, on the data of DATA_DIR where that is set. With it, ORDERS_TOKEN is
a token of an operator or admin of that system, or an API key.

Exit codes: 0 all as expected, 1 some differ, ${USAGE} wrong usage, ${UNREACHABLE} no running system
`;

function wanted(): { readonly url: string | undefined; readonly help: boolean } {
  try {
    const { values } = parseArgs({
      options: { url: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.url !== undefined && !/^https?:/.test(new URL(values.url).protocol))
      throw new Error('Invalid URL');
    return { url: values.url, help: values.help ?? false };
  } catch (error) {
    throw new Unfit(`${oneLine(error)}. See npm run demo -- --help`, USAGE);
  }
}

/** Where GraphQL answers. */
async function endpointOf(url: string | undefined): Promise<string> {
  const stack = url === undefined ? await runningStack(dataFolder(process.env)) : undefined;
  const endpoint = url ?? stack?.urls.graphql;
  if (endpoint === undefined)
    throw new Unfit('Nothing runs here. Start the system with: npm start', UNREACHABLE);
  const token = process.env['ORDERS_TOKEN'] || stack?.token;
  if (token) signIn(endpoint, token);
  try {
    await ask(endpoint, '{ __typename }');
  } catch {
    throw new Unfit(`No GraphQL answers at ${endpoint}. Start the system with: npm start`, UNREACHABLE);
  }
  return endpoint;
}

async function main(): Promise<number> {
  const { url, help } = wanted();
  if (help) {
    console.log(HELP);
    return 0;
  }
  const endpoint = await endpointOf(url);
  const subscriptions = createClient({
    url: endpoint.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: authorizationAt(endpoint),
    retryAttempts: 2,
  });
  const rows: Row[] = [];
  for (const kind of kinds) rows.push(await show(kind, endpoint, subscriptions));
  await subscriptions.dispose();
  console.log(table(rows));
  const wrong = rows.filter(({ expected, got }) => expected !== got);
  console.log(
    wrong.length === 0 ? 'Every order came to its end.' : `${wrong.length} of ${rows.length} differ.`,
  );
  return wrong.length === 0 ? 0 : 1;
}

process.exit(
  await main().catch((error: unknown) => {
    console.error(oneLine(error));
    return error instanceof Unfit ? error.exitCode : 1;
  }),
);

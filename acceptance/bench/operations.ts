import { categoryOf } from '@orders/shared-events/contracts/ids.js';
import { COMMANDS } from '@orders/shared-events/transport/topology.js';
import type { Transaction } from './projection-writes.js';
import { figure, table } from './report.js';
import type { Publish, Step } from './workload.js';

/** What a run of orders did to the three back ends. The bare driver does the same again. */
export interface Workload {
  /** Of each order, in order. */
  readonly ways: readonly (readonly Step[])[];
  readonly readModels: readonly Transaction[];
  readonly processes: readonly Transaction[];
}

/** How often an operation occurs an order, and how large one is in bytes. */
export interface Operation {
  readonly name: string;
  readonly perOrder: number;
  /** Events, rows or messages in one. */
  readonly items: number;
  /** Of one item: data and metadata, or the message. Not known of rows. */
  readonly bytes: number | undefined;
}

/** The list of what one order takes, on the average of the run. */
export function operationsOf({ ways, readModels, processes }: Workload): Operation[] {
  const steps = ways.flat();
  const publishes = steps.flatMap((step) => step.publishes);
  const commands = publishes.filter(({ exchange }) => exchange === COMMANDS);
  return [
    ...appendsByCategory(steps, ways.length),
    messages('publish command, confirmed', commands, ways.length),
    messages('consume command, acknowledged', commands, ways.length),
    messages(
      'publish integration event, confirmed',
      publishes.filter(({ exchange }) => exchange !== COMMANDS),
      ways.length,
    ),
    writes('read models: transaction', readModels, ways.length),
    writes('processes: statement', processes, ways.length),
  ];
}

function appendsByCategory(steps: readonly Step[], orders: number): Operation[] {
  const byCategory = new Map<string, Step[]>();
  for (const step of steps) {
    const category = categoryOf(step.stream) ?? step.stream;
    const appends = byCategory.get(category) ?? [];
    byCategory.set(category, appends);
    appends.push(step);
  }
  return [...byCategory].map(([category, appends]) => {
    const events = appends.flatMap(({ events }) => events);
    const bytes = events.reduce((sum, { data, metadata }) => sum + sizeOf(data) + sizeOf(metadata), 0);
    return operation(`append to ${category}`, appends.length, orders, events.length, bytes);
  });
}

function messages(name: string, publishes: readonly Publish[], orders: number): Operation {
  const bytes = publishes.reduce((sum, { body }) => sum + sizeOf(body), 0);
  return operation(name, publishes.length, orders, publishes.length, bytes);
}

function writes(name: string, transactions: readonly Transaction[], orders: number): Operation {
  const rows = transactions.flat().reduce((sum, write) => sum + write.rows, 0);
  return operation(name, transactions.length, orders, rows, undefined);
}

const operation = (
  name: string,
  count: number,
  orders: number,
  items: number,
  bytes: number | undefined,
): Operation => ({
  name,
  perOrder: count / orders,
  items: items / count,
  bytes: bytes === undefined ? undefined : bytes / items,
});

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

export const operationLines = (operations: readonly Operation[]): string[] =>
  table([
    ['operations an order', 'times', 'events or rows in one', 'bytes of one'],
    ...operations.map(({ name, perOrder, items, bytes }) => [
      name,
      figure(perOrder),
      figure(items),
      bytes === undefined ? '' : figure(bytes),
    ]),
  ]);

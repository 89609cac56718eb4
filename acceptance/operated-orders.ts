import { QuarantineTable } from '@orders/process-managers/quarantine/quarantine.table.js';
import { CustomerId, type OrderId, type Sku, orderIdOf } from '@orders/shared-events/contracts/ids.js';
import { until } from '@orders/shared-events/testing/until.js';
import { Pool } from 'pg';
import { ask, askUntilAnswered, get, newKey, untilAnswered } from './client.js';
import { levelOf, someGoods } from './goods.js';
import { heldFor } from './ledger.js';
import { accepted, orderOf } from './orders.js';
import type { System } from './system.js';

/** An order of one piece at 25.00 EUR, of goods of which there were 5 and which nobody else orders. */
export interface Operated {
  readonly orderId: OrderId;
  readonly sku: Sku;
}

/** Where an order stands: its status, its process, its money at the provider in minor units, and its pieces. */
export interface Standing {
  readonly status: string | undefined;
  readonly stage: string | undefined;
  readonly paused: boolean | undefined;
  readonly intervention: string | null | undefined;
  readonly taken: number;
  readonly authorized: number;
  readonly onHand: number | undefined;
  readonly reserved: number | undefined;
}

export const PRICE = 2_500;
export const waiting = {
  ...{ status: 'CONFIRMED', stage: 'shipment', paused: false, intervention: null },
  ...{ taken: PRICE, authorized: 0, onHand: 5, reserved: 1 },
};
export const cancelled = { ...waiting, status: 'CANCELLED', stage: 'done', taken: 0, reserved: 0 };
export const completed = { ...waiting, status: 'COMPLETED', stage: 'done', onHand: 4, reserved: 0 };

const customerId = CustomerId.parse('customer-1');

/** Authorised first, captured once the stock is reserved; to be shipped unless told otherwise. */
export async function anOrder(
  { commands }: System,
  { paymentMethod = 'pm_approve', requiresShipping = true, quantity = 5 } = {},
): Promise<Operated> {
  const sku = await someGoods(commands, { requiresShipping, quantity });
  const idempotencyKey = newKey();
  await accepted(commands, {
    ...{ customerId, idempotencyKey, paymentMethod, captureMethod: 'MANUAL' },
    lines: [{ sku, quantity: 1 }],
  });
  return { orderId: orderIdOf(customerId, idempotencyKey), sku };
}

/** One that waits for somebody to ship it. */
export async function aWaitingOrder(system: System): Promise<Operated> {
  const order = await anOrder(system);
  await comesTo(system, order, waiting);
  return order;
}

export async function standingOf({ queries, admin }: System, { orderId, sku }: Operated): Promise<Standing> {
  const [order, process, held, level] = await Promise.all([
    orderOf(queries, orderId),
    get<Pick<Standing, 'stage' | 'paused' | 'intervention'>>(`${admin}/processes/${orderId}`),
    heldFor(admin, orderId),
    levelOf(queries, sku),
  ]);
  const { stage, paused, intervention } = process;
  const { onHand, reserved } = level ?? {};
  return { status: order?.status, stage, paused, intervention, ...held, onHand, reserved };
}

/** Waits until the order stands there. Answers with where it stands, also where that is somewhere else in the end. */
export async function comesTo(
  system: System,
  order: Operated,
  expected: Partial<Standing>,
): Promise<Partial<Standing>> {
  const wanted = Object.entries(expected);
  const standing = () => untilAnswered(() => standingOf(system, order));
  const isThere = (now: Standing) => wanted.every(([name, value]) => now[name as keyof Standing] === value);
  await until(async () => isThere(await standing()), 60_000).catch(() => undefined);
  return standing();
}

const AUDIT = `query ($filter: AuditLogFilter!) {
  auditLog(filter: $filter, last: 1) { edges { node { type actor { kind subject } reason } } }
}`;

export interface Told {
  readonly type: string;
  readonly actor: { readonly kind: string; readonly subject: string };
  readonly reason: string | null;
}

/** What the audit log tells of the event, once it does. */
export async function recordOf(
  { queries }: System,
  { stream, type }: { readonly stream: string; readonly type: string },
): Promise<Told | undefined> {
  let told: Told | undefined;
  await until(async () => {
    const { auditLog } = await ask<{ auditLog: { edges: { node: Told }[] } }>(queries, AUDIT, {
      filter: { stream, type },
    });
    told = auditLog.edges[0]?.node;
    return told !== undefined;
  });
  return told;
}

const HEAD = '{ commandSide { logHead } }';

/**
 * Puts an order into quarantine from the end of the log on, as a build leaves it there that cannot read what comes next.
 * This build can, and begins anew with the order aside.
 */
export async function putAside(
  { commands, processes, backEnds }: System,
  { orderId }: Operated,
): Promise<void> {
  const { commandSide } = await askUntilAnswered<{ commandSide: { logHead: string } }>(commands, HEAD, {});
  const managers = processes.get('process-managers') ?? processes.get('application');
  await managers?.kill();
  const pool = new Pool({ connectionString: backEnds['DATABASE_URL'] });
  const position = BigInt(commandSide.logHead) + 1n;
  await new QuarantineTable(pool)
    .put(orderId, { position, reason: 'it could not be read', newer: false })
    .finally(() => pool.end());
  await managers?.start();
}

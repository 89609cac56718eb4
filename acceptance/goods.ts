import { seedCatalogue } from '@orders/local-stack/demo-catalogue.js';
import { Sku } from '@orders/shared-events/contracts/ids.js';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, authorizationAt } from './client.js';

export interface Goods {
  readonly requiresShipping?: boolean;
  /** Pieces that are there. */
  readonly quantity?: number;
}

const REGISTER = `mutation ($input: RegisterProductInput!) {
  registerProduct(input: $input) { ... on ProductAccepted { sku } }
}`;
const RECEIVE = `mutation ($input: ReceiveStockInput!) {
  receiveStock(input: $input) { ... on StockReceiptAccepted { sku } ... on Refusal { code } }
}`;
const LEVEL = `query ($sku: String!) { product(sku: $sku) { stock { onHand reserved } } }`;

/** The products of the demo, and the pieces of them that are there. */
export async function demoGoods(commands: string): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'orders-seed-'));
  await seedCatalogue(dir, commands, authorizationAt(commands).authorization).finally(() =>
    rm(dir, { recursive: true, force: true }),
  );
}

/** A product at 25.00 EUR that no other order is about, 5 pieces of it and nothing to ship unless told otherwise. */
export async function someGoods(
  commands: string,
  { requiresShipping = false, quantity = 5 }: Goods = {},
): Promise<Sku> {
  const sku = Sku.parse(`SPEC-${randomUUID().toUpperCase()}`);
  const product = { sku, name: 'Spec', price: { amount: 2_500, currency: 'EUR' }, requiresShipping };
  await ask(commands, REGISTER, { input: product });
  if (quantity > 0) await receive(commands, { sku, receiptId: 'receipt-1', quantity });
  return sku;
}

export interface Receipt {
  readonly sku: Sku;
  readonly receiptId: string;
  readonly quantity: number;
}

export async function receive(commands: string, input: Receipt): Promise<void> {
  const { receiveStock } = await ask<{ receiveStock: { code?: string } }>(commands, RECEIVE, { input });
  if (receiveStock.code !== undefined) throw new Error(`refused: ${receiveStock.code}`);
}

export interface Level {
  readonly onHand: number;
  readonly reserved: number;
}

export async function levelOf(queries: string, sku: Sku): Promise<Level | undefined> {
  const { product } = await ask<{ product: { stock: Level } | null }>(queries, LEVEL, { sku });
  return product?.stock;
}

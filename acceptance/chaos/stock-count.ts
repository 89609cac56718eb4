import { Sku } from '@orders/shared-events/contracts/ids.js';
import { type Level, levelOf } from '../goods.js';
import { kinds } from '../kinds.js';
import type { PlacedOrder } from './shop.js';

export type Levels = ReadonlyMap<Sku, Level>;

const SKUS = [...new Set(kinds.flatMap(({ placement }) => placement.lines.map(({ sku }) => sku)))].map(
  (sku) => Sku.parse(sku),
);

/** Of everything that orders of any kind are about. */
export async function levelsAt(queries: string): Promise<Levels> {
  const levels = await Promise.all(
    SKUS.map(async (sku) => [sku, (await levelOf(queries, sku)) ?? { onHand: 0, reserved: 0 }] as const),
  );
  return new Map(levels);
}

/** What must be there once these orders have come to the ends of their kinds: completed ones have left with their goods. */
export function levelsAfter(before: Levels, orders: readonly PlacedOrder[]): Levels {
  const left = orders
    .filter(({ kind }) => kind.end.status === 'COMPLETED')
    .flatMap(({ kind }) => kind.placement.lines);
  const goneOf = (sku: Sku) =>
    left.filter((line) => line.sku === sku).reduce((sum, { quantity }) => sum + quantity, 0);
  return new Map(
    [...before].map(([sku, { onHand, reserved }]) => [sku, { onHand: onHand - goneOf(sku), reserved }]),
  );
}

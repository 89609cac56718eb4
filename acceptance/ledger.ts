import { get } from './client.js';

/** One key of the simulated provider's: how often it was called, and how often that moved money. Minor units. */
export interface LedgerEntry {
  readonly key: string;
  readonly operation: 'authorize' | 'charge' | 'capture' | 'void' | 'refund';
  readonly amount: number;
  readonly effects: number;
  readonly calls: number;
}

export async function ledgerOf(admin: string, orderId: string): Promise<readonly LedgerEntry[]> {
  const { entries } = await get<{ entries: readonly LedgerEntry[] }>(
    `${admin}/provider/ledger?orderId=${orderId}`,
  );
  return entries;
}

/** How often the provider took the customer's money for this order, by its own ledger. */
export async function chargesOf(admin: string, orderId: string): Promise<number> {
  const entries = await ledgerOf(admin, orderId);
  return entries
    .filter(({ operation }) => operation === 'charge' || operation === 'capture')
    .reduce((sum, { effects }) => sum + effects, 0);
}

/** Minor units that the provider has of the customer for this order: taken and not paid back, held and not let go. */
export async function heldFor(
  admin: string,
  orderId: string,
): Promise<{ readonly taken: number; readonly authorized: number }> {
  const entries = await ledgerOf(admin, orderId);
  const sum = (...operations: readonly LedgerEntry['operation'][]): number =>
    entries
      .filter(({ operation }) => operations.includes(operation))
      .reduce((total, { amount, effects }) => total + amount * effects, 0);
  const taken = sum('charge', 'capture') - sum('refund');
  // A void also closes an authorisation that never came.
  return { taken, authorized: Math.max(0, sum('authorize') - sum('capture', 'void')) };
}

import { get } from './client.js';

interface LedgerPage {
  readonly entries: readonly { readonly operation: string; readonly effects: number }[];
}

/** How often the provider took the customer's money for this order, by its own ledger. */
export async function chargesOf(admin: string, orderId: string): Promise<number> {
  const { entries } = await get<LedgerPage>(`${admin}/provider/ledger?orderId=${orderId}`);
  return entries
    .filter(({ operation }) => operation === 'charge' || operation === 'capture')
    .reduce((sum, { effects }) => sum + effects, 0);
}

import type { MonetaryAmount } from '../graphql.generated.js';

/** Minor units and an ISO 4217 code. */
export const money = (amount: number, currency: string): MonetaryAmount => ({ amount, currency });

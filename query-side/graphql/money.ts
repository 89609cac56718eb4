/** Minor units and an ISO 4217 code. */
export interface MonetaryAmount {
  readonly amount: number;
  readonly currency: string;
}

export const money = (amount: number, currency: string): MonetaryAmount => ({ amount, currency });

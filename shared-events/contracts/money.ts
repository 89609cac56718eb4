import { z } from 'zod';
import { isPayable } from './currencies.js';

/** The form of an ISO 4217 code: what is in the log stays readable when a currency is withdrawn. */
export const Currency = z
  .string()
  .regex(/^[A-Z]{3}$/)
  .brand<'Currency'>();
export type Currency = z.infer<typeof Currency>;

/** A currency as it comes from outside. */
export const KnownCurrency = z
  .string()
  .refine(isPayable, { error: 'must be the ISO 4217 code of a currency, e.g. EUR' })
  .pipe(Currency);

/** An amount in minor units (cents): a safe integer, never a float. */
export const MinorUnits = z.int({ error: 'must be a whole number of minor units' });
export const PositiveMinorUnits = MinorUnits.positive({ error: 'must be above 0' });
export const NonNegativeMinorUnits = MinorUnits.nonnegative({ error: 'must not be below 0' });

export const Money = z.object({ amount: MinorUnits, currency: Currency });
export type Money = z.infer<typeof Money>;

/** A whole number of pieces, 1 to 1,000,000. */
export const Quantity = z
  .int({ error: 'must be a whole number' })
  .min(1, { error: 'must be at least 1' })
  .max(1_000_000, { error: 'must be at most 1,000,000' });

/** Thrown where a sum or product would leave the integers that a double holds exactly. */
export class AmountOutOfRange extends Error {
  override readonly name = 'AmountOutOfRange';
}

/** unitPrice x quantity in minor units. Throws AmountOutOfRange above 2^53 - 1. */
export function multiply(unitPrice: number, quantity: number): number {
  return exact(unitPrice * quantity);
}

/** Sum in minor units. Throws AmountOutOfRange above 2^53 - 1. */
export function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => exact(total + amount), 0);
}

function exact(amount: number): number {
  if (!Number.isSafeInteger(amount)) throw new AmountOutOfRange(`amount ${amount} is not an exact integer`);
  return amount;
}

import { z } from 'zod';

/** ISO 4217 alphabetic code, e.g. `EUR`. Form only: which currencies a shop takes is its catalogue's business. */
export const Currency = z
  .string()
  .regex(/^[A-Z]{3}$/)
  .brand<'Currency'>();
export type Currency = z.infer<typeof Currency>;

/** An amount in minor units (cents): a safe integer, never a float. */
export const MinorUnits = z.int();
export const PositiveMinorUnits = z.int().positive();
export const NonNegativeMinorUnits = z.int().nonnegative();

export const Money = z.object({ amount: MinorUnits, currency: Currency });
export type Money = z.infer<typeof Money>;

/** A whole number of pieces, 1 to 1,000,000. */
export const Quantity = z.int().min(1).max(1_000_000);

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

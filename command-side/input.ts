import { z } from 'zod';
import { Sku } from '@orders/shared-events/contracts/ids.js';
import { Currency, NonNegativeMinorUnits } from '@orders/shared-events/contracts/money.js';

/** What the caller can put right. `field` is the path within the input, e.g. `lines.0.quantity`. */
export interface InvalidInput {
  readonly __typename: 'InvalidInput';
  readonly code: 'INVALID_INPUT';
  readonly message: string;
  readonly field: string;
}

export type Input<Data> = { readonly data: Data } | { readonly invalid: InvalidInput };

/** Parses a mutation's input; the first thing that is wrong with it is told. */
export function readInput<Schema extends z.ZodType>(schema: Schema, input: unknown): Input<z.infer<Schema>> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return { data: parsed.data };
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') ?? '';
  const message = `${field}: ${issue?.message ?? 'is not valid'}`;
  return { invalid: { __typename: 'InvalidInput', code: 'INVALID_INPUT', message, field } };
}

/** Case is folded here, and only here. */
export const skuInput = z.string().toUpperCase().pipe(Sku);

export const moneyInput = z.object({ amount: NonNegativeMinorUnits, currency: Currency });

/** GraphQL gives null where a caller left an optional field out on purpose. */
export const optional = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? undefined);

/** One line of text for people, without control characters. */
export const text = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^\P{Cc}*$/u, { error: 'must not contain control characters' });

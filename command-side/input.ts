import { z } from 'zod';
import { KnownCurrency, NonNegativeMinorUnits } from '@orders/shared-events/contracts/money.js';
import { lineOfText } from '@orders/shared-events/contracts/text.js';
import type { Answer } from './answer.js';
import type { InvalidInput } from './graphql.generated.js';

export type Input<Data> = { readonly data: Data } | { readonly invalid: Answer<InvalidInput> };

/** Parses a mutation's input; the first thing that is wrong with it is told. */
export function readInput<Schema extends z.ZodType>(schema: Schema, input: unknown): Input<z.infer<Schema>> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return { data: parsed.data };
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') ?? '';
  const message = `${field}: ${issue?.message ?? 'is not valid'}`;
  return { invalid: { __typename: 'InvalidInput', code: 'INVALID_INPUT', message, field } };
}

export const moneyInput = z.object({ amount: NonNegativeMinorUnits, currency: KnownCurrency });

/** GraphQL gives null where a caller left an optional field out on purpose. */
export const optional = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? undefined);

/** Why an operator does it. */
export const reasonInput = optional(lineOfText(500)).transform((reason) => reason ?? 'no reason given');

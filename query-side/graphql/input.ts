import { z } from 'zod';
import { CorrelationId } from '@orders/shared-events/contracts/envelope.js';
import { CustomerId, SkuInAnyCase } from '@orders/shared-events/contracts/ids.js';
import { StorableInstant } from '@orders/shared-events/contracts/instants.js';
import { lineOfText } from '@orders/shared-events/contracts/text.js';

/** An argument that no answer can be given for. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';

  constructor(
    readonly field: string,
    reason: string,
  ) {
    super(`${field} ${reason}`);
  }
}

/** Throws InvalidInput that names the field; null and undefined are both "not given". */
export function parse<T>(schema: z.ZodType<T>, value: unknown, field: string): T {
  const parsed = schema.safeParse(value ?? undefined);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InvalidInput([field, ...(issue?.path ?? [])].join('.'), issue?.message ?? 'is wrong');
}

const given = <T>(schema: z.ZodType<T>) => z.preprocess((value) => value ?? undefined, schema.optional());
/** The scalar has made it one in UTC, whatever the year. */
const instant = given(StorableInstant);
const text = (most: number) => given(lineOfText(most));

export const orderFilterInput = z.object({
  customerId: given(CustomerId),
  status: given(z.string()),
  placedFrom: instant,
  placedTo: instant,
  sku: given(SkuInAnyCase),
});

export const auditLogFilterInput = z.object({
  stream: text(256),
  type: text(64),
  correlationId: given(CorrelationId),
  actor: text(128),
  from: instant,
  to: instant,
});

import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { StorableInstant } from '@orders/shared-events/contracts/instants.js';

export class InvalidCursor extends Error {
  override readonly name = 'InvalidCursor';
}

/** What a list is ordered by, outermost first: each value in a form that Postgres reads back without loss. */
export interface CursorKind<Keys extends readonly string[]> {
  /** Tells the cursors of one order from those of another. */
  readonly name: string;
  readonly keys: z.ZodType<Keys>;
}

/** Of a row's place in a list. Clients give it back as it is; the checksum tells one that was changed on its way. */
export function encodeCursor<Keys extends readonly string[]>({ name }: CursorKind<Keys>, keys: Keys): string {
  const content = JSON.stringify([name, ...keys]);
  return Buffer.from(`${checksum(content)}${content}`).toString('base64url');
}

/** Throws InvalidCursor for what `encodeCursor` has not made for a list in this order. */
export function decodeCursor<Keys extends readonly string[]>(kind: CursorKind<Keys>, cursor: string): Keys {
  const decoded = Buffer.from(cursor, 'base64url').toString();
  const content = decoded.slice(CHECKSUM_LENGTH);
  const isOurs =
    decoded.startsWith(checksum(content)) && Buffer.from(decoded).toString('base64url') === cursor;
  if (!isOurs) throw new InvalidCursor('the cursor is not one that this server has made');
  const [name, ...values] = partsOf(content);
  const keys = kind.keys.safeParse(values);
  if (name !== kind.name || !keys.success) throw new InvalidCursor('the cursor belongs to another list');
  return keys.data;
}

function partsOf(content: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(content);
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}

/** Of Postgres. */
const MAX_BIGINT = 2n ** 63n - 1n;

const CHECKSUM_LENGTH = 8;
const checksum = (content: string): string => crc32(content).toString(16).padStart(CHECKSUM_LENGTH, '0');

/** An instant as Postgres told it: microseconds and all. */
export const InstantKey = StorableInstant.regex(/T\d\d:\d\d:\d\d(\.\d{1,6})?Z$/);
export const PositionKey = z
  .string()
  .regex(/^(0|[1-9]\d{0,18})$/, { abort: true })
  .refine((position) => BigInt(position) <= MAX_BIGINT);

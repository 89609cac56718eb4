import { asText } from '@orders/shared-events/transport/storable.js';
import { z } from 'zod';

/*
 * The headers of a dead letter as JSON: people read them there, and they go out again as what they came as.
 *
 * AMQP has types that JSON has not. The driver has one of its own objects for some, `{"!": "timestamp", "value": 1}`, and
 * those stay as they are. In the same way bytes are kept as `{"!": "bytes", "text": "as UTF-8"}`, or with "base64" where
 * they are none, and doubles that are no numbers as `{"!": "double", "value": "NaN"}`, which the driver can write, other
 * than the bare value. A table of a stranger that looks like one of these is none that the driver would write as a table.
 */

type Headers = Readonly<Record<string, unknown>>;

/** As JSON that jsonb accepts; see `asText`. */
export const asKeptHeaders = (headers: Headers): string => JSON.stringify(kept(headers, 0));

/** What the driver can write of headers that were kept. */
export const sendableHeaders = (headers: Headers): Record<string, unknown> => eachOf(headers, sendable);

/** The driver reads some thousands of levels, which is more than anybody can walk through who calls himself for each. */
const MOST_LEVELS = 200;

function kept(value: unknown, level: number): unknown {
  const inner = (one: unknown) => kept(one, level + 1);
  if (level > MOST_LEVELS) return 'nested too deep to be kept';
  if (typeof value === 'string') return asText(value);
  if (typeof value === 'number')
    return Number.isFinite(value) ? value : { '!': 'double', value: String(value) };
  if (Buffer.isBuffer(value)) return keptBytes(value);
  if (Array.isArray(value)) return value.map(inner);
  return isTable(value) ? eachOf(value, inner) : value;
}

function keptBytes(bytes: Buffer): z.infer<typeof Bytes> {
  const text = asText(bytes.toString('utf8'));
  return Buffer.from(text).equals(bytes)
    ? { '!': 'bytes', text }
    : { '!': 'bytes', base64: bytes.toString('base64') };
}

const Bytes = z.union([
  z.strictObject({ '!': z.literal('bytes'), text: z.string() }),
  z.strictObject({ '!': z.literal('bytes'), base64: z.base64() }),
]);

function sendable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sendable);
  if (!isTable(value)) return value;
  const { data: bytes } = Bytes.safeParse(value);
  if (!bytes) return eachOf(value, sendable);
  return 'text' in bytes ? Buffer.from(bytes.text) : Buffer.from(bytes.base64, 'base64');
}

const isTable = (value: unknown): value is Headers => typeof value === 'object' && value !== null;

const eachOf = (table: Headers, of: (value: unknown) => unknown): Record<string, unknown> =>
  Object.fromEntries(Object.entries(table).map(([name, value]) => [asText(name), of(value)]));

/**
 * What Postgres can hold of any string. Events may carry NUL and lone surrogates, which are valid in JSON and
 * are not in Postgres; one such event must not stop a projection, so they are replaced by U+FFFD.
 */
export const asText = (value: string): string =>
  value.includes('\u0000') || HALVES.test(value)
    ? value.replaceAll('\u0000', '\ufffd').replace(/\p{Surrogate}/gu, '\ufffd')
    : value;

/** Quicker to look for than a half without its other half. */
const HALVES = /[\ud800-\udfff]/;

/** A value as JSON that jsonb accepts; see `asText`. */
export function asJson(value: object | string | number | bigint | boolean): string {
  const json = JSON.stringify(value);
  return UNSTORABLE_ESCAPE.test(json) ? JSON.stringify(cleaned(value)) : json;
}

/** `JSON.stringify` writes NUL and lone surrogates as these escapes. */
const UNSTORABLE_ESCAPE = /\\u(0000|d[89a-f])/;

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return asText(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [asText(key), cleaned(inner)]));
}

import { isDeepStrictEqual } from 'node:util';
import { type Schema, isAssertion } from './json-schema.js';

/** Keywords whose value is a schema, a list of schemas, and schemas by name. */
const ONE = ['items', 'additionalProperties', 'propertyNames', 'not', 'if', 'then', 'else', 'contains'];
const SOME = ['anyOf', 'oneOf', 'allOf', 'prefixItems'];
const NAMED = ['properties', 'patternProperties', '$defs'];
/** Whose order says nothing. */
const SETS = ['required', 'enum', 'type'];

/**
 * Where two schemas say something different of what is valid: one line each. What is stored stays as it was written, so
 * that nothing may change at all; how it is described may.
 */
export const storedChanges = (accepted: Schema, present: Schema): string[] =>
  differences(essence(accepted), essence(present), '');

function differences(before: unknown, after: unknown, at: string): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isObject(before) || !isObject(after)) return [`${at || '/'} was ${text(before)}, is ${text(after)}`];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => differences(before[key], after[key], `${at}/${key}`));
}

/** The schema without what only describes, and in one order. */
function essence(schema: Schema): unknown {
  if (typeof schema === 'boolean') return schema;
  const assertions = Object.entries(schema).filter(([keyword]) => isAssertion(keyword));
  return Object.fromEntries(assertions.map(([keyword, value]) => [keyword, essenceOf(keyword, value)]));
}

function essenceOf(keyword: string, value: unknown): unknown {
  if (ONE.includes(keyword)) return essence(value as Schema);
  if (SOME.includes(keyword)) return (value as Schema[]).map(essence);
  if (NAMED.includes(keyword))
    return Object.fromEntries(
      Object.entries(value as Record<string, Schema>).map(([name, schema]) => [name, essence(schema)]),
    );
  return SETS.includes(keyword) && Array.isArray(value) ? sorted(value) : value;
}

const sorted = (values: readonly unknown[]): unknown[] =>
  [...values].sort((a, b) => (text(a) < text(b) ? -1 : 1));

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: unknown): string => JSON.stringify(value) ?? 'absent';

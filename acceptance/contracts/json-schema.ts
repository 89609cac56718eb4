/** JSON Schema, by the keywords that are looked into. */
export interface SchemaObject {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly [keyword: string]: unknown;
}
export type Schema = boolean | SchemaObject;

/** Keywords that allow and refuse nothing. */
const ANNOTATIONS = [
  ...['$schema', '$id', '$comment', 'title', 'description', 'default'],
  ...['deprecated', 'examples', 'example', 'readOnly', 'writeOnly'],
];
export const isAssertion = (keyword: string): boolean => !ANNOTATIONS.includes(keyword);

/** Whether every value is valid. */
export const isAnything = (schema: Schema): boolean =>
  typeof schema === 'boolean' ? schema : !Object.keys(schema).some(isAssertion);

/** The schemas of which a value has to meet one; only the schema itself where it names none, or more beside them. */
export function alternativesOf(schema: Schema): readonly Schema[] {
  if (typeof schema === 'boolean') return [schema];
  const { anyOf, oneOf, type, ...rest } = schema;
  if (isAnything(rest) && type === undefined) return anyOf ?? oneOf ?? [schema];
  return Array.isArray(type) ? type.map((one: string) => ({ ...schema, type: one })) : [schema];
}

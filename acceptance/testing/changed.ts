/** A copy in which something else stands where the JSON pointer points; undefined takes away what stands there. */
export function changed(document: object, pointer: string, value: unknown): object {
  // Through text: what stands in two places of the document is not one thing in the copy.
  const copy = JSON.parse(JSON.stringify(document)) as object;
  const keys = pointer.split('/').slice(1);
  const last = keys.pop() ?? '';
  const parent = keys.reduce<object>((node, key) => Reflect.get(node, unescaped(key)) as object, copy);
  if (value === undefined) Reflect.deleteProperty(parent, unescaped(last));
  else Reflect.set(parent, unescaped(last), value);
  return copy;
}

const unescaped = (key: string): string => key.replaceAll('~1', '/').replaceAll('~0', '~');

/** A row of a table: something else stands at the pointer, and what is said of that. */
export type Breaking = [what: string, pointer: string, value: unknown, said: string];
export type Compatible = [what: string, pointer: string, value: unknown];

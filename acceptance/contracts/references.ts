/** The document with a copy of what each `$ref` into it names in its place. Throws on one that leads nowhere or to itself. */
export function withoutReferences(document: unknown): unknown {
  const resolved = (value: unknown, within: readonly string[]): unknown => {
    if (Array.isArray(value)) return value.map((one) => resolved(one, within));
    if (typeof value !== 'object' || value === null) return value;
    if ('$ref' in value && typeof value.$ref === 'string') {
      const reference = value.$ref;
      if (within.includes(reference)) throw new Error(`${reference} refers to itself`);
      return resolved(at(document, reference), [...within, reference]);
    }
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolved(one, within)]));
  };
  return resolved(document, []);
}

/** What a JSON pointer in a URI fragment points to. */
function at(document: unknown, reference: string): unknown {
  const [start, ...keys] = reference.split('/').map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const found = keys.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && key in value
        ? (value as Readonly<Record<string, unknown>>)[key]
        : undefined,
    document,
  );
  if (start !== '#' || found === undefined) throw new Error(`${reference} leads nowhere`);
  return found;
}

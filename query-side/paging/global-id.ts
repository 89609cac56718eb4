/** Relay's opaque id of a node: its type and its natural key. */
export const globalId = (type: string, key: string): string =>
  Buffer.from(`${type}:${key}`).toString('base64url');

/** The natural key of a node of that type, or undefined where the id is of another type, or none of ours. */
export function keyOf(type: string, id: string): string | undefined {
  const decoded = Buffer.from(id, 'base64url').toString();
  const isCanonical = Buffer.from(decoded).toString('base64url') === id;
  return isCanonical && decoded.startsWith(`${type}:`) ? decoded.slice(type.length + 1) : undefined;
}

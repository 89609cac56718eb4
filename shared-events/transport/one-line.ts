import { z } from 'zod';

/**
 * What an error says, in one line for a log, a header or a list. zod writes its issues over many lines; here each is
 * `path: message`.
 */
export function oneLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const said = error instanceof z.ZodError ? error.issues.map(issueLine).join('; ') : error.message;
  return said.replaceAll(/\s+/g, ' ');
}

const issueLine = ({ path, message }: z.core.$ZodIssue): string =>
  path.length === 0 ? message : `${path.join('.')}: ${message}`;

import { z } from 'zod';

/**
 * What an error says, in one line for a log, a header or a list. zod writes its issues over many lines; here each is
 * `path: message`.
 */
export const oneLine = (error: unknown): string => saidBy(error).replaceAll(/\s+/g, ' ');

function saidBy(error: unknown): string {
  if (error instanceof z.ZodError) return error.issues.map(issueLine).join('; ');
  // Not instanceof: an error of Node's own may be of another realm.
  return Error.isError(error) ? error.message : String(error);
}

const issueLine = ({ path, message }: z.core.$ZodIssue): string =>
  path.length === 0 ? message : `${path.join('.')}: ${message}`;

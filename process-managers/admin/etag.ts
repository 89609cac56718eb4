import { badRequest } from '@orders/shared-events/http/problem-details.js';

/** What is needed of Express' response. */
export interface Response {
  setHeader(name: string, value: string): unknown;
}

/** The ETag of something by its revision in the log. */
export const etagOf = (revision: bigint | number | string): string => `"${revision}"`;

/** The revision that such an ETag names. Throws 400 for one that this API did not give out. */
export function revisionIn(tag: string | undefined): bigint | undefined {
  if (tag === undefined) return undefined;
  if (/^(0|[1-9]\d{0,18})$/.test(tag)) return BigInt(tag);
  throw badRequest([{ path: ['if-match'], message: 'is not an ETag that this API gave out' }]);
}

import { MaxAppendSizeExceededError, StreamDeletedError } from '@eventstore/db-client';

/** What the driver says where the server refuses for good: the driver itself makes these of the server's answers. */
export const refusals: readonly [what: string, error: Error][] = [
  ['a deleted stream', Object.create(StreamDeletedError.prototype) as Error],
  ['an append that is too large', Object.create(MaxAppendSizeExceededError.prototype) as Error],
];

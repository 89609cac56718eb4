/**
 * SQLSTATEs that say "not now": connection exceptions (08), too many connections and the like (53), shutdown and
 * cancellation (57), and a schema or view that is not there (3F000, 42P01), which is a database that no build
 * was ever promoted in.
 */
const NOT_NOW = /^(08|53|57)|^(3F000|42P01)$/;
/** What Node says of a connection. */
const NO_CONNECTION =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
/** What `pg` says without a code. */
const NO_ANSWER = /timeout|Connection terminated|Client has encountered a connection error/;

/** Whether an error of a query means that the database cannot answer at the moment, rather than a fault of ours. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isUnavailable);
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return code === undefined ? NO_ANSWER.test(error.message) : NOT_NOW.test(code) || NO_CONNECTION.test(code);
}

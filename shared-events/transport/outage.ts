import { AppendOutcomeUnknown, NotAppended } from './append-gateway.js';
import { NoAnswer } from './waiting.js';

/**
 * What the drivers say where something is away, rather than wrong: the same request can succeed later.
 *
 * SQLSTATEs: connection exceptions (08), too many connections and the like (53), shutdown and cancellation (57).
 */
const SQLSTATE = /^(08|53|57)/;
/** What Node says of a connection. */
const NO_CONNECTION =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
/** What `pg` says without a code. */
const NO_ANSWER = /timeout|Connection terminated|Client has encountered a connection error/;
/** How the event store's driver classifies "not reached", "no answer in time" and "not now". */
const EVENT_STORE = ['unavailable', 'deadline-exceeded', 'timeout', 'cancelled', 'not-leader', 'unknown'];
/** What it says without a class: no node of a cluster was found. */
const NO_NODE = /^Failed to discover/;
/** What we say ourselves. */
const NO_ANSWER_TO_US = [AppendOutcomeUnknown, NotAppended, NoAnswer];

export function isDatabaseOutage(error: unknown): boolean {
  // Not instanceof: an error of Node's own may be of another realm.
  if (!Error.isError(error)) return false;
  if ('errors' in error && Array.isArray(error.errors)) return error.errors.some(isDatabaseOutage);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return code === undefined ? NO_ANSWER.test(error.message) : SQLSTATE.test(code) || NO_CONNECTION.test(code);
}

export function isEventStoreOutage(error: unknown): boolean {
  if (NO_ANSWER_TO_US.some((kind) => error instanceof kind)) return true;
  if (!Error.isError(error)) return false;
  return 'type' in error ? EVENT_STORE.some((type) => type === error.type) : NO_NODE.test(error.message);
}

export const isOutage = (error: unknown): boolean => isDatabaseOutage(error) || isEventStoreOutage(error);

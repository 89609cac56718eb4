import { StorableInstant } from '../contracts/instants.js';

/** Of a routing key and of each property, in bytes: AMQP has one of them for their length. */
export const SHORT = 255;

type Headers = Readonly<Record<string, unknown>>;

/**
 * What a message tells of its failures. In headers of our own: what a broker tells differs from one to the other, and
 * RabbitMQ counts what a consumer sends on as a new message, before 4.0 otherwise than since
 * (https://www.rabbitmq.com/docs/dlx#effects).
 */
export const HEADER = {
  attempt: 'x-attempt',
  routingKey: 'x-original-routing-key',
  reason: 'x-failure-reason',
  queue: 'x-failed-queue',
  firstFailure: 'x-first-failure-at',
  lastFailure: 'x-last-failure-at',
} as const;

const MAX_REASON = 500;

/**
 * The attempt that a message is in, from 1. What a stranger wrote there moves it within its attempts, and never out of
 * them: what is no whole number from 1 on counts as the first, what is beyond the last one as the last. So every failure
 * brings it nearer to its end.
 */
export function attemptIn(headers: Headers, last = Number.MAX_SAFE_INTEGER): number {
  const attempt = headers[HEADER.attempt];
  return typeof attempt === 'number' && Number.isInteger(attempt) && attempt > 0
    ? Math.min(attempt, last)
    : 1;
}

/**
 * The one that it was first published with, where it has come from elsewhere since. What is too long for one was never one,
 * and might be too long to be sent on.
 */
export function routingKeyIn(headers: Headers): string | undefined {
  const original = headers[HEADER.routingKey];
  return typeof original === 'string' && Buffer.byteLength(original) <= SHORT ? original : undefined;
}

export function instantIn(headers: Headers, name: string): string | undefined {
  return StorableInstant.safeParse(headers[name]).data;
}

export interface Failure {
  readonly queue: string;
  readonly reason: string;
  /** The attempt that it is in from now on. */
  readonly attempt: number;
  readonly routingKey: string;
  readonly at: string;
}

/** What a message tells of its failures after this one: so much at most, whatever a stranger wrote, that it can be sent. */
export const headersAfter = (headers: Headers, { queue, reason, attempt, routingKey, at }: Failure) => ({
  [HEADER.attempt]: attempt,
  [HEADER.routingKey]: routingKey,
  [HEADER.queue]: queue,
  [HEADER.reason]: reason.slice(0, MAX_REASON),
  [HEADER.firstFailure]: firstOf(at, instantIn(headers, HEADER.firstFailure)),
  [HEADER.lastFailure]: at,
});

const firstOf = (at: string, before: string | undefined): string =>
  before !== undefined && Date.parse(before) < Date.parse(at) ? before : at;

/**
 * RabbitMQ's own, about one stay in a queue. It would believe them of a message that is sent again: `CC` and `BCC` send
 * it to where they name as well (https://www.rabbitmq.com/docs/sender-selected), and before 4.0 it takes `x-death` for
 * what has become of this one.
 */
const BROKERS_OWN =
  /^(CC|BCC|x-death|x-(first|last)-death-(queue|reason|exchange)|x-delivery-count|x-acquired-count)$/;

/** The headers that a message keeps when it is sent again. */
export const keptHeaders = (headers: Headers): Record<string, unknown> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !BROKERS_OWN.test(name)));

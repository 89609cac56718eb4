import { z } from 'zod';
import type { Delivery } from './delivery.js';
import { HEADER, instantIn, routingKeyIn } from './failures.js';

/** How a message came to nothing. */
export interface Death {
  /** As it was first published. */
  readonly routingKey: string;
  readonly reason: string;
  /** The attempt that it died in. */
  readonly attempts: number;
  readonly firstFailureAt: string;
  readonly lastFailureAt: string;
  /**
   * It tells no time of its own, so that a copy of it cannot be told from it by that, and it may have been delivered before:
   * where it is known, it is taken for the same.
   */
  readonly mayBeKnown: boolean;
}

/** Of AMQP timestamps, in seconds: the last one that has a date of four digits. */
const LAST_SECOND = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

/** What RabbitMQ writes of a message that it dead-lettered itself: https://www.rabbitmq.com/docs/dlx#effects */
const BrokersDeath = z.object({
  queue: z.string(),
  reason: z.string(),
  time: z.object({ value: z.number().min(0).max(LAST_SECOND) }),
  'routing-keys': z.array(z.string()),
});

/**
 * What a message in the dead-letter queue of `queue` tells of its death: our own consumer's word, or, where a broker gave
 * it up, that broker's. `now` for what tells no time, because somebody put it there.
 */
export function deathOf(
  { headers, attempt, routingKey, isRepeated }: Delivery,
  queue: string,
  now: string,
): Death {
  const brokers = brokersDeath(headers, queue);
  const gaveUpAt = brokers && new Date(brokers.time.value * 1000).toISOString();
  const told = latest(instantIn(headers, HEADER.lastFailure), gaveUpAt);
  const lastFailureAt = told ?? now;
  return {
    routingKey: routingKeyIn(headers) ?? brokers?.['routing-keys'][0] ?? routingKey,
    reason: reasonOf(headers[HEADER.reason], brokers?.reason),
    attempts: attempt,
    firstFailureAt: instantIn(headers, HEADER.firstFailure) ?? lastFailureAt,
    lastFailureAt,
    mayBeKnown: told === undefined && isRepeated,
  };
}

/** None where our consumer sent it there: what the broker wrote before that is not sent on. */
function brokersDeath(headers: Delivery['headers'], queue: string): z.infer<typeof BrokersDeath> | undefined {
  const deaths: unknown = headers['x-death'];
  if (!Array.isArray(deaths)) return undefined;
  return deaths.map((death) => BrokersDeath.safeParse(death).data).find((death) => death?.queue === queue);
}

function reasonOf(told: unknown, brokers: string | undefined): string {
  const before = typeof told === 'string' ? told : undefined;
  if (brokers === undefined) return before ?? 'nobody says why';
  const gaveUp = `the broker gave it up: ${BROKERS_REASONS[brokers] ?? brokers}`;
  return before === undefined ? gaveUp : `${gaveUp}; before that: ${before}`;
}

const BROKERS_REASONS: Readonly<Record<string, string>> = {
  delivery_limit: 'too many deliveries without an answer',
};

/** Its own times are in seconds, and may seem to be before what happened in the same one. */
function latest(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Date.parse(one) > Date.parse(other) ? one : other;
}

import type { ConsumeMessage } from 'amqplib';
import { z } from 'zod';
import { CorrelationId } from '../contracts/envelope.js';
import { SHORT, attemptIn, routingKeyIn } from './failures.js';
import { type WorkQueue, attemptsOf } from './topology.js';

/** A message as a handler sees it. `attempt` counts from 1. */
export interface Delivery {
  /** The JSON that was sent; undefined for what is no JSON, in a queue that has no dead letters of its own. */
  readonly body: unknown;
  readonly raw: Buffer;
  readonly messageId: string | undefined;
  readonly type: string | undefined;
  /** As it was first published, also after retries. */
  readonly routingKey: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly attempt: number;
  /** It may have been handled before: by whom the broker heard no answer, or in place. */
  readonly isRepeated: boolean;
}

/** Thrown by a handler: no repeat can help; the message goes to the dead-letter queue with this reason. */
export class DeadLetter extends Error {
  override readonly name = 'DeadLetter';
}

/** Thrown by a handler: something that it needs is away. The message waits where it is and uses up no attempt. */
export class Pause extends Error {
  override readonly name = 'Pause';
}

/** What a stranger may have sent: nothing about it is certain. */
interface Properties {
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
  readonly messageId: unknown;
  readonly type: unknown;
  readonly contentType: unknown;
  readonly contentEncoding: unknown;
}

const propertiesOf = ({ properties }: ConsumeMessage): Properties => properties;
export const headersOf = (message: ConsumeMessage) => propertiesOf(message).headers ?? {};

/** As it was first published, also after retries. */
export const routingKeyOf = (message: ConsumeMessage): string =>
  routingKeyIn(headersOf(message)) ?? message.fields.routingKey;

/** `work`: the rules of its queue, by which its attempts end; dead letters have none. */
export const attemptOf = (message: ConsumeMessage, work: WorkQueue | undefined): number =>
  attemptIn(headersOf(message), work && attemptsOf(work));

/**
 * What is published with it again. Not how long it may live: what failed is not to be lost for that. Nor what cannot be
 * written again: bytes that are no UTF-8 take more of them once they were read.
 */
export function keptProperties(message: ConsumeMessage) {
  const { messageId, type, contentType, contentEncoding } = propertiesOf(message);
  return {
    ...(isShort(messageId) ? { messageId } : {}),
    ...(isShort(type) ? { type } : {}),
    ...(isShort(contentType) ? { contentType } : {}),
    ...(isShort(contentEncoding) ? { contentEncoding } : {}),
  };
}

const isShort = (value: unknown): value is string =>
  typeof value === 'string' && Buffer.byteLength(value) <= SHORT;

/**
 * Throws DeadLetter where the content must be JSON and is not: in a queue that has rules for it.
 *
 * @param isAgain it was handed to the same handler already
 */
export function deliveryOf(message: ConsumeMessage, work: WorkQueue | undefined, isAgain: boolean): Delivery {
  const { messageId, type } = propertiesOf(message);
  return {
    body: parsed(message.content, work !== undefined),
    raw: message.content,
    messageId: typeof messageId === 'string' ? messageId : undefined,
    type: typeof type === 'string' ? type : undefined,
    routingKey: routingKeyOf(message),
    headers: headersOf(message),
    attempt: attemptOf(message, work),
    isRepeated: message.fields.redelivered || isAgain,
  };
}

function parsed(content: Buffer, mustBeJson: boolean): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch {
    if (mustBeJson) throw new DeadLetter('the content is not JSON');
    return undefined;
  }
}

const Led = z.object({ origin: z.object({ correlationId: CorrelationId }) });

/** Of what led to the message, where it says so and the rest of it may be wrong. */
export function correlationOf({ content }: ConsumeMessage): { readonly correlationId?: string } {
  try {
    const { origin } = Led.parse(JSON.parse(content.toString('utf8')));
    return { correlationId: origin.correlationId };
  } catch {
    return {};
  }
}

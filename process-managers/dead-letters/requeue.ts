import { type BusCommand, aggregateOf, readCommand } from '@orders/shared-events/contracts/commands.js';
import {
  COMMAND_TIME_TO_LIVE_MS,
  CommandMessage,
  type RecordedEvent,
} from '@orders/shared-events/contracts/envelope.js';
import { later } from '@orders/shared-events/contracts/instants.js';
import { HEADER, keptHeaders } from '@orders/shared-events/transport/failures.js';
import { oneLine } from '@orders/shared-events/transport/one-line.js';
import { commandQueue, redeliveryRoute } from '@orders/shared-events/transport/topology.js';
import { z } from 'zod';
import { envelopeOf } from '../forwarder/announcing.js';
import { translate } from '../forwarder/translation.js';
import { sendableHeaders } from './kept-headers.js';

/** A dead letter as it was kept. */
export interface KeptLetter {
  readonly id: string;
  readonly origin: 'queue' | 'unknown correlation' | 'not translated';
  readonly queue: string;
  readonly messageKey: string;
  readonly type: string | null;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly content: Buffer;
}

/** What goes out when a letter is sent again. */
export interface Requeued {
  readonly exchange: string;
  readonly routingKey: string;
  readonly content: Buffer;
  readonly options: {
    readonly messageId?: string;
    readonly type?: string;
    readonly contentType?: string;
    readonly headers: Readonly<Record<string, unknown>>;
    readonly mandatory: boolean;
  };
}

/** Why a letter is not sent again. */
export class NotRequeueable extends Error {
  override readonly name = 'NotRequeueable';
}

/** What told of the failure: the message begins anew. */
const OF_FAILURE: readonly string[] = [
  HEADER.attempt,
  HEADER.reason,
  HEADER.queue,
  HEADER.firstFailure,
  HEADER.lastFailure,
];

/**
 * The message of a letter, as it is sent again at that moment. Throws NotRequeueable: for an event that belongs to nothing
 * known (it is in the log, and nobody waits for a message of it), for an edited command that is none, for an event that
 * still cannot be told.
 *
 * @param edited what to send in place of the letter's own content
 */
export function requeued(letter: KeptLetter, edited: Buffer | undefined, now: string): Requeued {
  switch (letter.origin) {
    case 'queue':
      return toItsQueue(letter, edited, now);
    case 'not translated':
      return told(letter, edited);
    case 'unknown correlation':
      throw new NotRequeueable(
        'an event that belongs to nothing known stands in the log: there is no message',
      );
  }
}

/** Straight to the queue in which it died, whoever else listens to its routing key. */
function toItsQueue(
  { queue, messageKey, type, headers, content }: KeptLetter,
  edited: Buffer | undefined,
  now: string,
): Requeued {
  const kept = Object.entries(keptHeaders(sendableHeaders(headers))).filter(
    ([name]) => !OF_FAILURE.includes(name),
  );
  const sent = edited === undefined ? { content, type } : commandFor(queue, edited);
  return {
    ...redeliveryRoute(queue),
    content: withTime(sent.content, now),
    options: {
      ...{ messageId: messageKey, mandatory: true, headers: Object.fromEntries(kept) },
      ...(sent.type === null ? {} : { type: sent.type }),
    },
  };
}

/** Commands are refused once their time is over: it begins anew. What is no command goes as it is. */
function withTime(content: Buffer, now: string): Buffer {
  const command = CommandMessage.safeParse(jsonIn(content));
  if (!command.success) return content;
  return asJson({ ...command.data, sentAt: now, expiresAt: later(now, COMMAND_TIME_TO_LIVE_MS) });
}

/** Whoever takes from the queue of an aggregate decides for that one alone. */
function commandFor(queue: string, edited: Buffer): { readonly content: Buffer; readonly type: string } {
  const command = commandIn(edited);
  const own = commandQueue(aggregateOf(command));
  if (own !== queue) throw new NotRequeueable(`what it was edited to is for ${own}, and it died in ${queue}`);
  return { content: edited, type: command.type };
}

function commandIn(edited: Buffer): BusCommand {
  try {
    return readCommand(CommandMessage.parse(jsonIn(edited)));
  } catch (error) {
    throw new NotRequeueable(`what it was edited to is no command: ${oneLine(error)}`);
  }
}

const Kept = z.object({
  id: z.uuid(),
  type: z.string(),
  stream: z.string(),
  data: z.unknown(),
  metadata: z.unknown(),
});

function told({ messageKey, content }: KeptLetter, edited: Buffer | undefined): Requeued {
  const kept = Kept.safeParse(jsonIn(edited ?? content));
  if (!kept.success)
    throw new NotRequeueable(`its content is no event as one is kept: ${oneLine(kept.error)}`);
  const { id, type, stream, data, metadata } = kept.data;
  const position = BigInt(messageKey);
  const event: RecordedEvent = {
    ...{ id, type, streamId: stream, data, metadata, position, revision: 0n },
    recordedAt: new Date(0),
  };
  const announcement = announced(event);
  const { options, ...route } = envelopeOf(announcement);
  return {
    ...route,
    content: asJson(announcement.body),
    options: { ...options, headers: {}, mandatory: false },
  };
}

function announced(event: RecordedEvent) {
  try {
    const announcement = translate(event);
    if (announcement) return announcement;
  } catch (error) {
    throw new NotRequeueable(`it still cannot be told: ${oneLine(error)}`);
  }
  throw new NotRequeueable('the outside is not told of such events');
}

const asJson = (value: object): Buffer => Buffer.from(JSON.stringify(value));

export function jsonIn(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch {
    return undefined;
  }
}

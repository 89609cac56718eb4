import type { Decoded } from '@orders/shared-events/contracts/catalogue.js';
import type { SeenLetter } from '@orders/shared-events/contracts/deadLetters.events.js';
import { HEADER, routingKeyIn } from '@orders/shared-events/transport/failures.js';
import { type MessageBus, Unroutable } from '@orders/shared-events/transport/message-bus.js';
import { Unsendable } from '@orders/shared-events/transport/publisher.js';
import type { SoleFollower } from '../following.js';
import { type RequestFollowerOptions, requestFollower } from '../request-follower.js';
import type { DeadLetters } from './dead-letters.table.js';
import { NotRequeueable, type Requeued, requeued } from './requeue.js';

export interface SenderOptions extends RequestFollowerOptions {
  readonly bus: Pick<MessageBus, 'publishBytes'>;
  readonly letters: DeadLetters;
}

/**
 * Does what operators have decided about dead letters, at least once: a letter is settled after its message is in a queue.
 * One that has died again since it was seen, or was decided about otherwise, is left as it is.
 */
export const deadLetterSender = (options: SenderOptions): SoleFollower =>
  requestFollower(options, 'dead-letters', 'deadLetters', (event, signal) =>
    carryOut(options, event, signal),
  );

async function carryOut(options: SenderOptions, event: Decoded, signal: AbortSignal): Promise<void> {
  if (event.type === 'DeadLettersDiscarded')
    for (const letter of event.data.letters) await options.letters.settle(letter, 'discarded');
  if (event.type === 'DeadLettersRequeued') {
    const { letters, requestId, edited, contentSha256 } = event.data;
    const edit = edited ? await options.letters.editOf(requestId, contentSha256) : undefined;
    const isLost = edited && !edit;
    if (isLost) options.logger.error({ requestId }, 'what dead letters were edited to is not kept any more');
    else await sendAll(options, letters, edit, signal);
  }
}

async function sendAll(
  options: SenderOptions,
  letters: readonly SeenLetter[],
  edit: Buffer | undefined,
  signal: AbortSignal,
): Promise<void> {
  for (const letter of letters) {
    if (signal.aborted) return;
    await send(options, letter, edit);
  }
}

async function send(
  { letters, bus, logger }: SenderOptions,
  seen: SeenLetter,
  edit: Buffer | undefined,
): Promise<void> {
  const [letter] = await letters.kept([seen.id]);
  if (letter?.state !== 'open' || letter.version !== seen.version) return;
  try {
    await publish(bus, requeued(letter, edit, new Date().toISOString()));
  } catch (error) {
    if (!isHopeless(error)) throw error;
    return logger.error({ err: error, deadLetter: seen.id }, 'a dead letter cannot be sent, and stays open');
  }
  await letters.settle(seen, 'requeued');
  logger.info({ deadLetter: seen.id, queue: letter.queue }, 'a dead letter was sent again');
}

async function publish(
  bus: SenderOptions['bus'],
  { exchange, routingKey, content, options }: Requeued,
): Promise<void> {
  try {
    await bus.publishBytes(exchange, routingKey, content, options);
  } catch (error) {
    if (!(error instanceof Unsendable)) throw error;
    // A stranger's headers, of a kind or, as they are kept, of a size that the driver cannot write.
    const original = routingKeyIn(options.headers);
    const headers = original === undefined ? {} : { [HEADER.routingKey]: original };
    await bus.publishBytes(exchange, routingKey, content, { ...options, headers });
  }
}

/** It is no message any more, or none that the driver can write, or its queue is not there. */
const isHopeless = (error: unknown): boolean =>
  error instanceof NotRequeueable || error instanceof Unsendable || error instanceof Unroutable;

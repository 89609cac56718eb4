import type { Channel, ConsumeMessage } from 'amqplib';
import { z } from 'zod';
import { CorrelationId } from '../contracts/envelope.js';
import type { LogSink } from './observability.js';
import { oneLine } from './one-line.js';
import type { Publisher } from './publisher.js';
import { type WorkQueue, deadLetterRoute, retryRoute } from './topology.js';
import { backoff, sleep } from './waiting.js';

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
}

export type Handler = (delivery: Delivery) => Promise<void>;

/** Thrown by a handler: no repeat can help; the message goes to the dead-letter queue with this reason. */
export class DeadLetter extends Error {
  override readonly name = 'DeadLetter';
}

/** Thrown by a handler: something that it needs is away. The message waits where it is and uses up no attempt. */
export class Pause extends Error {
  override readonly name = 'Pause';
}

export const HEADER = {
  attempt: 'x-attempt',
  routingKey: 'x-original-routing-key',
  reason: 'x-failure-reason',
  queue: 'x-failed-queue',
  firstFailure: 'x-first-failure-at',
  lastFailure: 'x-last-failure-at',
} as const;

const MAX_REASON = 500;

export interface ConsumerOptions {
  readonly queue: string;
  /** Retry and dead-letter rules; without them every failure is a pause. */
  readonly work: WorkQueue | undefined;
  readonly prefetch: number;
  readonly handler: Handler;
  readonly publisher: Publisher;
  readonly logger: LogSink;
}

/** One queue's consumer over all the channels that it lives to see. Acknowledges after the effect is stored. */
export class Consumer {
  readonly #stop = new AbortController();
  readonly #busy = new Set<Promise<void>>();
  #channel: Channel | undefined;
  #tag: string | undefined;

  constructor(private readonly options: ConsumerOptions) {}

  /**
   * Starts on a channel of its own; throws when it cannot. `lost` is called when the channel ends after that while the
   * consumer is wanted: whoever tries again has one of both to act on.
   */
  async start(channel: Channel, lost: () => void): Promise<void> {
    const { queue, prefetch } = this.options;
    let [started, closed] = [false, false];
    this.#channel = channel;
    channel.on('error', (error: Error) =>
      this.options.logger.warn({ err: error, queue }, 'consumer channel failed'),
    );
    channel.once('close', () => {
      closed = true;
      if (started && this.#channel === channel && !this.#stop.signal.aborted) lost();
    });
    await channel.prefetch(prefetch);
    const { consumerTag } = await channel.consume(queue, (message) => {
      if (!message) return void channel.close().catch(() => undefined);
      const done = this.#deliver(channel, message).finally(() => this.#busy.delete(done));
      this.#busy.add(done);
    });
    if (closed) throw new Error(`the channel of ${queue} ended while it started`);
    started = true;
    this.#tag = consumerTag;
  }

  /** Takes no more, finishes what is in hand, and lets the broker keep what has waited in vain. */
  async stop(): Promise<void> {
    this.#stop.abort();
    const channel = this.#channel;
    if (channel && this.#tag) await channel.cancel(this.#tag).catch(() => undefined);
    await Promise.all(this.#busy);
    await channel?.close().catch(() => undefined);
  }

  async #deliver(channel: Channel, message: ConsumeMessage): Promise<void> {
    const settled = await this.#handle(message);
    if (!settled) return;
    try {
      channel.ack(message);
    } catch (error) {
      // The channel is gone and the message comes again: handlers are idempotent.
      this.options.logger.debug({ err: error }, 'could not acknowledge');
    }
  }

  /** True when the message may be acknowledged: done, waiting for its retry, or dead-lettered. */
  async #handle(message: ConsumeMessage): Promise<boolean> {
    for (let repeat = 0; !this.#stop.signal.aborted; repeat++) {
      try {
        await this.#attempt(message);
        return true;
      } catch (error) {
        this.options.logger.warn({ err: error, queue: this.options.queue }, 'consumption pauses');
        await sleep(backoff(repeat), this.#stop.signal);
      }
    }
    return false;
  }

  /** Throws only to pause. */
  async #attempt(message: ConsumeMessage): Promise<void> {
    const attempt = attemptOf(message);
    try {
      await this.options.handler(delivery(message, attempt, this.options.work !== undefined));
    } catch (error) {
      const work = this.options.work;
      if (error instanceof Pause || !work) throw error;
      const reason = error instanceof Error ? `${error.name}: ${oneLine(error)}` : oneLine(error);
      const about = { queue: work.name, attempt, reason, ...correlationOf(message) };
      if (error instanceof DeadLetter || attempt >= work.attempts) {
        await this.#forward(deadLetterRoute(work.name), message, attempt, reason);
        this.options.logger.error(about, 'dead-lettered');
      } else {
        await this.#forward(retryRoute(work), message, attempt + 1, reason);
        this.options.logger.warn(about, 'will be tried again');
      }
    }
  }

  async #forward(
    to: { exchange: string; routingKey: string },
    message: ConsumeMessage,
    attempt: number,
    reason: string,
  ): Promise<void> {
    const { headers = {}, messageId, type, contentType } = propertiesOf(message);
    const now = new Date().toISOString();
    await this.options.publisher.publish(to.exchange, to.routingKey, message.content, {
      mandatory: true,
      ...(typeof messageId === 'string' ? { messageId } : {}),
      ...(typeof type === 'string' ? { type } : {}),
      ...(typeof contentType === 'string' ? { contentType } : {}),
      headers: {
        ...headers,
        [HEADER.attempt]: attempt,
        [HEADER.routingKey]: routingKeyOf(message),
        [HEADER.queue]: this.options.queue,
        [HEADER.reason]: reason.slice(0, MAX_REASON),
        [HEADER.firstFailure]: headers[HEADER.firstFailure] ?? now,
        [HEADER.lastFailure]: now,
      },
    });
  }
}

/** What a stranger may have sent: nothing about it is certain. */
interface Properties {
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
  readonly messageId: unknown;
  readonly type: unknown;
  readonly contentType: unknown;
}

const propertiesOf = ({ properties }: ConsumeMessage): Properties => properties;

function attemptOf(message: ConsumeMessage): number {
  const attempt = propertiesOf(message).headers?.[HEADER.attempt];
  return typeof attempt === 'number' && Number.isInteger(attempt) && attempt > 0 ? attempt : 1;
}

function routingKeyOf(message: ConsumeMessage): string {
  const original = propertiesOf(message).headers?.[HEADER.routingKey];
  return typeof original === 'string' ? original : message.fields.routingKey;
}

const Led = z.object({ origin: z.object({ correlationId: CorrelationId }) });

/** Of what led to the message, where it says so and the rest of it may be wrong. */
function correlationOf({ content }: ConsumeMessage): { readonly correlationId?: string } {
  try {
    const { origin } = Led.parse(JSON.parse(content.toString('utf8')));
    return { correlationId: origin.correlationId };
  } catch {
    return {};
  }
}

/** Throws DeadLetter where the content must be JSON and is not. */
function delivery(message: ConsumeMessage, attempt: number, mustBeJson: boolean): Delivery {
  const { headers = {}, messageId, type } = propertiesOf(message);
  return {
    body: parse(message.content, mustBeJson),
    raw: message.content,
    messageId: typeof messageId === 'string' ? messageId : undefined,
    type: typeof type === 'string' ? type : undefined,
    routingKey: routingKeyOf(message),
    headers,
    attempt,
  };
}

function parse(content: Buffer, mustBeJson: boolean): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch {
    if (mustBeJson) throw new DeadLetter('the content is not JSON');
    return undefined;
  }
}

import type { Channel, ConsumeMessage } from 'amqplib';
import {
  DeadLetter,
  type Delivery,
  Pause,
  attemptOf,
  correlationOf,
  deliveryOf,
  headersOf,
  keptProperties,
  routingKeyOf,
} from './delivery.js';
import { headersAfter, keptHeaders } from './failures.js';
import type { LogSink } from './observability.js';
import { oneLine } from './one-line.js';
import { type Publisher, Unsendable } from './publisher.js';
import { type Route, type WorkQueue, deadLetterRoute, retryRoute } from './topology.js';
import { backoff, sleep, within } from './waiting.js';

/** A broker that takes this long is frozen, or on the other side of a broken link, and hears no goodbye. */
const GOODBYE_MS = 1_500;

export type Handler = (delivery: Delivery) => Promise<void>;

export interface ConsumerOptions {
  readonly queue: string;
  /** Retry and dead-letter rules; without them every failure is a pause. */
  readonly work: WorkQueue | undefined;
  readonly prefetch: number;
  readonly handler: Handler;
  readonly publisher: Pick<Publisher, 'publish'>;
  readonly logger: LogSink;
}

/** Where a message came from. */
interface Source {
  readonly channel: Channel;
  /** The channel has ended: the broker delivers again what was not acknowledged, to whoever is there. */
  readonly gone: AbortSignal;
  /** It has ended, or the consumer is to stop: nothing is begun any more. */
  readonly over: AbortSignal;
}

/** One queue's consumer over all the channels that it lives to see. Acknowledges after the effect is stored. */
export class Consumer {
  readonly #stop = new AbortController();
  readonly #busy = new Set<Promise<void>>();
  #channel: Channel | undefined;
  #tag: string | undefined;

  constructor(private readonly options: ConsumerOptions) {}

  /**
   * Starts on a channel of its own, which it closes where it was stopped meanwhile; throws when it cannot. `lost` is
   * called when the channel ends after that while the consumer is wanted: whoever tries again has one of both to act on.
   */
  async start(channel: Channel, lost: () => void): Promise<void> {
    const { queue, prefetch } = this.options;
    if (this.#stop.signal.aborted) return answered(channel.close());
    const gone = new AbortController();
    const over = AbortSignal.any([gone.signal, this.#stop.signal]);
    const source: Source = { channel, gone: gone.signal, over };
    let started = false;
    this.#channel = channel;
    channel.on('error', (error: Error) =>
      this.options.logger.warn({ err: error, queue }, 'consumer channel failed'),
    );
    channel.once('close', () => {
      gone.abort();
      if (started && !this.#stop.signal.aborted) lost();
    });
    await channel.prefetch(prefetch);
    const { consumerTag } = await channel.consume(queue, (message) => {
      // Somebody deleted the queue: https://www.rabbitmq.com/docs/consumer-cancel
      if (!message) return void channel.close().catch(() => undefined);
      const done = this.#deliver(source, message).finally(() => this.#busy.delete(done));
      this.#busy.add(done);
    });
    if (gone.signal.aborted) throw new Error(`the channel of ${queue} ended while it started`);
    started = true;
    this.#tag = consumerTag;
  }

  /** Takes no more, finishes what is in hand, and lets the broker keep what has waited in vain. */
  async stop(): Promise<void> {
    this.#stop.abort();
    const channel = this.#channel;
    if (channel && this.#tag) await answered(channel.cancel(this.#tag));
    await Promise.all(this.#busy);
    if (channel) await answered(channel.close());
  }

  async #deliver(source: Source, message: ConsumeMessage): Promise<void> {
    const settled = await this.#handle(source, message);
    if (!settled) return;
    try {
      source.channel.ack(message);
    } catch (error) {
      // The channel is gone and the message comes again: handlers are idempotent.
      this.options.logger.debug({ err: error }, 'could not acknowledge');
    }
  }

  /**
   * True when the message may be acknowledged: done, waiting for its retry, or dead-lettered. A pause lasts as long as it
   * has to: where RabbitMQ waits no longer for an answer, half an hour unless configured, it ends the channel, and the next
   * delivery goes on with it (https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout).
   */
  async #handle({ gone, over }: Source, message: ConsumeMessage): Promise<boolean> {
    for (let repeat = 0; !over.aborted; repeat++) {
      try {
        await this.#attempt(message, gone, repeat > 0);
        return true;
      } catch (error) {
        if (gone.aborted) break;
        this.options.logger.warn({ err: error, queue: this.options.queue }, 'consumption pauses');
        await sleep(backoff(repeat), over);
      }
    }
    return false;
  }

  /** Throws to pause, or where the message is no longer ours to send on: its next delivery decides. */
  async #attempt(message: ConsumeMessage, gone: AbortSignal, isAgain: boolean): Promise<void> {
    const { work, handler } = this.options;
    try {
      await handler(deliveryOf(message, work, isAgain));
    } catch (error) {
      if (error instanceof Pause || !work || gone.aborted) throw error;
      await this.#fail(message, work, error);
    }
  }

  async #fail(message: ConsumeMessage, work: WorkQueue, error: unknown): Promise<void> {
    const attempt = attemptOf(message, work);
    const reason = error instanceof Error ? `${error.name}: ${oneLine(error)}` : oneLine(error);
    const about = { queue: work.name, attempt, reason, ...correlationOf(message) };
    const retry = error instanceof DeadLetter ? undefined : retryRoute(work, attempt);
    if (retry) {
      await this.#sendOn(message, retry, attempt + 1, reason);
      this.options.logger.warn(about, 'will be tried again');
    } else {
      await this.#sendOn(message, deadLetterRoute(work.name), attempt, reason);
      this.options.logger.error(about, 'dead-lettered');
    }
  }

  /** Resolves once the broker has it there. It is acknowledged after that: it may be there twice, and is not lost. */
  async #sendOn(message: ConsumeMessage, to: Route, attempt: number, reason: string): Promise<void> {
    const { publisher, queue } = this.options;
    const headers = headersOf(message);
    const failure = {
      queue,
      reason,
      attempt,
      routingKey: routingKeyOf(message),
      at: new Date().toISOString(),
    };
    const own = headersAfter(headers, failure);
    const send = (all: Readonly<Record<string, unknown>>) =>
      publisher.publish(to.exchange, to.routingKey, message.content, {
        ...keptProperties(message),
        headers: all,
        mandatory: true,
      });
    try {
      await send({ ...keptHeaders(headers), ...own });
    } catch (error) {
      if (!(error instanceof Unsendable)) throw error;
      // A stranger's headers, of a kind or a size that the driver can read and not write.
      await send(own);
    }
  }
}

/** As far as it can be: where the channel is gone, or nobody answers, the broker takes back what it has. */
async function answered(goodbye: Promise<unknown>): Promise<void> {
  await within(GOODBYE_MS, 'broker', goodbye).catch(() => undefined);
}

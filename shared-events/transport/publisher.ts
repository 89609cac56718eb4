import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { ConfirmChannel, Options } from 'amqplib';
import { Slots } from './slots.js';
import { within } from './waiting.js';

/** No queue takes this routing key: the message is nowhere. */
export class Unroutable extends Error {
  override readonly name = 'Unroutable';
}

/** The broker did not confirm: the message may or may not be in its queues. It may be published again. */
export class PublishFailed extends Error {
  override readonly name = 'PublishFailed';
}

export interface PublishOptions {
  readonly messageId?: string;
  readonly type?: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  /** An unroutable message is an error; without it such a message is confirmed and gone. */
  readonly mandatory?: boolean;
}

const CONFIRM_DEADLINE_MS = 10_000;
const MAX_IN_FLIGHT = 256;
/** Tells apart two publishes of the same message when the broker returns one of them. */
const PUBLISH_ID = 'x-publish-id';

/** Publishes with confirms, a deadline on each, and a bounded number in flight. */
export class Publisher {
  #channel: Promise<ConfirmChannel>;
  #arrived: (channel: ConfirmChannel) => void = () => undefined;
  readonly #slots = new Slots(MAX_IN_FLIGHT);
  readonly #returned = new Set<string>();

  #isOpen = false;

  constructor() {
    this.#channel = this.#nextChannel();
  }

  /** Whether there is a channel to publish on. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Takes a fresh channel into use, after each connect, or where the one before has ended alone. */
  use(channel: ConfirmChannel): void {
    channel.on('return', (message) => {
      const id: unknown = message.properties.headers?.[PUBLISH_ID];
      if (typeof id === 'string') this.#returned.add(id);
    });
    // Recovery opens another channel; what was unconfirmed on this one fails by its own callback.
    channel.on('error', () => undefined);
    channel.once('close', () => {
      this.#isOpen = false;
      this.#channel = this.#nextChannel();
    });
    this.#isOpen = true;
    this.#arrived(channel);
    this.#channel = Promise.resolve(channel);
  }

  /**
   * Resolves once the broker has taken the message. Throws Unroutable (mandatory only), or PublishFailed
   * after a negative answer, a lost connection, or ten seconds: what has not left by then never does.
   */
  async publish(
    exchange: string,
    routingKey: string,
    content: Buffer,
    options: PublishOptions = {},
  ): Promise<void> {
    const id = randomUUID();
    const givenUp = new AbortController();
    const publish = async (): Promise<void> => {
      await this.#slots.take(givenUp.signal);
      try {
        await this.#confirmed(exchange, routingKey, content, options, id, givenUp.signal);
      } finally {
        this.#slots.give();
      }
    };
    const published = publish();
    try {
      await within(CONFIRM_DEADLINE_MS, 'confirm', published);
    } catch (error) {
      givenUp.abort(error);
      // It may be returned all the same, as long as its confirm is not there.
      void published.catch(() => undefined).finally(() => this.#returned.delete(id));
      throw new PublishFailed(`${exchange} ${routingKey} was not confirmed`, { cause: error });
    }
    if (this.#returned.delete(id)) throw new Unroutable(`no queue takes ${exchange} ${routingKey}`);
  }

  async #confirmed(
    exchange: string,
    routingKey: string,
    content: Buffer,
    { messageId, type, contentType = 'application/json', headers, mandatory = false }: PublishOptions,
    id: string,
    givenUp: AbortSignal,
  ): Promise<void> {
    let [waitedFor, channel] = [this.#channel, await this.#channel];
    // Whoever waited for the same channel may have filled it a moment ago.
    while (waitedFor !== this.#channel) [waitedFor, channel] = [this.#channel, await this.#channel];
    givenUp.throwIfAborted();
    const properties: Options.Publish = {
      persistent: true,
      mandatory,
      contentType,
      contentEncoding: 'utf-8',
      timestamp: Math.floor(Date.now() / 1000),
      headers: { ...headers, [PUBLISH_ID]: id },
      ...(messageId === undefined ? {} : { messageId }),
      ...(type === undefined ? {} : { type }),
    };
    await new Promise<void>((resolve, reject) => {
      const roomLeft = channel.publish(exchange, routingKey, content, properties, (error: unknown) =>
        error ? reject(error instanceof Error ? error : new Error('the broker refused it')) : resolve(),
      );
      if (!roomLeft) this.#holdUntilDrained(channel);
    });
  }

  /** The socket's buffer is full: later publishes wait until it has drained, or the channel is gone. */
  #holdUntilDrained(channel: ConfirmChannel): void {
    const over = new AbortController();
    const { signal } = over;
    const drained = Promise.race([once(channel, 'drain', { signal }), once(channel, 'close', { signal })]);
    const held = drained.then(() => channel).finally(() => over.abort());
    this.#channel = held;
    held.catch(() => undefined);
  }

  #nextChannel(): Promise<ConfirmChannel> {
    return new Promise((resolve) => (this.#arrived = resolve));
  }
}

import { randomUUID } from 'node:crypto';
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

/** The message is such that the driver cannot write it, today or later, e.g. for a header that AMQP has no type for. */
export class Unsendable extends Error {
  override readonly name = 'Unsendable';
}

export interface PublishOptions {
  readonly messageId?: string;
  readonly type?: string;
  /** `application/json` unless told. */
  readonly contentType?: string;
  /** `utf-8` unless told. */
  readonly contentEncoding?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  /** An unroutable message is an error; without it such a message is confirmed and gone. */
  readonly mandatory?: boolean;
}

const CONFIRM_DEADLINE_MS = 10_000;
/** Bounds what waits in memory, too: the driver's buffer says that it is full after two thousand frames of up to 128 KB. */
const MAX_IN_FLIGHT = 256;
/** Tells apart two publishes of the same message when the broker returns one of them. */
const PUBLISH_ID = 'x-publish-id';

/** Publishes with confirms, a deadline on each, and a bounded number in flight. */
export class Publisher {
  /** The open channel, if there is one. */
  #channel: ConfirmChannel | undefined;
  /** The same while it has room: undefined once it said that its buffer is full, until it has drained. */
  #roomy: ConfirmChannel | undefined;
  /** Pending while there is none with room. */
  #room: Promise<void>;
  #becomesRoomy: () => void = () => undefined;
  readonly #slots = new Slots(MAX_IN_FLIGHT);
  readonly #returned = new Set<string>();

  constructor() {
    this.#room = this.#nextRoom();
  }

  /** Whether there is a channel to publish on. */
  get isOpen(): boolean {
    return this.#channel !== undefined;
  }

  /** Takes a fresh channel into use, after each connect, or where the one before has ended alone. */
  use(channel: ConfirmChannel): void {
    channel.on('return', (message) => {
      const id: unknown = message.properties.headers?.[PUBLISH_ID];
      if (typeof id === 'string') this.#returned.add(id);
    });
    // Recovery opens another channel; what was unconfirmed on this one fails by its own callback.
    channel.on('error', () => undefined);
    channel.on('drain', () => this.#letThrough(channel));
    channel.once('close', () => {
      if (this.#channel !== channel) return;
      this.#hold();
      this.#channel = undefined;
    });
    this.#channel = channel;
    this.#letThrough(channel);
  }

  /**
   * Resolves once the broker has taken the message. Throws Unroutable (mandatory only), Unsendable, or PublishFailed
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
      if (error instanceof Unsendable) throw error;
      throw new PublishFailed(`${exchange} ${routingKey} was not confirmed`, { cause: error });
    }
    // It comes back before it is confirmed: https://www.rabbitmq.com/docs/confirms#when-publishes-are-confirmed
    if (this.#returned.delete(id)) throw new Unroutable(`no queue takes ${exchange} ${routingKey}`);
  }

  async #confirmed(
    exchange: string,
    routingKey: string,
    content: Buffer,
    options: PublishOptions,
    id: string,
    givenUp: AbortSignal,
  ): Promise<void> {
    // Those who waited together go on one by one, and any of them may fill it again.
    while (!this.#roomy) await this.#room;
    const channel = this.#roomy;
    givenUp.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const confirmed = (error: unknown) =>
        error ? reject(error instanceof Error ? error : new Error('the broker refused it')) : resolve();
      if (!written(channel, exchange, routingKey, content, propertiesOf(options, id), confirmed))
        this.#hold();
    });
  }

  /** Publishes wait from now on. */
  #hold(): void {
    if (!this.#roomy) return;
    this.#roomy = undefined;
    this.#room = this.#nextRoom();
  }

  #letThrough(channel: ConfirmChannel): void {
    if (this.#channel !== channel) return;
    this.#roomy = channel;
    this.#becomesRoomy();
  }

  #nextRoom(): Promise<void> {
    return new Promise((resolve) => (this.#becomesRoomy = resolve));
  }
}

function propertiesOf(
  {
    messageId,
    type,
    contentType = 'application/json',
    contentEncoding = 'utf-8',
    headers,
    mandatory = false,
  }: PublishOptions,
  id: string,
): Options.Publish {
  return {
    persistent: true,
    mandatory,
    contentType,
    contentEncoding,
    timestamp: Math.floor(Date.now() / 1000),
    headers: { ...headers, [PUBLISH_ID]: id },
    ...(messageId === undefined ? {} : { messageId }),
    ...(type === undefined ? {} : { type }),
  };
}

/** By name: what the driver's codec throws may be an error of Node's own, which may be of another realm. */
const OF_THE_CODEC = /^(TypeError|RangeError)$/;

/** Whether there is room for more. Throws Unsendable where nothing was written, and would not be another time. */
function written(channel: ConfirmChannel, ...message: Parameters<ConfirmChannel['publish']>): boolean {
  try {
    return channel.publish(...message);
  } catch (error) {
    if (!Error.isError(error) || !OF_THE_CODEC.test(error.name)) throw error;
    throw new Unsendable(error.message, { cause: error });
  }
}

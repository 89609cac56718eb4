import { type ChannelModel, connect } from 'amqplib';
import { cut } from './broker-channel.js';
import { BrokerNodes } from './broker-nodes.js';
import type { LogSink } from './observability.js';
import { backoff, sleep, within } from './waiting.js';

export interface BrokerConnectionOptions {
  /** `amqp://user:password@host:port/vhost`, with several hosts where the broker is a cluster. */
  readonly url: string;
  /** How the broker's own tools show it. */
  readonly name: string;
  readonly logger: LogSink;
  /**
   * Makes ready what it is for, after every connect; what that resolves with is called once the connection counts. Each
   * step of it has a deadline of its own: over a slow link all of them together take long.
   */
  readonly prepare: (model: ChannelModel) => Promise<() => void>;
}

const CONNECT_DEADLINE_MS = 5_000;
/** Well within the eight seconds that a process has to stop. */
const GOODBYE_MS = 1_500;

/**
 * A connection to the broker that comes back by itself, prepared anew each time: at the same node where that is there, else
 * at the next one.
 */
export class BrokerConnection {
  readonly #closed = new AbortController();
  #model: ChannelModel | undefined;
  /** Also while it is being prepared. */
  #latest: ChannelModel | undefined;

  readonly #nodes: BrokerNodes;

  constructor(private readonly options: BrokerConnectionOptions) {
    this.#nodes = new BrokerNodes(options.url, Math.random());
  }

  /** The connection as it is now; undefined while there is none that is prepared. */
  get model(): ChannelModel | undefined {
    return this.#model;
  }

  /** Resolves once it is there and prepared, and tries until then. Rejects once it is closed. */
  open(): Promise<void> {
    const opened = new Promise<void>((resolve) => void this.#keepConnected(resolve));
    return Promise.race([opened, rejection(this.#closed.signal)]);
  }

  /** Says goodbye, and where nobody answers goes without a word: what was not acknowledged is the broker's again. */
  async close(): Promise<void> {
    this.#closed.abort();
    if (this.#model) await within(GOODBYE_MS, 'broker', this.#model.close()).catch(() => undefined);
    if (this.#latest) cut(this.#latest);
  }

  async #keepConnected(opened: () => void): Promise<void> {
    const { signal: closed } = this.#closed;
    const { logger, name } = this.options;
    for (let failures = 0; !closed.aborted; failures++) {
      try {
        const broken = await this.#connect();
        failures = 0;
        opened();
        await rejection(broken);
      } catch (error) {
        if (!closed.aborted) logger.warn({ err: error, name }, 'no connection to the broker, trying again');
        await sleep(backoff(failures, 200, 3_000), closed);
      }
    }
  }

  /** Resolves once it is connected and prepared, with what aborts when that is over. */
  async #connect(): Promise<AbortSignal> {
    const { name, prepare } = this.options;
    const how = { clientProperties: { connection_name: name }, timeout: CONNECT_DEADLINE_MS, noDelay: true };
    const model = await connect(this.#nodes.target, how).catch((error: unknown) => this.#atTheNext(error));
    const { signal: broken } = this.#watch(model);
    try {
      this.#closed.signal.throwIfAborted();
      const begin = await Promise.race([prepare(model), rejection(broken)]);
      broken.throwIfAborted();
      this.#model = model;
      begin();
      return broken;
    } catch (error) {
      cut(model);
      return this.#atTheNext(error);
    }
  }

  #atTheNext(error: unknown): never {
    this.#nodes.moveOn();
    throw error;
  }

  /** What aborts at the end of it. Nobody else hears of its errors. */
  #watch(model: ChannelModel): AbortController {
    const over = new AbortController();
    this.#latest = model;
    model.on('error', (error) => over.abort(error));
    model.once('close', (error) => {
      if (this.#model === model) this.#model = undefined;
      over.abort(error ?? new Error('the broker closed the connection'));
    });
    return over;
  }
}

/** Rejects once the signal aborts, with its reason. */
function rejection(signal: AbortSignal): Promise<never> {
  const rejected = new Promise<never>((_resolve, reject) => {
    const fail = (): void => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
  rejected.catch(() => undefined);
  return rejected;
}

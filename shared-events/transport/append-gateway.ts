import {
  AccessDeniedError,
  type EventData,
  type EventStoreDBClient,
  InvalidArgumentError,
  MaxAppendSizeExceededError,
  StreamDeletedError,
  WrongExpectedVersionError,
  binaryEvent,
  jsonEvent,
} from '@eventstore/db-client';
import type { RecordedEvent } from '../contracts/envelope.js';
import type { LogSink } from './observability.js';
import { NoTurn, type TurnLimits, Turns } from './turns.js';
import { sleep, within } from './waiting.js';

/** `revision` and `position` are those of the last event of the append. */
export type AppendResult =
  | { readonly outcome: 'appended'; readonly revision: bigint; readonly position: bigint }
  | { readonly outcome: 'conflict' };

/**
 * The deadline passed, or the gateway was closed, and nobody can say whether the events are in the log. The same bytes
 * may be appended again.
 */
export class AppendOutcomeUnknown extends Error {
  override readonly name = 'AppendOutcomeUnknown';
}

/** The append did not get its turn. Nothing of it was sent, so nothing was written; it may be appended later. */
export class NotAppended extends Error {
  override readonly name = 'NotAppended';
}

/** An event as the gateway carries it. */
export interface AppendableEvent {
  readonly id: string;
  readonly type: string;
  /** Bytes, or what goes as JSON. */
  readonly data: Readonly<Record<string, unknown>> | Uint8Array;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** What the gateway uses of the driver. */
export type AppendingClient = Pick<EventStoreDBClient, 'appendToStream' | 'dispose'>;

/** One try may take this long before the client is replaced; the server is told a little less. */
const TRY_MS = 4_000;
const DEADLINE_MS = 15_000;
const BACKOFF_MS = [50, 100, 200, 400, 800];

/** What can be said for certain: nothing was written and the same append can never succeed. */
const DEFINITE = [AccessDeniedError, InvalidArgumentError, MaxAppendSizeExceededError, StreamDeletedError];

/** Whether the server will not take an append, or read a stream, however often it is asked: what stands there says so. */
export const isRefusedForGood = (error: unknown): boolean =>
  [InvalidArgumentError, MaxAppendSizeExceededError, StreamDeletedError].some(
    (kind) => error instanceof kind,
  );

/**
 * More than that wait here for their turn: behind a slow disk they would time out together, and each time-out costs
 * all of them their client. Those that wait are more than all that anybody has in hand while nothing is wrong.
 */
const TURNS: TurnLimits = { atOnce: 128, waiting: 4_096, waitMs: 10_000 };

/**
 * The process's only appending client.
 *
 * The driver keeps its pending appends in a map that all clients of the process share, and rejects all of them
 * when one stream fails; a reply that comes after that is an uncaught TypeError. So there is one appending
 * client at a time, every rejection means "outcome unknown", and a client is replaced only after its streams
 * have ended.
 */
export class AppendGateway {
  #client: AppendingClient | undefined;
  #replacement: Promise<void> = Promise.resolve();
  #closed = false;
  readonly #turns: Turns;

  /** @param connect opens a client that shares no connection with those it opened before */
  constructor(
    private readonly connect: () => AppendingClient,
    private readonly readForward: (
      stream: string,
      from: bigint,
      count: number,
    ) => AsyncIterable<RecordedEvent>,
    private readonly logger: LogSink,
    limits = TURNS,
  ) {
    this.#turns = new Turns(limits);
  }

  /**
   * Appends all events or none. Throws NotAppended where it gets no turn, AppendOutcomeUnknown after its deadline or
   * when it is closed, and the driver's error where the server refused for good (size, access, deleted stream).
   */
  async append(
    stream: string,
    expected: bigint | 'no_stream',
    events: readonly AppendableEvent[],
  ): Promise<AppendResult> {
    try {
      return await this.#turns.use(() => this.#untilKnown(stream, expected, events));
    } catch (error) {
      if (!(error instanceof NoTurn)) throw error;
      throw new NotAppended(`append to ${stream}: ${error.message}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#turns.close();
    await this.#client?.dispose();
  }

  async #untilKnown(
    stream: string,
    expected: bigint | 'no_stream',
    events: readonly AppendableEvent[],
  ): Promise<AppendResult> {
    // Encoded once: a retry must be the identical bytes.
    const encoded = events.map(encode);
    const deadline = Date.now() + DEADLINE_MS;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#try(stream, expected, encoded);
      } catch (error) {
        if (error instanceof WrongExpectedVersionError) {
          return attempt === 0 ? { outcome: 'conflict' } : await this.#fromLog(stream, expected, events);
        }
        if (DEFINITE.some((kind) => error instanceof kind)) throw error;
        if (this.#closed) {
          throw new AppendOutcomeUnknown(`append to ${stream}: closed before an answer`, { cause: error });
        }
        const pause = BACKOFF_MS[Math.min(attempt, BACKOFF_MS.length - 1)] ?? 0;
        if (Date.now() + pause >= deadline) {
          throw new AppendOutcomeUnknown(`append to ${stream}: no answer within ${DEADLINE_MS} ms`, {
            cause: error,
          });
        }
        this.logger.warn({ err: error, stream, attempt }, 'append: outcome unknown, trying again');
        await sleep(pause);
      }
    }
  }

  async #try(stream: string, expected: bigint | 'no_stream', events: EventData[]): Promise<AppendResult> {
    await within(TRY_MS, 'the end of the client before', this.#replacement);
    // Nobody would end a client that is opened now.
    if (this.#closed) throw new Error('the gateway is closed');
    const client = (this.#client ??= this.connect());
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        this.#replace(client);
        reject(new Error(`no answer within ${TRY_MS} ms`));
      }, TRY_MS);
    });
    try {
      const append = client.appendToStream(stream, events, {
        expectedRevision: expected,
        deadline: TRY_MS - 500,
      });
      const result = await Promise.race([append, tooLong]);
      return {
        outcome: 'appended',
        revision: result.nextExpectedRevision,
        position: result.position?.commit ?? 0n,
      };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the client's streams first: whatever they still owed is rejected before the next client appends. */
  #replace(client: AppendingClient): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#replacement = client.dispose().catch((error: unknown) => {
      this.logger.warn({ err: error }, 'append: the replaced client did not end cleanly');
    });
  }

  /** After a doubtful try a conflict may be our own earlier write: the log knows. */
  async #fromLog(
    stream: string,
    expected: bigint | 'no_stream',
    events: readonly AppendableEvent[],
  ): Promise<AppendResult> {
    const from = expected === 'no_stream' ? 0n : expected + 1n;
    let index = 0;
    let last: RecordedEvent | undefined;
    for await (const found of this.readForward(stream, from, events.length)) {
      if (found.id !== events[index]?.id) return { outcome: 'conflict' };
      last = found;
      index += 1;
    }
    if (!last || index < events.length) return { outcome: 'conflict' };
    return { outcome: 'appended', revision: last.revision, position: last.position };
  }
}

const encode = ({ data, ...event }: AppendableEvent): EventData =>
  data instanceof Uint8Array ? binaryEvent({ ...event, data }) : jsonEvent({ ...event, data });

import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Status } from '@eventstore/db-client/generated/status_pb.js';
import type { ExpectedRevision } from './append-rules.js';
import type { Appender, AppendOutcome } from './appender.js';
import {
  type Answered,
  type BatchAppendOptions,
  type BatchAppendRequest,
  encodeFailure,
  encodeSuccess,
  readBatchedEvent,
  readIdentifier,
} from './batch-append-wire.js';
import {
  badRequestStatus,
  maximumAppendSizeStatus,
  streamDeletedStatus,
  timeoutStatus,
  unknownStatus,
  wrongExpectedVersionStatus,
} from './batch-status.js';
import { internalError, invalidArgument, MAX_APPEND_SIZE } from './errors.js';
import { appendSize, type ProposedEvent } from './recorded-event.js';

/** Its answers are already encoded. */
type Call = ServerDuplexStream<BatchAppendRequest, Buffer>;

/** An append from its first message to its answer. */
interface OpenAppend {
  readonly correlationId: Buffer;
  readonly options: BatchAppendOptions;
  readonly events: ProposedEvent[];
  size: number;
  submitted: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** Node's timers cannot wait longer; a deadline beyond that is none. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;
/** So many answers may wait for a client that does not read them, before its requests wait too. */
const UNSENT_ANSWERS = 1024;
/** So much of what a client sent may wait for the disk, before the rest of it waits in the connection. */
const UNWRITTEN_BYTES = 16 * 1024 * 1024;
/** So much may be there of appends whose end has not come. */
const UNFINISHED_BYTES = 64 * 1024 * 1024;

/**
 * BatchAppend: one long call for all appends of a client. An append is one or more messages under one
 * correlation id, the first with the options, the last one marked as final; each append is answered
 * exactly once, in whatever order they finish. The deadline is in the options: the call itself has none.
 */
export function batchAppendHandler(appender: Appender) {
  return (call: Call): void => {
    new BatchAppendCall(call, appender).run();
  };
}

class BatchAppendCall {
  private readonly open = new Map<string, OpenAppend>();
  private unfinished = 0;
  private unwritten = 0;
  private ended = false;

  constructor(
    private readonly call: Call,
    private readonly appender: Appender,
  ) {}

  run(): void {
    this.call.on('data', (message: BatchAppendRequest) => this.receive(message));
    this.call.on('end', () => this.end());
    this.call.on('drain', () => this.keepPace());
    this.call.on('cancelled', () => this.forget());
    this.call.on('error', () => this.forget());
  }

  private receive(message: BatchAppendRequest): void {
    const { correlationId, options } = message;
    const append = this.open.get(keyOf(correlationId)) ?? this.begin(correlationId, options);
    if (append === undefined || append.submitted) return;
    try {
      this.collect(append, message);
    } catch (error) {
      this.fail(append, badRequestStatus(internalError(error).details));
    }
  }

  /** Undefined for a message without options whose append is not open: that one is answered already. */
  private begin(correlationId: Buffer, options: BatchAppendOptions | undefined): OpenAppend | undefined {
    if (options === undefined) return undefined;
    const append: OpenAppend = {
      correlationId,
      options,
      events: [],
      size: 0,
      submitted: false,
      timer: undefined,
    };
    this.open.set(keyOf(correlationId), append);
    const timeLeft = options.deadline - Date.now();
    if (timeLeft <= 0) this.fail(append, timeoutStatus());
    else if (timeLeft <= LONGEST_TIMEOUT)
      append.timer = setTimeout(() => this.fail(append, timeoutStatus()), timeLeft);
    return append;
  }

  private collect(append: OpenAppend, message: BatchAppendRequest): void {
    for (const batched of message.events) {
      const event = readBatchedEvent(batched);
      const size = appendSize(event);
      append.size += size;
      this.unfinished += size;
      append.events.push(event);
    }
    if (this.unfinished > UNFINISHED_BYTES) this.fail(append, badRequestStatus('too much is unfinished'));
    else if (append.size > MAX_APPEND_SIZE) this.fail(append, maximumAppendSizeStatus());
    else if (message.isFinal) this.submit(append);
  }

  private submit(append: OpenAppend): void {
    if (!this.isOpen(append)) return;
    const { options, events } = append;
    const stream = readIdentifier(options.streamIdentifier);
    const { expected } = options;
    if (expected === undefined) throw invalidArgument('the expected revision is not set');
    append.submitted = true;
    this.unfinished -= append.size;
    this.unwritten += append.size;
    this.keepPace();
    this.appender.submit({ kind: 'append', stream, expected, events }).then(
      (outcome) => this.settle(append, stream, expected, outcome),
      (error: unknown) => this.fail(append, unknownStatus(internalError(error).details)),
    );
  }

  private settle(
    append: OpenAppend,
    stream: string,
    expected: ExpectedRevision,
    outcome: AppendOutcome,
  ): void {
    switch (outcome.kind) {
      case 'done':
        this.answer(append, (answered) => encodeSuccess(answered, outcome));
        break;
      case 'wrong-revision':
        this.fail(append, wrongExpectedVersionStatus(expected, outcome.current));
        break;
      case 'deleted':
        this.fail(append, streamDeletedStatus(stream));
        break;
    }
  }

  private fail(append: OpenAppend, status: Status): void {
    this.answer(append, (answered) => encodeFailure(answered, status));
  }

  /** Does nothing when the append is answered already, as after its deadline. */
  private answer(append: OpenAppend, encode: (answered: Answered) => Buffer): void {
    if (!this.isOpen(append)) return;
    const { correlationId, options, timer } = append;
    clearTimeout(timer);
    this.open.delete(keyOf(correlationId));
    if (append.submitted) this.unwritten -= append.size;
    else this.unfinished -= append.size;
    this.call.write(encode({ correlationId, streamIdentifier: options.streamIdentifier }));
    this.keepPace();
    this.endWhenAnswered();
  }

  private isOpen(append: OpenAppend): boolean {
    return this.open.get(keyOf(append.correlationId)) === append;
  }

  private keepPace(): void {
    const isAhead = this.unwritten > UNWRITTEN_BYTES || this.call.writableLength > UNSENT_ANSWERS;
    if (isAhead) this.call.pause();
    else if (this.call.isPaused()) this.call.resume();
  }

  private end(): void {
    this.ended = true;
    for (const append of this.open.values())
      if (!append.submitted) this.fail(append, badRequestStatus('the call ended before the append did'));
    this.endWhenAnswered();
  }

  private endWhenAnswered(): void {
    if (this.ended && this.open.size === 0) this.call.end();
  }

  /** The client is gone: what was submitted is still written, but nobody is told. */
  private forget(): void {
    for (const append of this.open.values()) clearTimeout(append.timer);
    this.open.clear();
  }
}

function keyOf(correlationId: Buffer): string {
  return correlationId.toString('latin1');
}

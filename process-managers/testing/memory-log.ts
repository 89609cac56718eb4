import type { NewEvent, RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import { type StreamName, eventIdOf, processCommandId } from '@orders/shared-events/contracts/ids.js';
import type { AppendResult } from '@orders/shared-events/transport/append-gateway.js';
import { START } from './order-story.js';

/** A log for specs of what is driven by effects: appends at an expected revision, by the store's rules for repeats. */
export class MemoryLog {
  readonly streams = new Map<string, RecordedEvent[]>();
  appends = 0;
  reads = 0;
  /** Called before each append takes effect. */
  beforeAppend: () => void | Promise<void> = () => undefined;
  /** Called after it, before the answer: what it throws is what the caller sees. */
  beforeAnswer: () => void | Promise<void> = () => undefined;
  #position = 1_000n;

  async *read(stream: StreamName): AsyncIterable<RecordedEvent> {
    this.reads += 1;
    yield* await Promise.resolve([...(this.streams.get(stream) ?? [])]);
  }

  /** As `EventStore.readStream`. */
  async *readStream(stream: string, fromRevision = 0n): AsyncGenerator<RecordedEvent> {
    yield* await Promise.resolve((this.streams.get(stream) ?? []).slice(Number(fromRevision)));
  }

  async append(
    stream: StreamName,
    expected: bigint | 'no_stream',
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    this.appends += 1;
    await this.beforeAppend();
    const result = this.#append(stream, expected, events);
    await this.beforeAnswer();
    return result;
  }

  #append(stream: StreamName, expected: bigint | 'no_stream', events: readonly NewEvent[]): AppendResult {
    const recorded = this.streams.get(stream) ?? [];
    const from = expected === 'no_stream' ? 0 : Number(expected) + 1;
    const there = recorded.slice(from, from + events.length);
    if (there.length === 0 && from === recorded.length) return this.#write(stream, recorded, events);
    const repeated =
      there.length === events.length && there.every(({ id }, index) => id === events[index]?.id);
    const last = there.at(-1);
    return repeated && last
      ? { outcome: 'appended', revision: last.revision, position: last.position }
      : { outcome: 'conflict' };
  }

  #write(stream: StreamName, recorded: RecordedEvent[], events: readonly NewEvent[]): AppendResult {
    for (const { id, type, data, metadata } of events) {
      const revision = BigInt(recorded.length);
      recorded.push(asRecorded({ id, type, data, metadata, stream, revision, position: ++this.#position }));
    }
    this.streams.set(stream, recorded);
    return { outcome: 'appended', revision: BigInt(recorded.length) - 1n, position: this.#position };
  }
}

interface Parts {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: unknown;
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
}

const asRecorded = ({ stream, ...parts }: Parts): RecordedEvent => ({
  ...parts,
  streamId: stream,
  recordedAt: new Date(START),
});

/** An event of another aggregate as it comes from the log. */
export function fromLog(event: DomainEvent, position: bigint, metadata: object = {}): RecordedEvent {
  const commandId = processCommandId('orderProcess-spec', event.type, 'order-spec', Number(position));
  return asRecorded({
    id: eventIdOf(commandId, 0),
    type: event.type,
    data: event.data,
    stream: 'order-spec',
    revision: 0n,
    position,
    metadata: {
      $correlationId: 'correlation-1',
      $causationId: 'cause-1',
      commandId,
      actor: { kind: 'customer', subject: 'customer-1' },
      occurredAt: START,
      schemaVersion: 1,
      ...metadata,
    },
  });
}

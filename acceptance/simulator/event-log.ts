import type { AppendExpectedRevision } from '@eventstore/db-client';
import type { AppendableEvent } from '@orders/shared-events/transport/append-gateway.js';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { categoryOf } from '@orders/shared-events/contracts/ids.js';

export type Appended =
  { readonly revision: bigint; readonly position: bigint } | { readonly conflict: bigint | 'no_stream' };

/** Positions rise with gaps, as they do in the store. */
const GAP = 100n;

/**
 * The log, by the event store's rules: all events of an append or none, at the expected revision. Where that lies
 * behind the head, an append whose ids are those that follow it is a repeat and succeeds; its data is not looked at.
 */
export class EventLog {
  /** Of the domain: all that is ever followed. */
  readonly events: RecordedEvent[] = [];
  #written = 0;
  readonly #streams = new Map<string, RecordedEvent[]>();

  /** @param onAppend told of what was written, after it was */
  constructor(
    private readonly now: () => number,
    private readonly onAppend: (stream: string, events: readonly RecordedEvent[]) => void,
  ) {}

  /** Position of the last event of streams that begin so; `atLeast` where there is none behind that. */
  headOf(prefixes: readonly string[], atLeast: bigint): bigint {
    const isMeant = ({ streamId }: RecordedEvent) => prefixes.some((prefix) => streamId.startsWith(prefix));
    const position = this.events.findLast(isMeant)?.position ?? atLeast;
    return position > atLeast ? position : atLeast;
  }

  /** Of what was written last. */
  get position(): bigint {
    return BigInt(this.#written) * GAP;
  }

  stream(name: string): readonly RecordedEvent[] {
    return this.#streams.get(name) ?? [];
  }

  append(name: string, expected: AppendExpectedRevision, events: readonly AppendableEvent[]): Appended {
    const stream = this.#streams.get(name) ?? [];
    const head = stream.at(-1)?.revision ?? 'no_stream';
    if (expected === 'any') return repeatAnywhere(stream, events) ?? this.#write(name, stream, events);
    if (expected === head) return this.#write(name, stream, events);
    if (expected === 'stream_exists') throw new Error('nothing expects this');
    const from = expected === 'no_stream' ? 0 : Number(expected) + 1;
    return repeated(stream.slice(from, from + events.length), events) ?? { conflict: head };
  }

  /** The index of the first event behind a position. */
  indexAfter(position: bigint | undefined): number {
    if (position === undefined) return 0;
    let [low, high] = [0, this.events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.events[middle]?.position ?? 0n) <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #write(name: string, stream: RecordedEvent[], events: readonly AppendableEvent[]): Appended {
    const recordedAt = new Date(this.now());
    const written = events.map((event, index): RecordedEvent => {
      return {
        data: asStored(event.data),
        metadata: asStored(event.metadata),
        id: event.id,
        type: event.type,
        streamId: name,
        revision: BigInt(stream.length + index),
        position: BigInt(this.#written + index + 1) * GAP,
        recordedAt,
      };
    });
    this.#streams.set(name, stream);
    stream.push(...written);
    this.#written += written.length;
    if (categoryOf(name) !== undefined) this.events.push(...written);
    this.onAppend(name, written);
    return placeOf(written);
  }
}

/** What comes of a value that is written as JSON and read again. */
function asStored(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => (item === undefined ? null : asStored(item)));
  if (isScalar(value)) return value;
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype)
    throw new TypeError('only what is JSON is appended');
  const copy: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(value)) if (part !== undefined) copy[name] = asStored(part);
  return copy;
}

const isScalar = (value: unknown): value is string | number | boolean | null | undefined =>
  value === null || value === undefined || ['string', 'number', 'boolean'].includes(typeof value);

const placeOf = (events: readonly RecordedEvent[]): { revision: bigint; position: bigint } => {
  const last = events.at(-1);
  if (!last) throw new Error('an append of nothing');
  return { revision: last.revision, position: last.position };
};

function repeated(there: readonly RecordedEvent[], events: readonly AppendableEvent[]): Appended | undefined {
  const isSame = there.length === events.length && there.every(({ id }, index) => id === events[index]?.id);
  return isSame ? placeOf(there) : undefined;
}

/** Where no revision is expected, ids that the stream holds make a repeat. */
function repeatAnywhere(
  stream: readonly RecordedEvent[],
  events: readonly AppendableEvent[],
): Appended | undefined {
  const first = stream.findIndex(({ id }) => id === events[0]?.id);
  return first < 0 ? undefined : repeated(stream.slice(first, first + events.length), events);
}

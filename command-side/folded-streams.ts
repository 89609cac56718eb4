import { type Decoded, type DomainEvent, decode } from '@orders/shared-events/contracts/catalogue.js';
import type { Occurred, RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import type { StreamName } from '@orders/shared-events/contracts/ids.js';
import type { Folded } from './batch.js';
import type { Decider } from './decision.js';
import type { Effects } from './effects.js';
import { BoundedCache } from '@orders/shared-events/transport/bounded-cache.js';

const CACHED_STREAMS = 10_000;

/** The streams of one aggregate as states; those used last are kept, so that only what is new has to be read. */
export class FoldedStreams<State, Event extends DomainEvent> {
  readonly #cache = new BoundedCache<StreamName, Folded<State>>(CACHED_STREAMS);
  readonly #loads = new Map<StreamName, Promise<Folded<State>>>();

  constructor(
    private readonly decider: Pick<
      Decider<State, never, Event, unknown>,
      'initialState' | 'evolve' | 'events'
    >,
    private readonly effects: Pick<Effects, 'read' | 'now'>,
  ) {}

  /** What is known without a read. */
  known(stream: StreamName): Folded<State> | undefined {
    return this.#cache.get(stream);
  }

  /** A stream of which nothing is known, or which does not exist. */
  nothing(): Folded<State> {
    return { state: this.decider.initialState, revision: undefined, position: 0n, readAt: 0 };
  }

  /** The stream, read forward now, or as it was at most `maxAgeMs` ago. Reads that coincide are one. */
  async load(stream: StreamName, maxAgeMs: number): Promise<Folded<State>> {
    const known = this.known(stream);
    if (known && this.effects.now().getTime() - known.readAt < maxAgeMs) return known;
    const underWay = this.#loads.get(stream);
    // A read that began before this call may have missed what the caller must see.
    if (underWay && maxAgeMs > 0) return underWay;
    const load = this.readForward(stream, known).finally(() => this.#loads.delete(stream));
    this.#loads.set(stream, load);
    return load;
  }

  /** Folds what was appended since; throws what reading the log throws, or where it cannot be decoded. */
  async readForward(stream: StreamName, from = this.nothing()): Promise<Folded<State>> {
    const readAt = this.effects.now().getTime();
    let { state, revision, position } = from;
    const next = revision === undefined ? 0n : revision + 1n;
    for await (const recorded of this.effects.read(stream, next)) {
      state = this.decider.evolve(state, this.#occurred(recorded));
      ({ revision, position } = recorded);
    }
    return this.keep(stream, { state, revision, position, readAt });
  }

  /** A state is replaced by a newer one only; that a stream does not exist is not worth a place. */
  keep(stream: StreamName, folded: Folded<State>): Folded<State> {
    const known = this.#cache.get(stream);
    if (folded.revision !== undefined && folded.revision >= (known?.revision ?? 0n)) {
      this.#cache.set(stream, folded);
    }
    return folded;
  }

  /** Throws UnknownEventType, UnknownVersion or ZodError where something newer wrote the stream, or damaged it. */
  #occurred(recorded: RecordedEvent): Occurred<Event> {
    const decoded = decode(recorded);
    if (this.#isOwn(decoded)) return decoded;
    throw new Error(`${recorded.streamId} holds a ${recorded.type}, which is no event of its aggregate`);
  }

  #isOwn(event: Decoded): event is Decoded & Event {
    return Object.hasOwn(this.decider.events, event.type);
  }
}

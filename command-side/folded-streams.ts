import { type Decoded, type DomainEvent, decode } from '@orders/shared-events/contracts/catalogue.js';
import type { Occurred, RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import type { StreamName } from '@orders/shared-events/contracts/ids.js';
import type { Folded, Recorded } from './batch.js';
import type { Decider } from './decision.js';
import type { Effects } from './effects.js';
import { BoundedCache } from '@orders/shared-events/transport/bounded-cache.js';
import { versionsOf } from './snapshot.js';
import { Snapshots } from './snapshots.js';

const CACHED_STREAMS = 10_000;
/** So many events are folded before a snapshot is asked for: asking takes as long. */
const READ_FIRST = 50;

/**
 * The streams of one aggregate as states; those used last are kept, so that only what is new has to be read. One
 * that is not known is folded from its beginning, or, where that turns out to be far, from its newest snapshot.
 */
export class FoldedStreams<State, Event extends DomainEvent> {
  readonly #cache = new BoundedCache<StreamName, Folded<State>>(CACHED_STREAMS);
  readonly #loads = new Map<
    StreamName,
    { readonly since: number; readonly folded: Promise<Folded<State>> }
  >();
  readonly #snapshots: Snapshots<State> | undefined;

  constructor(
    private readonly decider: Pick<
      Decider<State, never, Event, unknown>,
      'initialState' | 'evolve' | 'events' | 'snapshot'
    >,
    private readonly effects: Pick<Effects, 'read' | 'now' | 'sleep' | 'snapshots'>,
  ) {
    const { snapshot, events } = decider;
    if (!snapshot || !effects.snapshots) return;
    this.#snapshots = new Snapshots(snapshot, versionsOf(events), effects.snapshots, effects);
  }

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
    const now = this.effects.now().getTime();
    if (known && isYounger(now - known.readAt, maxAgeMs)) return known;
    const underWay = this.#loads.get(stream);
    // What has been recorded since a read began may be missing in it.
    if (underWay && isYounger(now - underWay.since, maxAgeMs)) return underWay.folded;
    const folded = this.readForward(stream, known).finally(() => {
      if (this.#loads.get(stream)?.folded === folded) this.#loads.delete(stream);
    });
    this.#loads.set(stream, { since: now, folded });
    return folded;
  }

  /** Folds what was appended since; throws what reading the log throws, or where it cannot be decoded. */
  async readForward(stream: StreamName, from = this.nothing()): Promise<Folded<State>> {
    const readAt = this.effects.now().getTime();
    const isKnown = from.revision !== undefined;
    const folded = { ...(await (isKnown ? this.#goOn(stream, from) : this.#begin(stream))), readAt };
    if (!isKnown) this.#snapshots?.offer(stream, folded);
    return this.#keep(stream, folded);
  }

  /** Takes over what this process has appended. */
  appended(stream: StreamName, folded: Folded<State> & { readonly revision: bigint }): void {
    this.#keep(stream, folded);
    this.#snapshots?.consider(stream, folded.revision, async () => {
      const last = await this.#snapshots?.last(stream);
      return (await this.#resume(stream, last)) ?? this.#goOn(stream, this.nothing());
    });
  }

  /** A short stream costs what it would cost without snapshots. */
  async #begin(stream: StreamName): Promise<Folded<State>> {
    if (!this.#snapshots) return this.#goOn(stream, this.nothing());
    const first = await this.#fold(this.nothing(), this.effects.read(stream, 0n, READ_FIRST));
    if (first.revision === undefined || first.revision + 1n < READ_FIRST) return first;
    const snapshot = await this.#snapshots
      .load(stream)
      .catch((error: unknown) => this.#snapshots?.pass(stream, error));
    return (await this.#resume(stream, snapshot)) ?? this.#goOn(stream, first);
  }

  /** Undefined where it is of another history: it ends with an event that the log does not hold. */
  async #resume(
    stream: StreamName,
    snapshot: Recorded<State> | undefined,
  ): Promise<Folded<State> | undefined> {
    if (!snapshot) return undefined;
    let folded: Folded<State> | undefined;
    for await (const recorded of this.effects.read(stream, snapshot.revision)) {
      if (folded) folded = this.#evolve(folded, recorded);
      else if (isLastOf(snapshot, recorded)) folded = snapshot;
      else break;
    }
    if (!folded) this.#snapshots?.pass(stream, new Error(`its last event is not at ${snapshot.revision}`));
    return folded;
  }

  #goOn(stream: StreamName, from: Folded<State>): Promise<Folded<State>> {
    const next = from.revision === undefined ? 0n : from.revision + 1n;
    return this.#fold(from, this.effects.read(stream, next));
  }

  async #fold(from: Folded<State>, events: AsyncIterable<RecordedEvent>): Promise<Folded<State>> {
    let folded = from;
    for await (const recorded of events) folded = this.#evolve(folded, recorded);
    return folded;
  }

  #evolve({ state, readAt }: Folded<State>, recorded: RecordedEvent): Folded<State> {
    const { revision, position, id: eventId } = recorded;
    return {
      state: this.decider.evolve(state, this.#occurred(recorded)),
      revision,
      position,
      eventId,
      readAt,
    };
  }

  /** A state is replaced by a newer one only; that a stream does not exist is not worth a place. */
  #keep(stream: StreamName, folded: Folded<State>): Folded<State> {
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

/** Of a clock that was put back nothing is known. */
const isYounger = (ageMs: number, maxAgeMs: number): boolean => ageMs >= 0 && ageMs < maxAgeMs;

/** Asked of the event at the snapshot's revision. */
const isLastOf = (snapshot: Recorded<unknown>, { id, position }: RecordedEvent): boolean =>
  id === snapshot.eventId && position === snapshot.position;

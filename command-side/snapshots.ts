import type { StreamName } from '@orders/shared-events/contracts/ids.js';
import { BoundedCache } from '@orders/shared-events/transport/bounded-cache.js';
import { z } from 'zod';
import type { Recorded, Folded } from './batch.js';
import type { SnapshotFormat } from './decision.js';
import type { Effects } from './effects.js';
import { type Kept, type Place, type SnapshotEffects, SnapshotHeader } from './snapshot.js';

/** So many events at least lie between two snapshots: folding them takes as long as the rest of a cold decision. */
export const EVENTS_BETWEEN = 200;
/** What an event takes in the store: what lies between two snapshots weighs no less than a snapshot does. */
const BYTES_PER_EVENT = 540;
const REMEMBERED_STREAMS = 10_000;
/** Of the streams that move most, the state in the last snapshot is kept: it need not be read and decoded again. */
const REMEMBERED_STATES = 8;
const REMEMBERED_COMPLAINTS = 1_000;

/** What is known of a stream's newest snapshot. Of most streams there is none, and nothing is remembered. */
interface Known {
  /** Where it lies; undefined where there is none. */
  readonly at: bigint | undefined;
  /** Revision of the last event in it; -1 where it cannot be used. */
  readonly revision: bigint;
  /** The revision at which the next one is due. */
  readonly dueAt: bigint;
}

const NONE: Known = { at: undefined, revision: -1n, dueAt: BigInt(EVENTS_BETWEEN) - 1n };

/**
 * The states of one aggregate that are kept beside the log. The log is the truth: a snapshot that cannot be used is
 * passed over, one that cannot be written is missed, and either costs time only.
 *
 * A snapshot is made of what the log holds, never of what this process has decided: the store may have taken an
 * append for the repeat of another process's. What that makes wrong in a cache ends with the process; in a snapshot
 * it would stay.
 */
export class Snapshots<State> {
  readonly #known = new BoundedCache<StreamName, Known>(REMEMBERED_STREAMS);
  /** States that share nothing with those that decisions are taken on: two that grew apart from one would cost more and more. */
  readonly #last = new BoundedCache<StreamName, Recorded<State>>(REMEMBERED_STATES);
  readonly #told = new BoundedCache<string, true>(REMEMBERED_COMPLAINTS);
  #isWriting = false;

  constructor(
    private readonly format: SnapshotFormat<State>,
    /** Of the events as they are folded here: see versionsOf. */
    private readonly events: string,
    private readonly snapshots: SnapshotEffects,
    private readonly effects: Pick<Effects, 'now' | 'sleep'>,
  ) {}

  /**
   * The newest snapshot as far as it can be told without the stream; undefined where none can be used. Throws what
   * reading it throws.
   */
  async load(stream: StreamName): Promise<Recorded<State> | undefined> {
    this.#known.delete(stream);
    const kept = await this.snapshots.read(stream, this.format.version);
    if (!kept) return undefined;
    this.#known.set(stream, { ...NONE, at: kept.at });
    try {
      return this.#decoded(stream, kept);
    } catch (error) {
      return this.pass(stream, error);
    }
  }

  /** Passes a snapshot over; the next one takes its place. */
  pass(stream: StreamName, reason: unknown): undefined {
    const { at } = this.#knownOf(stream);
    if (at !== undefined) this.#known.set(stream, { ...NONE, at });
    this.#tellOnce(stream, 'snapshot: not used, the stream is folded from its beginning', reason);
  }

  /** The last one that was written here, or the newest that there is; as `load` otherwise. */
  async last(stream: StreamName): Promise<Recorded<State> | undefined> {
    return this.#last.get(stream) ?? this.load(stream);
  }

  /** Writes a snapshot of a state as the log has it, in the background, where one is due. */
  offer(stream: StreamName, folded: Folded<State>): void {
    if (folded.revision === undefined) return;
    this.#inBackground(stream, folded.revision, async () => {
      await this.#put(stream, folded);
    });
  }

  /**
   * The same of a state that is folded first, and only where one is due.
   * @param revision of the last event that was appended
   * @param fold gives the state as the log has it, which nobody else uses
   */
  consider(stream: StreamName, revision: bigint, fold: () => Promise<Folded<State>>): void {
    this.#inBackground(stream, revision, async () => {
      const folded = await fold();
      const isWritten = await this.#put(stream, folded);
      if (isWritten && isRecorded(folded)) this.#last.set(stream, folded);
      else this.#last.delete(stream);
    });
  }

  #decoded(stream: StreamName, kept: Kept): Recorded<State> {
    const { revision, position, eventId, ...of } = SnapshotHeader.parse(kept.header);
    if (of.stream !== stream || of.version !== this.format.version || of.events !== this.events) {
      throw new Error(`it is of ${of.stream}, version ${of.version}, folded of ${of.events}`);
    }
    const state = this.format.decode.parse(kept.state);
    this.#keep(stream, revision, kept);
    return { state, revision, position, eventId, readAt: this.effects.now().getTime() };
  }

  /** One at a time. Who waits for an answer gets it first. */
  #inBackground(stream: StreamName, revision: bigint, write: () => Promise<void>): void {
    if (this.#isWriting || revision < this.#knownOf(stream).dueAt) return;
    this.#isWriting = true;
    void this.effects
      .sleep(0)
      .then(write)
      .catch((error: unknown) => {
        this.#postpone(stream, revision);
        this.#tellOnce(stream, 'snapshot: not written', error);
      })
      .finally(() => {
        this.#isWriting = false;
      });
  }

  /** Whether it was written. */
  async #put(stream: StreamName, folded: Folded<State>): Promise<boolean> {
    const known = this.#knownOf(stream);
    if (!isRecorded(folded) || folded.revision < known.dueAt) return false; // another process was faster
    const { revision, position, eventId } = folded;
    const { version } = this.format;
    const header = z.encode(SnapshotHeader, {
      stream,
      version,
      events: this.events,
      revision,
      position,
      eventId,
    });
    const state = this.format.encode(folded.state);
    const place = await this.snapshots.write(stream, version, { header, state }, known.at);
    if (place) this.#keep(stream, revision, place);
    else this.#known.set(stream, { ...known, dueAt: revision + BigInt(EVENTS_BETWEEN) });
    return place !== undefined;
  }

  #keep(stream: StreamName, revision: bigint, { at, bytes }: Place): void {
    const between = Math.max(EVENTS_BETWEEN, Math.ceil(bytes / BYTES_PER_EVENT));
    this.#known.set(stream, { at, revision, dueAt: revision + BigInt(between) });
  }

  /** What was folded in vain is folded again once there are twice as many events. */
  #postpone(stream: StreamName, revision: bigint): void {
    const known = this.#knownOf(stream);
    this.#known.set(stream, { ...known, dueAt: revision + (revision - known.revision) });
  }

  #knownOf(stream: StreamName): Known {
    return this.#known.get(stream) ?? NONE;
  }

  #tellOnce(stream: StreamName, message: string, reason: unknown): void {
    const complaint = `${stream}: ${message}`;
    if (this.#told.get(complaint)) return;
    this.#told.set(complaint, true);
    this.snapshots.tell(stream, message, reason);
  }
}

const isRecorded = <State>(folded: Folded<State>): folded is Recorded<State> =>
  folded.revision !== undefined && folded.eventId !== undefined;

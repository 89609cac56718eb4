import type { StreamName } from '@orders/shared-events/contracts/ids.js';
import type { Versioned } from '@orders/shared-events/contracts/versions.js';
import { z } from 'zod';

/** A revision or a position: in JSON an unsigned integer in decimal. */
const Counter = z.codec(z.string().regex(/^\d{1,20}$/), z.bigint(), { decode: BigInt, encode: String });

/** What a snapshot says of itself. */
export const SnapshotHeader = z.object({
  stream: z.string(),
  /** Of the state's format: see SnapshotFormat. */
  version: z.int(),
  /** See versionsOf. */
  events: z.string(),
  /** Of the last event that was folded: where the stream does not hold it, the snapshot is of another history. */
  revision: Counter,
  position: Counter,
  eventId: z.string(),
});
export type SnapshotHeader = z.infer<typeof SnapshotHeader>;

/** A snapshot in JSON, in two parts: what it says of itself, and the state. */
export interface Snapshot {
  readonly header: Readonly<Record<string, unknown>>;
  readonly state: object;
}

/** Where the newest snapshot lies, by which a newer one takes its place, and what it takes there in bytes. */
export interface Place {
  readonly at: bigint;
  readonly bytes: number;
}

/** What is found there: a snapshot, or what has become of one. */
export interface Kept extends Place {
  readonly header: unknown;
  readonly state: unknown;
}

/** More than the store takes in one append. */
export class SnapshotTooLarge extends Error {
  override readonly name = 'SnapshotTooLarge';
}

/** What keeping snapshots does to the world. */
export interface SnapshotEffects {
  /** The newest one of that version; undefined where there is none. Throws what reading throws. */
  read(stream: StreamName, version: number): Promise<Kept | undefined>;
  /**
   * Puts a snapshot in the place of the one at `replaced`, or where there is none; undefined, and nothing written,
   * where another has been put there meanwhile. Throws SnapshotTooLarge, or what appending throws.
   */
  write(
    stream: StreamName,
    version: number,
    snapshot: Snapshot,
    replaced: bigint | undefined,
  ): Promise<Place | undefined>;
  /** For the log: what has become of a stream's snapshot, and why. */
  tell(stream: StreamName, message: string, reason: unknown): void;
}

/** The event types with the versions that they are read as: another build may fold the same events otherwise. */
export const versionsOf = (events: Readonly<Record<string, Versioned<unknown>>>): string =>
  Object.entries(events)
    .map(([type, { version }]) => `${type}.${version}`)
    .toSorted()
    .join(' ');

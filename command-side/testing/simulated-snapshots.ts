import type { StreamName } from '@orders/shared-events/contracts/ids.js';
import type { Kept, Place, Snapshot, SnapshotEffects } from '../snapshot.js';

/**
 * Snapshots that are kept as JSON. A spec changes what is kept, says what a snapshot takes, and makes things happen
 * just before one is read or written.
 */
export class SimulatedSnapshots implements SnapshotEffects {
  readonly kept = new Map<string, Kept>();
  readonly told: string[] = [];
  reads = 0;
  writes = 0;
  bytes = 1_000;
  beforeRead: () => void = () => undefined;
  beforeWrite: () => void | Promise<void> = () => undefined;

  async read(stream: StreamName, version: number): Promise<Kept | undefined> {
    this.reads += 1;
    await Promise.resolve();
    this.beforeRead();
    return this.kept.get(`${stream} ${version}`);
  }

  async write(
    stream: StreamName,
    version: number,
    snapshot: Snapshot,
    replaced: bigint | undefined,
  ): Promise<Place | undefined> {
    this.writes += 1;
    await this.beforeWrite();
    const place = `${stream} ${version}`;
    if (this.kept.get(place)?.at !== replaced) return undefined;
    const { header, state } = JSON.parse(JSON.stringify(snapshot)) as Snapshot;
    const kept = { at: (replaced ?? -1n) + 1n, bytes: this.bytes, header, state };
    this.kept.set(place, kept);
    return kept;
  }

  tell(stream: StreamName, message: string): void {
    this.told.push(`${stream}: ${message}`);
  }
}

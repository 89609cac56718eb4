import type { ProcessesTable } from './processes.table.js';

/**
 * Since when everything outstanding of a partition has been sent again, after others could not be asked or heard, or
 * the partition was gained. Times are of the monotonic clock, in milliseconds.
 */
export class AskedAnew {
  /** Infinity where it was brought forward, and is not all sent yet. */
  readonly #since = new Map<number, number>();

  constructor(private readonly table: Pick<ProcessesTable, 'bringForward'>) {}

  /** Others cannot be asked, or not heard: what is outstanding now is to be sent again later. */
  forget(): void {
    this.#since.clear();
  }

  /** Lets the turn come of everything outstanding in the partitions that are new here, or were forgotten. */
  async bringForward(partitions: readonly number[]): Promise<void> {
    for (const gone of [...this.#since.keys()].filter((known) => !partitions.includes(known)))
      this.#since.delete(gone);
    const others = partitions.filter((partition) => !this.#since.has(partition));
    if (others.length === 0) return;
    await this.table.bringForward(others);
    for (const partition of others) this.#since.set(partition, Infinity);
  }

  /** Nothing is left whose turn has come. */
  sentAll(now: number): void {
    for (const [partition, since] of this.#since) this.#since.set(partition, Math.min(since, now));
  }

  /** Whether whoever was asked has had so long to answer. */
  hasBeenFor(partition: number, ms: number, now: number): boolean {
    return now - (this.#since.get(partition) ?? Infinity) >= ms;
  }
}
